"""Where tensors lie in files: headers are read here, and bytes only when one tensor is asked for.

Both formats come down to the same thing, a range of bytes in a file. Bytes are read into fresh,
aligned memory and not mapped: what is mapped stays in a process's resident memory after use, and
an operator may round differently on memory that is aligned differently.
"""

from __future__ import annotations

import json
import math
import os
import sys
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from neuron_census.checkpoint.conversion import convert
from neuron_census.errors import CensusError

DTYPES = {"F16": torch.float16, "BF16": torch.bfloat16, "F32": torch.float32, "F64": torch.float64}
# Elements that are read at a time where they are converted: they stay in the cache meanwhile.
PIECE = 1 << 20
DAMAGED = "The file is damaged or was not downloaded whole: download it again."


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """One tensor in a file: `offset` in bytes of its first element, `stride` in elements."""

    name: str
    file: Path
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: torch.dtype

    @property
    def elements(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Bytes of the elements."""
        return self.elements * self.dtype.itemsize

    @property
    def span(self) -> int:
        """Elements from the first to the last in the file, both included."""
        if self.elements == 0:
            return 0
        return 1 + sum(
            (size - 1) * step for size, step in zip(self.shape, self.stride, strict=True)
        )

    @property
    def contiguous(self) -> bool:
        """Whether the file has the elements in order and without gaps."""
        return self.stride == row_major(self.shape)

    def read(self, into: Tensor | None = None) -> Tensor:
        """Read the tensor into fresh memory, or into memory that is given (pinned, for example).

        Parameters
        ----------
        into
            a contiguous CPU tensor of this shape and dtype, overwritten and returned

        Raises CensusError where the file ends too early.
        """
        if self.contiguous:
            target = torch.empty(self.shape, dtype=self.dtype) if into is None else into
            read_bytes(self.file, self.offset, target)
            return target
        # A view of a larger storage (a transpose, say): read what it spans, then put it in order.
        flat = torch.empty(self.span, dtype=self.dtype)
        read_bytes(self.file, self.offset, flat)
        view = flat.as_strided(self.shape, self.stride)
        return view.contiguous() if into is None else into.copy_(view)

    def read_as(self, into: Tensor) -> Tensor:
        """Read the tensor into memory of any type and device, which is overwritten and returned.

        Parameters
        ----------
        into
            a contiguous tensor of this shape

        Raises CensusError where the file ends too early.
        """
        if into.dtype == self.dtype and into.device.type == "cpu":
            return self.read(into)
        if not self.contiguous:
            return into.copy_(self.read())
        # Piece by piece: a whole tensor of another type would take its memory once more.
        target = into.view(-1)
        piece = torch.empty(min(PIECE, self.elements), dtype=self.dtype)
        for start in range(0, self.elements, PIECE):
            part = piece[: self.elements - start]
            read_bytes(self.file, self.offset + start * self.dtype.itemsize, part)
            convert(part, target[start : start + len(part)])
        return into


def row_major(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the strides, in elements, of a tensor whose elements lie in order."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def read_bytes(file: Path, offset: int, target: Tensor) -> None:
    """Fill a contiguous CPU tensor from `offset` bytes on; CensusError where the file ends."""
    memory = bytes_of(target)
    descriptor = os.open(file, os.O_RDONLY)
    try:
        read_range(descriptor, offset, memory, file)
    finally:
        os.close(descriptor)


def bytes_of(tensor: Tensor) -> memoryview:
    """Return the memory of a contiguous CPU tensor as bytes."""
    memory: memoryview = tensor.view(-1).view(torch.uint8).numpy().data
    return memory


def read_range(descriptor: int, offset: int, memory: memoryview, file: Path) -> None:
    """Fill `memory` from `offset` bytes on; CensusError where the file ends early."""
    filled = 0
    while filled < len(memory):
        # Some systems refuse to read 2 GiB and more at once.
        piece = memory[filled : filled + (1 << 30)]
        count = os.preadv(descriptor, [piece], offset + filled)
        if count == 0:
            raise CensusError(
                f"{file}: ends {len(memory) - filled:,} bytes before the end of a tensor. {DAMAGED}"
            )
        filled += count


def read_header(file: Path) -> dict[str, StoredTensor]:
    """List the tensors of a file of weights without reading any of their bytes.

    Parameters
    ----------
    file
        `.safetensors` or `.bin`

    Raises CensusError for a file that is truncated, damaged or not of its format.
    """
    stored = safetensors_header(file) if file.suffix == ".safetensors" else bin_header(file)
    size = file.stat().st_size
    for tensor in stored.values():
        if tensor.offset + tensor.span * tensor.dtype.itemsize > size:
            raise CensusError(f"{file}: ends before the tensor '{tensor.name}' does. {DAMAGED}")
    return stored


def safetensors_header(file: Path) -> dict[str, StoredTensor]:
    """List the tensors of a `.safetensors` file."""
    try:
        # The library checks the header against the length of the file; it does not give the
        # offsets, so we read them.
        with safe_open(file, framework="pt") as handle:
            names = list(handle.keys())
    except (SafetensorError, OSError) as error:
        raise CensusError(f"{file}: not a whole safetensors file ({error}). {DAMAGED}") from error
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        header = json.loads(stream.read(length))
    stored = {}
    for name in names:
        entry = header[name]
        shape = tuple(entry["shape"])
        stored[name] = StoredTensor(
            name=name,
            file=file,
            offset=8 + length + entry["data_offsets"][0],
            shape=shape,
            stride=row_major(shape),
            # An integer type where weights are quantised: validation refuses it by name.
            dtype=DTYPES.get(entry["dtype"], torch.int8),
        )
    return stored


def bin_header(file: Path) -> dict[str, StoredTensor]:
    """List the tensors of a `.bin` file: its pickle is read (`weights_only`), its storages not."""
    require_zip(file)
    try:
        # On the meta device torch notes where each storage lies in the file and reads none of them.
        content = torch.load(file, map_location="meta", weights_only=True)
    # A damaged pickle makes the unpickler fail in any way at all.
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CensusError(
            f"{file}: cannot be read as PyTorch weights ({reason}). Expected a state dict of plain "
            "tensors as `torch.save` writes it; anything else in it is refused for safety. "
            f"{DAMAGED}"
        ) from error
    if not isinstance(content, dict):
        raise CensusError(
            f"{file}: holds a {type(content).__name__}, expected a dictionary from names to "
            "tensors. Save the model's `state_dict()` there."
        )
    stored = {}
    for name, tensor in content.items():
        if isinstance(name, str) and isinstance(tensor, Tensor):
            require_plain(file, name, tensor)
            start = tensor.untyped_storage()._checkpoint_offset
            if start is None:
                raise CensusError(
                    f"{file}: PyTorch does not say where the tensor '{name}' lies in the file. "
                    f"{DAMAGED}"
                )
            stored[name] = StoredTensor(
                name=name,
                file=file,
                offset=start + int(tensor.storage_offset()) * tensor.dtype.itemsize,
                shape=tuple(tensor.shape),
                stride=row_major(tuple(tensor.shape))
                if tensor.is_contiguous()
                else tensor.stride(),
                dtype=tensor.dtype,
            )
    return stored


def require_plain(file: Path, name: str, tensor: Tensor) -> None:
    """Refuse a tensor whose elements are not what lies in the file: sparse, negated or conjugated."""
    if tensor.layout is not torch.strided:
        odd, remedy = f"sparse ({str(tensor.layout).removeprefix('torch.')})", "to_dense()"
    elif tensor.is_neg():
        odd, remedy = (
            "a negative view, whose elements lie in the file with the other sign",
            "resolve_neg()",
        )
    elif tensor.is_conj():
        odd, remedy = "a conjugate view", "resolve_conj()"
    else:
        return
    raise CensusError(
        f"{file}: the tensor '{name}' is {odd}. Expected a plain one: load the file with `torch.load`, "
        f"call `{remedy}` on that tensor, and save the file again."
    )


def require_zip(file: Path) -> None:
    """Refuse a `.bin` file of the old format, cut short, or of another byte order."""
    with file.open("rb") as stream:
        start = stream.read(4)
    if start != b"PK\x03\x04":
        raise CensusError(
            f"{file}: not in PyTorch's zip format (it starts with {start!r}), so that its tensors "
            "cannot be read one at a time. If it was saved by a PyTorch before 1.6, load it with "
            "`torch.load` and save it again; otherwise it is damaged: download it again."
        )
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.namelist()
            orders = [
                archive.open(name).read(16) for name in members if name.endswith("/byteorder")
            ]
    # Neither does the module promise which errors a damaged archive leads to.
    except Exception as error:
        raise CensusError(f"{file}: not a whole PyTorch file ({error}). {DAMAGED}") from error
    if twice := [name for name, count in Counter(members).items() if count > 1]:
        raise CensusError(f"{file}: holds '{twice[0]}' twice, and one would be lost. {DAMAGED}")
    for order in orders:
        if order.decode("ascii", "replace") != sys.byteorder:
            raise CensusError(
                f"{file}: saved on a machine whose byte order is {order!r}, this one's is "
                f"{sys.byteorder}. Load it there and save it again as safetensors."
            )

"""A plan as a person reads it, and as it is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch

from neuron_census.errors import CensusError
from neuron_census.progress import duration
from neuron_census.record.planning.plan import COMPRESSED_BITS, NO_LIMIT, Plan, Request, make_plan


def describe(plan: Plan, *, rate: float, held: int, how: str = "measured") -> str:
    """Return the plan in a few lines.

    Parameters
    ----------
    plan
        how a shard is recorded
    rate
        floating-point operations per second of the device
    held
        bytes of host memory that the process has already
    how
        where the rate comes from
    """
    request = plan.request
    model, work = request.model, request.work
    kept = f"hidden states of {plan.super_batch:,} positions at a time kept on the {_where(plan)}"
    host = plan.host_bytes + held
    peaks = f"{size(host)} at the peak on the host ({size(held)} of it already held)"
    free = f"{free_size(request.memory.host)} more are free"
    if request.device != "cpu":
        peaks = f"{size(plan.device_bytes)} at the peak on the GPU; {peaks}"
        free = f"{size(request.memory.device)} on the GPU and {free_size(request.memory.host)} more are free"
    return "\n".join(
        [
            f"plan: {work.tokens:,} tokens through {work.layers} layers on {request.device} in "
            f"{_name(request.dtype)}",
            f"  weights     {model.parameters:,} parameters, "
            f"{size(model.parameters * request.dtype.itemsize)}; {_residence(plan)}",
            f"  reading     {size(plan.read_bytes)} of weights in {plan.super_batches} "
            f"{'pass' if plan.super_batches == 1 else 'passes'}",
            f"  batches     {work.largest_batch:,} positions through a layer at a time; {kept}",
            f"  arithmetic  {work.operations:.2e} floating-point operations: "
            f"{duration(work.operations / rate)} at the {how} {rate / 1e9:,.0f} GFLOP/s",
            f"  memory      {peaks}; {free}",
            f"  recording   {size(plan.recording_bytes)} expected ({work.ngram_layers} layers with "
            f"bits), {size(plan.disk_bytes)} meanwhile; {free_size(request.free_disk)} free",
        ]
    )


def refuse_what_cannot_fit(plan: Plan, output: Path) -> None:
    """Raise a CensusError, before anything is computed, where memory or disk is too small.

    Parameters
    ----------
    plan
        how a shard is recorded
    output
        the recording to be
    """
    request = plan.request
    if not plan.fits_memory:
        remedies = list(_that_fit(request))
        remedy = (
            f"Any of these would fit: {'; '.join(remedies)}."
            if remedies
            else "No smaller batch, shorter window or narrower dtype would fit: use a larger machine."
        )
        raise CensusError(f"{output}: recording needs {_needed(plan)}. {remedy}")
    if plan.disk_bytes > request.free_disk:
        raise CensusError(
            f"{output}: the recording is expected to take {size(plan.recording_bytes)}, "
            f"{size(plan.disk_bytes)} while it is made, and {size(request.free_disk)} are free on that "
            f"disk. {_smaller_shards(plan)}"
        )


def _needed(plan: Plan) -> str:
    free = plan.request.memory
    on_host = f"{size(plan.host_bytes)} of memory, and {size(free.host)} are free"
    if plan.request.device == "cpu":
        return on_host
    return (
        f"{size(plan.device_bytes)} on the GPU, and {size(free.device)} are free; and on the host "
        f"{on_host}"
    )


def _that_fit(request: Request) -> Iterator[str]:
    """Settings, one changed at a time, with which a plan fits."""
    work = request.work
    batch = work.largest_batch
    while batch // 2 >= work.window:
        batch //= 2
        if make_plan(replace(request, work=replace(work, largest_batch=batch))).fits_memory:
            yield f"record.batch_tokens: {batch}"
            break
    if request.weights == "resident" and make_plan(replace(request, weights="auto")).fits_memory:
        yield "--weights auto"
    narrow = torch.bfloat16
    if (
        request.dtype.itemsize > narrow.itemsize
        and make_plan(replace(request, dtype=narrow)).fits_memory
    ):
        yield "the checkpoint's dtype: bfloat16"
    window = work.window
    while window > 32:
        window //= 2
        shorter = replace(work, window=window, largest_batch=min(window, work.largest_batch))
        if make_plan(replace(request, work=shorter)).fits_memory:
            yield f"window: {window} with record.batch_tokens: {window}"
            break


def _smaller_shards(plan: Plan) -> str:
    request = plan.request
    bits = COMPRESSED_BITS * request.work.bits_bytes(request.model)
    fixed = plan.disk_bytes - bits
    if fixed >= request.free_disk:
        return (
            f"Counts alone take {size(fixed)}, however few the tokens: free some space, or set "
            "`window` lower."
        )
    tokens = int(request.work.tokens * (request.free_disk - fixed) / bits)
    return f"Free some space, or set record.shard_tokens to {max(1, tokens)} or less."


def _where(plan: Plan) -> str:
    if plan.request.device == "cpu" or plan.hidden_states == "host":
        return "host"
    return "GPU"


def _residence(plan: Plan) -> str:
    if not plan.streamed:
        return "all layers resident"
    if not plan.resident:
        return "every layer streamed"
    return f"{plan.resident} layers resident, {plan.streamed} streamed"


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def free_size(count: int) -> str:
    """Write a number of bytes that are free, or that nothing is known of them."""
    return "an unknown number" if count == NO_LIMIT else size(count)


def size(count: int | float) -> str:
    """Write a number of bytes with three digits and a unit.

    >>> size(999), size(1_234_567)
    ('999 B', '1.23 MB')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"

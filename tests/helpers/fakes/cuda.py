"""Stand-ins for CUDA's streams and events, so that what a GPU is told can be looked at without one.

Everything happens at once on the CPU; what was asked, and in which order, is written down. That a real
device keeps the order is CUDA's promise and is not tested here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch


class FakeCuda:
    """The log of all that was asked: (verb, stream or event, what for)."""

    def __init__(self) -> None:
        self.log: list[tuple[str, ...]] = []
        self.compute = FakeStream(self, "compute")
        self.made = 0

    def say(self, *what: str) -> None:
        self.log.append(what)


class FakeStream:
    def __init__(self, cuda: FakeCuda, name: str) -> None:
        self.cuda, self.name = cuda, name

    def wait_event(self, event: FakeEvent) -> None:
        self.cuda.say("wait", self.name, event.name if event.recorded else "nothing")

    def wait_stream(self, other: FakeStream) -> None:
        self.cuda.say("wait", self.name, other.name)


class FakeEvent:
    def __init__(self, cuda: FakeCuda) -> None:
        cuda.made += 1
        self.cuda, self.name, self.recorded = cuda, f"event {cuda.made}", False

    def record(self, stream: FakeStream) -> None:
        self.recorded = True
        self.cuda.say("record", self.name, stream.name)

    def synchronize(self) -> None:
        self.cuda.say("synchronize", self.name if self.recorded else "nothing")


def install(monkeypatch: pytest.MonkeyPatch, *modules: str) -> FakeCuda:
    """Replace what is used of `torch.cuda`; `pinned_memory` of these modules returns ordinary memory."""
    cuda = FakeCuda()

    @contextmanager
    def inside(stream: FakeStream) -> Iterator[None]:
        cuda.say("enter", stream.name)
        yield
        cuda.say("leave", stream.name)

    monkeypatch.setattr(torch.cuda, "Stream", lambda device: FakeStream(cuda, "copies"))
    monkeypatch.setattr(torch.cuda, "Event", lambda: FakeEvent(cuda))
    monkeypatch.setattr(torch.cuda, "stream", inside)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device=None: cuda.compute)
    monkeypatch.setattr(torch.Tensor, "record_stream", lambda tensor, stream: None)
    for module in modules:
        monkeypatch.setattr(
            f"neuron_census.forward.{module}.pinned_memory",
            lambda shape, dtype: torch.empty(tuple(shape), dtype=dtype),
        )
    return cuda

"""How small results leave the device: in order, while it computes on, and never too many at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from queue import Queue
from threading import Thread
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from neuron_census.forward.pinned import pinned_memory

Receive = Callable[[np.ndarray], None]
# Results that may be on their way before the device has to wait for the host.
MOST_WAITING = 4


@runtime_checkable
class _Event(Protocol):
    def synchronize(self) -> None:
        """Wait until what was asked of the device before the event is done."""


@dataclass(frozen=True)
class _Parcel:
    arrived: _Event
    result: Tensor
    receive: Receive


class Outbox:
    """Carries results from a device to the host: one after the other, in the order they were sent.

    From a GPU they travel on a stream of their own into pinned memory, and a thread receives them.
    What is in host memory already is received on the spot.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._failure: BaseException | None = None
        self._thread: Thread | None = None
        if device.type != "cpu":
            self._stream = torch.cuda.Stream(device)
            self._parcels: Queue[_Parcel | None] = Queue(MOST_WAITING)
            self._thread = Thread(target=self._deliver, name="outbox", daemon=True)
            self._thread.start()

    def send(self, result: Tensor, receive: Receive) -> None:
        """Have `receive(result)` called soon, with an array that it may keep.

        Raises what an earlier `receive` raised.
        """
        if self._thread is None:
            receive(result.numpy())
            return
        self._raise()
        self._stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(self._stream):
            host = pinned_memory(result.shape, result.dtype)
            host.copy_(result, non_blocking=True)
            arrived = torch.cuda.Event()
            arrived.record(self._stream)
        # The memory of `result` must not be used anew before it has left.
        result.record_stream(self._stream)
        self._parcels.put(_Parcel(arrived, host, receive))

    def wait(self) -> None:
        """Wait until everything sent was received; raises what a `receive` raised."""
        if self._thread is not None:
            self._parcels.join()
        self._raise()

    def close(self) -> None:
        """End the thread; what is still on its way is lost."""
        if self._thread is not None:
            self._failure = self._failure or RuntimeError("the outbox is closed")
            self._parcels.put(None)
            self._thread.join()

    def _raise(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _deliver(self) -> None:
        while (parcel := self._parcels.get()) is not None:
            # After a failure the rest is only taken out, so that no sender waits for ever.
            if self._failure is None:
                try:
                    parcel.arrived.synchronize()
                    parcel.receive(parcel.result.numpy())
                except BaseException as error:
                    self._failure = error
            self._parcels.task_done()

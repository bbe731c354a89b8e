"""What leaves the device: everything, in order, with a bound, and errors are not lost."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from helpers.fakes import cuda as fake_cuda
from neuron_census.forward.hidden import HiddenStates
from neuron_census.forward.outbox import MOST_WAITING, Outbox

GPU = torch.device("cuda", 0)


def test_what_is_on_the_host_is_received_on_the_spot() -> None:
    received: list[int] = []
    outbox = Outbox(torch.device("cpu"))
    outbox.send(torch.tensor(3), lambda value: received.append(int(value)))
    assert received == [3]
    outbox.wait()
    outbox.close()


def test_results_arrive_in_order_and_are_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = fake_cuda.install(monkeypatch, "outbox")
    outbox, received = Outbox(GPU), []
    result = torch.zeros(2, dtype=torch.int64)
    for number in range(50):
        result += number
        outbox.send(result, lambda value: received.append(value.tolist()))
    outbox.wait()
    expected = np.cumsum(range(50))
    assert received == [[total, total] for total in expected]
    outbox.close()
    waits = [entry for entry in cuda.log if entry[0] == "wait"]
    assert set(waits) == {("wait", "copies", "compute")} and len(waits) == 50


def test_a_sender_waits_while_too_much_is_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_cuda.install(monkeypatch, "outbox")
    outbox, gate, sent = Outbox(GPU), threading.Event(), []

    def wait_for_gate(_value: np.ndarray) -> None:
        gate.wait()

    def send() -> None:
        for number in range(MOST_WAITING + 5):
            outbox.send(torch.tensor(number), wait_for_gate)
            sent.append(number)

    sender = threading.Thread(target=send)
    sender.start()
    sender.join(0.3)
    # One is being received, the queue is full, and one more waits to enter it.
    assert sender.is_alive() and len(sent) <= MOST_WAITING + 1
    gate.set()
    sender.join(10)
    outbox.wait()
    outbox.close()
    assert len(sent) == MOST_WAITING + 5


def test_what_a_receiver_raises_reaches_the_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_cuda.install(monkeypatch, "outbox")
    outbox, received = Outbox(GPU), []

    def receive(value: np.ndarray) -> None:
        if value == 2:
            raise OSError(28, "No space left on device")
        received.append(int(value))

    with pytest.raises(OSError, match="No space left"):
        for number in range(100):
            outbox.send(torch.tensor(number), receive)
        outbox.wait()
    assert received == [0, 1], "nothing is received after a failure"
    outbox.close()


def test_hidden_states_on_the_host_come_back_as_they_were(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake_cuda.install(monkeypatch, "hidden")
    hidden = HiddenStates(2, "host", GPU)
    hidden._device = torch.device("cpu")
    states = torch.randn(2, 3, 4)
    hidden.put(0, states)
    kept = states.clone()
    states += 1
    returned = hidden.get(0)
    assert returned is not None and torch.equal(returned, kept)
    hidden.put(0, states)
    assert hidden.get(0) is not None and torch.equal(hidden.get(0), states)  # type: ignore[arg-type]
    hidden.put(0, None)
    assert hidden.get(0) is None and hidden.get(1) is None

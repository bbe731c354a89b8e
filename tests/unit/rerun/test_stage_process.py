"""How the process of a stage ends: with its workflow, and in words."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import neuron_census
from neuron_census.errors import CensusError
from neuron_census.rerun.stage_process import WORKFLOW, ending_in_words

PACKAGE = str(Path(neuron_census.__file__).parents[1])


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (CensusError("a.txt: found nothing."), 1, "error: a.txt: found nothing."),
        (KeyboardInterrupt(), 130, "interrupted: .*the same command goes on from here"),
        (OSError(errno.ENOSPC, "No space"), 1, "the disk is full"),
        (RuntimeError("writing: No space left on device (os error 28)"), 1, "the disk is full"),
    ],
)
def test_what_a_user_can_mend_ends_in_words(
    error: BaseException, status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended, ending_in_words():
        raise error
    assert ended.value.code == status
    import re

    assert re.search(said, capsys.readouterr().err)


def test_an_error_that_comes_from_a_full_disk_is_one() -> None:
    with pytest.raises(SystemExit), ending_in_words():
        try:
            raise OSError(errno.ENOSPC, "No space")
        except OSError as full:
            raise ValueError("a chunk could not be written") from full


def test_any_other_error_keeps_its_traceback() -> None:
    with pytest.raises(KeyError), ending_in_words():
        raise KeyError("ours")


def test_a_stage_ends_when_its_workflow_was_killed() -> None:
    workflow = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    script = (
        "import time\nfrom neuron_census.rerun.stage_process import ending_in_words, watch_the_workflow\n"
        "with ending_in_words():\n    watch_the_workflow()\n    print('on', flush=True)\n    time.sleep(60)\n"
    )
    stage = subprocess.Popen(
        [sys.executable, "-c", script],
        env=os.environ | {WORKFLOW: str(workflow.pid), "PYTHONPATH": PACKAGE},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert stage.stdout is not None
    assert stage.stdout.readline() == "on\n"
    assert stage.poll() is None
    workflow.send_signal(signal.SIGKILL)
    workflow.wait()
    began = time.monotonic()
    _, said = stage.communicate(timeout=30)
    assert stage.returncode == 130
    assert "interrupted" in said
    assert time.monotonic() - began < 20

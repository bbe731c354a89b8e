"""Files that appear whole or not at all, also when two write the same one."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from neuron_census.formats.atomic import written_whole


def test_two_writers_of_a_folder_do_not_meet(tmp_path: Path) -> None:
    """Both are whole to the last moment, and one of them stays."""
    target = tmp_path / "store"
    both = threading.Barrier(2)
    failed: list[BaseException] = []

    def write(name: str) -> None:
        try:
            for _ in range(50):
                with written_whole(target) as temporary:
                    temporary.mkdir()
                    (temporary / "first").write_text(name)
                    both.wait(timeout=20)
                    (temporary / "second").write_text(name)
        except BaseException as error:
            failed.append(error)
            both.abort()

    writers = [threading.Thread(target=write, args=[name]) for name in ("a", "b")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not failed
    assert (target / "first").read_text() == (target / "second").read_text() in ("a", "b")
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_what_a_killed_process_left_is_cleared_away_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "table[1].parquet"
    script = (
        "import os, signal\nfrom pathlib import Path\n"
        "from neuron_census.formats.atomic import written_whole\n"
        f"with written_whole(Path({str(target)!r})) as temporary:\n"
        "    temporary.write_text('half')\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run(
        [sys.executable, "-c", script], check=False, env=os.environ | {"PYTHONPATH": path()}
    )
    assert len(list(tmp_path.iterdir())) == 1
    alive = tmp_path / f".{target.name}.elsewhere-{os.getpid()}.0.partial"
    alive.touch()
    with written_whole(target) as temporary:
        temporary.write_text("whole")
    assert {file.name for file in tmp_path.iterdir()} == {target.name, alive.name}


def path() -> str:
    import neuron_census

    return str(Path(neuron_census.__file__).parents[1])


def test_an_error_of_the_file_system_is_not_tried_for_ever(tmp_path: Path) -> None:
    with pytest.raises(OSError), written_whole(tmp_path / "missing"):
        # Nothing was written, so there is nothing to put in place.
        pass
    assert not list(tmp_path.iterdir())

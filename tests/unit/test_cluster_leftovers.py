"""What a killed cluster test leaves behind is its own, and taken away; another Slurm's settings are not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.cluster.slurm_node import OWNER, UnavailableError, link_settings


def settings_of(folder: Path, owner: int) -> Path:
    folder.mkdir()
    for name in ("slurm.conf", "gres.conf"):
        (folder / name).write_text("ClusterName=test\n")
    (folder / OWNER).write_text(str(owner))
    return folder


def dead_process() -> int:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def test_settings_of_a_killed_test_give_way(tmp_path: Path) -> None:
    settings = tmp_path / "etc"
    link_settings(settings_of(tmp_path / "killed", dead_process()), settings)
    mine = settings_of(tmp_path / "mine", os.getpid())
    links = link_settings(mine, settings)
    assert [link.resolve().parent for link in links] == [mine, mine]


def test_settings_whose_folder_is_gone_give_way(tmp_path: Path) -> None:
    settings = tmp_path / "etc"
    settings.mkdir()
    (settings / "slurm.conf").symlink_to(tmp_path / "nowhere" / "slurm.conf")
    assert len(link_settings(settings_of(tmp_path / "mine", os.getpid()), settings)) == 2


@pytest.mark.parametrize("kind", ["a file", "a test that runs"])
def test_another_slurm_is_left_alone(kind: str, tmp_path: Path) -> None:
    settings = tmp_path / "etc"
    settings.mkdir()
    if kind == "a file":
        (settings / "gres.conf").write_text("Name=gpu\n")
    else:
        other = settings_of(tmp_path / "other", os.getpid())
        (settings / "gres.conf").symlink_to(other / "gres.conf")
    with pytest.raises(UnavailableError, match=r"gres\.conf exists: there is another Slurm"):
        link_settings(settings_of(tmp_path / "mine", os.getpid()), settings)
    assert [path.name for path in settings.iterdir()] == ["gres.conf"]

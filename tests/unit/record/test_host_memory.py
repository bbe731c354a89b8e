"""How much memory may be taken, whoever sets the limit."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from neuron_census.errors import CensusError
from neuron_census.record.planning.host_memory import (
    cgroup_memory,
    free_host_memory,
    read_size,
    slurm_memory,
)


@pytest.mark.parametrize(
    ("given", "size"),
    [("auto", None), ("8GB", 8 * 10**9), ("1.5 GB", 15 * 10**8), ("300m", None), ("7", 7)],
)
def test_sizes_are_read_as_people_write_them(given: str, size: int | None) -> None:
    if given == "300m":
        with pytest.raises(
            CensusError, match=r"--memory: found '300m', expected a size such as 8GB"
        ):
            read_size(given, "--memory")
    else:
        assert read_size(given, "--memory") == size


@pytest.mark.parametrize("given", ["", "0", "GB", "-3GB", "8GiBB", "1e9"])
def test_what_is_not_a_size_is_refused(given: str) -> None:
    with pytest.raises(CensusError, match="expected a size such as 8GB, or 'auto'"):
        read_size(given, "--memory")


def write(folder: Path, **files: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(f"{content}\n")


def test_control_groups_of_version_2_are_followed_upwards(tmp_path: Path) -> None:
    membership = tmp_path / "cgroup"
    membership.write_text("0::/slurm/job_7/step_0\n")
    root = tmp_path / "fs"
    write(root / "slurm/job_7/step_0", memory__max="max", memory__current=500)
    write(
        root / "slurm/job_7",
        memory__max=4000,
        memory__current=1500,
        memory__stat="anon 900\ninactive_file 600\nactive_file 1",
    )
    write(root / "slurm", memory__max=9000, memory__current=8000)
    # 4000 - 1500, and 600 of page cache that is given back; 9000 - 8000.
    assert list(cgroup_memory(root, membership)) == [3100, 1000]


def test_control_groups_of_version_1(tmp_path: Path) -> None:
    membership = tmp_path / "cgroup"
    membership.write_text("5:devices:/\n4:memory:/job_7\n0::/\n")
    root = tmp_path / "fs"
    write(
        root / "memory/job_7",
        memory__limit_in_bytes=10_000,
        memory__usage_in_bytes=7000,
        memory__stat="total_inactive_file 50",
    )
    assert list(cgroup_memory(root, membership)) == [3050]


def test_a_container_sees_its_own_group_at_the_top(tmp_path: Path) -> None:
    membership = tmp_path / "cgroup"
    membership.write_text("0::/docker/abc\n")
    write(tmp_path / "fs", memory__max=2000, memory__current=500)
    assert list(cgroup_memory(tmp_path / "fs", membership)) == [1500]


def test_a_system_without_control_groups(tmp_path: Path) -> None:
    assert list(cgroup_memory(tmp_path, tmp_path / "none")) == []


def test_what_slurm_grants() -> None:
    assert slurm_memory({}) is None
    assert slurm_memory({"SLURM_MEM_PER_NODE": "16000"}) == 16000 << 20
    assert slurm_memory({"SLURM_MEM_PER_NODE": "0"}) is None, "0 stands for all of the node"
    per_cpu = {"SLURM_MEM_PER_CPU": "2000", "SLURM_CPUS_ON_NODE": "8"}
    assert slurm_memory(per_cpu) == 16000 << 20


def test_the_smallest_limit_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    held = psutil.Process().memory_info().rss
    monkeypatch.delenv("SLURM_MEM_PER_NODE", raising=False)
    everything = free_host_memory(None)
    assert 0 < everything <= psutil.virtual_memory().total
    assert free_host_memory(held + 10**6) <= 10**6 + 10**7
    assert free_host_memory(1) == 0
    monkeypatch.setenv("SLURM_MEM_PER_NODE", str((held >> 20) + 64))
    assert free_host_memory(None) <= 70 << 20

"""A real Slurm on this machine: one node on loopback with GPUs that do nothing, started for a test.

It needs root on a Debian-like system, installs Slurm where it is missing, and leaves nothing running. The
node claims more cores and memory than there are, so that what jobs ask for can be granted: memory and cores are
booked, not enforced.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("slurmctld", "slurmd", "slurm-client", "munge")
PROGRAMS = ("slurmctld", "slurmd", "squeue", "munged")
# Snakemake's job steps drop SLURM_CONF, so that the settings must be where Slurm looks by itself.
SETTINGS = Path("/etc/slurm")
# The process of the test that the settings are of.
OWNER = "owner"
CORES, MEMORY, GPUS = 32, 128_000, 1


class UnavailableError(Exception):
    """Slurm cannot be had here, and why."""


@dataclass(frozen=True)
class Node:
    """A node that is up."""

    name: str
    folder: Path

    def drain(self) -> None:
        """Let no further job start."""
        _run("scontrol", "update", f"nodename={self.name}", "state=drain", "reason=test")

    def resume(self) -> None:
        """Let jobs start again."""
        _run("scontrol", "update", f"nodename={self.name}", "state=resume")

    def cancel_all(self) -> None:
        """Cancel every job."""
        for job in self.jobs():
            _run("scancel", job.number)

    def jobs(self) -> list[Job]:
        """The jobs that wait or run now."""
        columns = ("JobID", "State", "tres-per-job", "MinMemory", "Comment")
        said = _run("squeue", "--noheader", f"--Format={','.join(f'{name}:|' for name in columns)}")
        return [Job(*line.split("|")[: len(columns)]) for line in said.splitlines() if line]


@dataclass(frozen=True)
class Job:
    """A line of `squeue`: `comment` is the rule that Snakemake names."""

    number: str
    state: str
    gpus: str
    memory: str
    comment: str

    @property
    def runs(self) -> bool:
        """Whether it runs now."""
        return self.state == "RUNNING"

    @property
    def has_gpu(self) -> bool:
        """Whether it was given a GPU."""
        return "gpu" in self.gpus


@contextmanager
def slurm_node(folder: Path) -> Iterator[Node]:
    """Start a node, and stop it at the end.

    Parameters
    ----------
    folder
        for settings, state and logs

    Raises UnavailableError where it cannot be installed or started.
    """
    _install()
    for part in ("state", "spool", "munge"):
        (folder / part).mkdir(parents=True)
    name = socket.gethostname().partition(".")[0]
    links = _write_settings(folder, name)
    started: list[subprocess.Popen[bytes]] = []
    try:
        _start_munge(folder, started)
        for daemon in ("slurmctld", "slurmd"):
            started.append(_start(folder, daemon, "-D"))
        _wait_until_idle(folder)
        yield Node(name, folder)
        Node(name, folder).cancel_all()
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
        for link in links:
            link.unlink()


def _install() -> None:
    if os.geteuid() != 0:
        raise UnavailableError("a Slurm node is started by root, and this is not root")
    if all(shutil.which(program) for program in PROGRAMS):
        return
    if not shutil.which("apt-get"):
        raise UnavailableError("Slurm is not installed, and there is no apt-get to install it")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "--no-install-recommends", *PACKAGES]
    for command in (install, ["apt-get", "update"], install):
        done = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False)
        if command is install and done.returncode == 0:
            return
    raise UnavailableError(f"Slurm cannot be installed: {done.stderr.strip()[-500:]}")


def _write_settings(folder: Path, name: str) -> list[Path]:
    """Write the settings, and link them to where Slurm looks for them."""
    (folder / OWNER).write_text(str(os.getpid()))
    devices = []
    for number in range(GPUS):
        device = folder / f"gpu{number}"
        os.mknod(device, 0o020666, os.makedev(1, 3))
        devices.append(device)
    (folder / "gres.conf").write_text(
        "".join(f"NodeName={name} Name=gpu File={device}\n" for device in devices)
    )
    (folder / "slurm.conf").write_text(
        f"""\
ClusterName=test
SlurmctldHost={name}(127.0.0.1)
SlurmctldPort=26917
SlurmdPort=26918
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=2
ReturnToService=2
MinJobAge=600
KillWait=3
GresTypes=gpu
NodeName={name} NodeAddr=127.0.0.1 CPUs={CORES} RealMemory={MEMORY} Gres=gpu:{GPUS}
PartitionName=main Nodes={name} Default=YES DefMemPerCPU=500 MaxTime=INFINITE State=UP
"""
    )
    return link_settings(folder)


def link_settings(folder: Path, settings: Path = SETTINGS) -> list[Path]:
    """Link the settings of a folder to where Slurm looks, in the place of those of a test that was killed.

    Parameters
    ----------
    folder
        where slurm.conf and gres.conf are
    settings
        where Slurm looks for them

    Raises UnavailableError where another Slurm has its settings there; no link is left then.
    """
    settings.mkdir(exist_ok=True)
    links: list[Path] = []
    for file in ("slurm.conf", "gres.conf"):
        link = settings / file
        if _is_left_over(link):
            _stop_left_over(link.resolve().parent)
            link.unlink()
        if link.exists():
            for made in links:
                made.unlink()
            raise UnavailableError(f"{link} exists: there is another Slurm on this machine")
        link.symlink_to(folder / file)
        links.append(link)
    return links


def _is_left_over(link: Path) -> bool:
    """Return whether a link is that of a test which lives no more."""
    if not link.is_symlink():
        return False
    owner = link.resolve().parent / OWNER
    if not owner.is_file():
        return not link.exists()
    try:
        os.kill(int(owner.read_text()), 0)
    except ProcessLookupError:
        return True
    return False


def _stop_left_over(folder: Path) -> None:
    """End the daemons of a test that was killed."""
    for file in (folder / "slurmctld.pid", folder / "slurmd.pid", folder / "munge" / "pid"):
        if file.is_file() and (number := file.read_text().strip()).isdigit():
            with suppress(ProcessLookupError):
                os.kill(int(number), signal.SIGTERM)


def _start_munge(folder: Path, started: list[subprocess.Popen[bytes]]) -> None:
    munge = folder / "munge"
    key = munge / "key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o600)
    for path in (munge, key):
        shutil.chown(path, "munge", "munge")
    for parent in (folder, *folder.parents):
        if not parent.stat().st_mode & 0o001:
            raise UnavailableError(f"{parent} cannot be entered by the user munge")
    started.append(
        _start(
            folder,
            *("runuser", "-u", "munge", "--", "munged", "--foreground"),
            *(f"--key-file={key}", f"--socket={munge}/socket", f"--pid-file={munge}/pid"),
            *(f"--log-file={munge}/log", f"--seed-file={munge}/seed"),
        )
    )
    _wait_for(lambda: (munge / "socket").exists(), "munged", folder)


def _start(folder: Path, *command: str) -> subprocess.Popen[bytes]:
    name = "munged" if "munged" in command else command[0]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SLURM")}
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, env=environment)


def _wait_until_idle(folder: Path) -> None:
    def is_idle() -> bool:
        done = subprocess.run(
            ["sinfo", "--noheader", "--format=%t"], capture_output=True, text=True, check=False
        )
        return done.stdout.strip() == "idle"

    _wait_for(is_idle, "the node", folder)


def _wait_for(condition: object, what: str, folder: Path) -> None:
    assert callable(condition)
    deadline = time.monotonic() + 40
    while not condition():
        if time.monotonic() > deadline:
            logs = [f"{log.name}: {log.read_text()[-800:]}" for log in folder.glob("*.log")]
            raise UnavailableError(f"{what} does not come up. " + " ".join(logs))
        time.sleep(0.2)


def _run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout

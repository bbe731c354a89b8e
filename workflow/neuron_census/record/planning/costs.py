"""What recording a whole family costs: download, disk, memory, time and jobs, model by model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neuron_census.errors import CensusError
from neuron_census.formats.layers import first_half
from neuron_census.formats.windows import STUDIES
from neuron_census.forward.micro_batch import MicroBatch, full_windows
from neuron_census.record.planning.catalogue import PlannedModel
from neuron_census.record.planning.description import size
from neuron_census.record.planning.host_memory import read_size
from neuron_census.record.planning.plan import (
    DTYPES,
    MICRO_BATCH,
    NO_LIMIT,
    Memory,
    Plan,
    Request,
    make_plan,
)
from neuron_census.record.planning.work import Work

# Of the operations per second on a GPU's data sheet, what a whole forward pass sustains: reckoned, not measured.
SUSTAINED = 0.35
# Bytes of weights per second from a disk, where layers are streamed: reckoned, not measured.
READ_RATE = 1e9


@dataclass(frozen=True)
class Gpu:
    """A described GPU: bytes of its memory, and operations per second that it sustains."""

    memory: int
    rate: float


def described_gpu(memory: str, tflops: str | float) -> Gpu:
    """Return a GPU by what its data sheet says: memory such as 24GB, and TFLOP/s.

    Raises CensusError where one of them is missing or no number above zero.
    """
    try:
        rate = float(tflops)
    except ValueError:
        rate = 0.0
    if not memory or memory == "auto" or not 0 < rate < 1e9:
        raise CensusError(
            f"a GPU with the memory '{memory}' and {tflops or 'no'} TFLOP/s: expected both, such as "
            "--gpu-memory 24GB --gpu-tflops 125; its data sheet has them."
        )
    return Gpu(read_size(memory, "--gpu-memory") or 0, SUSTAINED * rate * 1e12)


@dataclass(frozen=True)
class Budgets:
    """Tokens that each study reads of each domain, `[study][domain]`, tokens of a shard, contexts of a neuron."""

    studies: Mapping[str, Mapping[str, int]]
    shard_tokens: int
    contexts: int = 0

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Budgets:
        """Take the budgets from a config; raises CensusError where one of them is not a number."""
        try:
            studies = {
                study: {entry["domain"]: int(entry["tokens"]) for entry in config["studies"][study]}
                for study in STUDIES
            }
            record = config["record"]
            return cls(studies, int(record["shard_tokens"]), int(record.get("contexts", 0)))
        except (KeyError, TypeError, ValueError) as error:
            raise CensusError(
                f"config: studies and record.shard_tokens must give every budget as a number of tokens ({error!r}). "
                "Name the files of a whole config, such as config/config.yaml and config/opt.yaml."
            ) from error

    @property
    def domains(self) -> list[str]:
        """Names of the domains that any study reads."""
        return sorted({domain for budgets in self.studies.values() for domain in budgets})

    @property
    def tokens(self) -> int:
        """Tokens that are forwarded: what several studies read counts once."""
        return sum(
            max(budgets.get(domain, 0) for budgets in self.studies.values())
            for domain in self.domains
        )

    @property
    def jobs(self) -> int:
        """Number of shards; each is recorded by a job of its own."""
        return max(1, -(-self.tokens // self.shard_tokens))

    def batches(self, window: int, micro_batch: int) -> Iterator[MicroBatch]:
        """Yield micro-batches of full-length windows, as many as the studies read of each domain."""
        for domain in self.domains:
            start = 0
            # Every study reads a domain from its beginning.
            for end in sorted({budgets.get(domain, 0) for budgets in self.studies.values()} - {0}):
                reading = {name for name in STUDIES if self.studies[name].get(domain, 0) >= end}
                yield from full_windows(end - start, window, micro_batch, frozenset(reading))
                start = end


@dataclass(frozen=True)
class Cost:
    """What recording one model takes; `gpu_hours` are those of each GPU, in order."""

    name: str
    download: int
    disk: int
    gpu_memory: int
    gpu_hours: tuple[float | None, ...]
    jobs: int


def cost_of(model: PlannedModel, budgets: Budgets, gpus: Sequence[Gpu]) -> Cost:
    """Return what recording a model takes.

    Parameters
    ----------
    model
        the model
    budgets
        what is to be read
    gpus
        on which the hours are reckoned
    """
    window = model.size.positions
    micro_batch = max(window, MICRO_BATCH["cuda"])
    everything = _work(model, budgets, budgets.batches(window, micro_batch))
    # Of a shard that all studies read: the largest that there can be.
    one = full_windows(budgets.shard_tokens, window, micro_batch, frozenset(STUDIES))
    shard = _work(model, budgets, one)
    least = _plan(model, shard, gpu_memory=1)
    download = model.size.parameters * model.size.stored_item
    return Cost(
        name=model.name,
        download=download,
        disk=download + least.disk_bytes,
        gpu_memory=least.device_bytes,
        gpu_hours=tuple(
            _hours(everything, budgets.jobs, _plan(model, shard, gpu.memory), gpu) for gpu in gpus
        ),
        jobs=budgets.jobs,
    )


def markdown(costs: Sequence[Cost], gpus: Sequence[Gpu]) -> str:
    """Return costs as a Markdown table, one row per model."""
    hours = [f"GPU hours, {size(gpu.memory)}" for gpu in gpus]
    heading = ["model", "download", "disk at the peak", "GPU memory at least", *hours, "jobs"]
    rows = [heading, ["---"] * len(heading)]
    rows += [
        [
            cost.name,
            size(cost.download),
            size(cost.disk),
            size(cost.gpu_memory),
            *map(_written, cost.gpu_hours),
            str(cost.jobs),
        ]
        for cost in costs
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _written(hours: float | None) -> str:
    if hours is None:
        return "too small"
    return f"{hours:.0f}" if hours >= 10 else f"{hours:.2g}"


def _work(model: PlannedModel, budgets: Budgets, batches: Iterable[MicroBatch]) -> Work:
    return Work.of(
        batches,
        model.size,
        domains=len(budgets.domains),
        window=model.size.positions,
        ngram_layers=first_half(model.size.layers),
        contexts=budgets.contexts,
    )


def _plan(model: PlannedModel, work: Work, gpu_memory: int) -> Plan:
    memory = Memory(gpu_memory, NO_LIMIT)
    return make_plan(
        Request(model.size, work, DTYPES[model.dtype], "cuda", memory, free_disk=NO_LIMIT)
    )


def _hours(everything: Work, jobs: int, plan: Plan, gpu: Gpu) -> float | None:
    """Return the hours of all jobs, in which layers are read while others compute; None where none fits."""
    if not plan.fits_memory:
        return None
    return max(everything.operations / gpu.rate, jobs * plan.read_bytes / READ_RATE) / 3600

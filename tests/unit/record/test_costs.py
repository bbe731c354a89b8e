"""The table of costs against published numbers and sums by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from helpers.repository import REPOSITORY
from neuron_census.checkpoint.published import published_config
from neuron_census.config.shards import shard_count
from neuron_census.errors import CensusError
from neuron_census.families.adapter.known import published_repositories
from neuron_census.record.planning.catalogue import planned_model, read_configs
from neuron_census.record.planning.costs import SUSTAINED, Budgets, Gpu, cost_of, described_gpu
from neuron_census.record.planning.model_size import ModelSize
from neuron_census.record.tabulate_costs import tabulate_costs

PAPER = [REPOSITORY / "config" / name for name in ("config.yaml", "opt.yaml")]
# As transformers counts them in the models of the hub.
PARAMETERS = {
    "facebook/opt-125m": 125_239_296,
    "facebook/opt-350m": 331_196_416,
    "facebook/opt-1.3b": 1_315_758_080,
    "facebook/opt-2.7b": 2_651_596_800,
    "facebook/opt-6.7b": 6_658_473_984,
    "facebook/opt-13b": 12_853_473_280,
    "facebook/opt-30b": 29_974_540_288,
    "facebook/opt-66b": 65_719_701_504,
}
TINY: dict[str, Any] = {
    "checkpoints": {"a": {"hub": "facebook/opt-125m", "dtype": "float16"}},
    "studies": {
        "dead": [{"domain": "x", "tokens": 40_960}, {"domain": "y", "tokens": 8192}],
        "ngrams": [{"domain": "y", "tokens": 20_480}],
        "positions": [{"domain": "x", "tokens": 4096}],
    },
    "record": {"shard_tokens": 20_000},
}


def test_the_published_shapes_have_the_published_numbers_of_parameters() -> None:
    assert set(PARAMETERS) <= set(published_repositories())
    for name, parameters in PARAMETERS.items():
        assert ModelSize.of(published_config(name), torch.float16).parameters == parameters


def test_budgets_are_read_once_however_many_studies_read_them() -> None:
    budgets = Budgets.of(TINY)
    assert budgets.tokens == 40_960 + 20_480
    assert budgets.jobs == 4 == shard_count(TINY["studies"], 20_000)
    batches = list(budgets.batches(2048, 4096))
    read = {
        study: sum(batch.tokens for batch in batches if getattr(batch, study))
        for study in ("dead", "ngrams", "positions")
    }
    assert read == {"dead": 49_152, "ngrams": 20_480, "positions": 4096}
    assert sum(batch.tokens for batch in batches) == budgets.tokens


def test_jobs_of_the_paper_are_those_of_the_workflow() -> None:
    config = read_configs(PAPER)
    expected = shard_count(config["studies"], config["record"]["shard_tokens"])
    assert Budgets.of(config).jobs == expected


def test_the_cost_of_a_small_model_by_hand() -> None:
    model = planned_model("a", TINY)
    slow, fast = Gpu(10**11, 1e10), Gpu(10**11, 1e20)
    cost = cost_of(model, Budgets.of(TINY), [slow, fast, Gpu(10**8, 1e20)])
    assert cost.download == 2 * 125_239_296
    # Of one layer at one position: 12 * 768 ** 2 weights and 13 * 768 others, and attention.
    layer = 2 * (12 * 768**2 + 13 * 768) + 2 * 2048 * 768
    operations = layer * (12 * 40_960 + 12 * 8192 + 6 * (20_480 - 8192))
    assert cost.gpu_hours[0] == pytest.approx(operations / 1e10 / 3600)
    # Each of the four jobs reads the weights once, at 1 GB per second.
    assert cost.gpu_hours[1] == pytest.approx(4 * 2 * 125_239_296 / 1e9 / 3600)
    assert cost.gpu_hours[2] is None, "no room for a batch"
    assert cost.jobs == 4
    assert cost.disk > cost.download and 1e8 < cost.gpu_memory < 2e9


def test_a_described_gpu() -> None:
    assert described_gpu("24GB", "125") == Gpu(24 * 10**9, SUSTAINED * 125e12)
    with pytest.raises(CensusError, match="'24GB' and no TFLOP/s"):
        described_gpu("24GB", "")


def test_the_table_has_one_row_per_model_and_one_column_per_gpu(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tabulate_costs(config_files=PAPER, gpus=["24GB:125", "80GB:312"])
    lines = capsys.readouterr().out.splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[0] == [
        "model",
        "download",
        "disk at the peak",
        "GPU memory at least",
        "GPU hours, 24 GB",
        "GPU hours, 80 GB",
        "jobs",
    ]
    assert set(cells[1]) == {"---"}
    assert [row[0] for row in cells[2:]] == read_configs(PAPER)["models"]
    assert cells[-1][:2] == ["opt-66b", "131 GB"]
    hours = [[float(row[column]) for row in cells[2:]] for column in (4, 5)]
    assert hours[0] == sorted(hours[0]) and hours[1] == sorted(hours[1])
    assert all(small >= large for small, large in zip(*hours, strict=True))


@pytest.mark.parametrize("change", [{"studies": {}}, {"record": {}}, {"studies": 3}])
def test_a_config_without_budgets_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(CensusError, match=r"studies and record\.shard_tokens must give"):
        Budgets.of(TINY | change)


def test_configs_are_laid_over_one_another_as_snakemake_does(tmp_path: Path) -> None:
    below, above = tmp_path / "a.yaml", tmp_path / "b.yaml"
    below.write_text("models: [a, b]\ncheckpoints: {a: {dtype: float32, hub: x}}\n")
    above.write_text("models: [c]\ncheckpoints: {a: {dtype: float16}, c: {hub: y}}\n")
    assert read_configs([below, above]) == {
        "models": ["c"],
        "checkpoints": {"a": {"dtype": "float16", "hub": "x"}, "c": {"hub": "y"}},
    }

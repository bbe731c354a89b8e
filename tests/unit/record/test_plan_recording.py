"""Plans for models that are not there, on GPUs that are not there either."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from helpers.made.checkpoints import make_checkpoint
from helpers.made.windows import mixed_windows, save_windows
from helpers.repository import REPOSITORY
from neuron_census.errors import CensusError
from neuron_census.record.plan_recording import plan_recording

CATALOGUE = [REPOSITORY / "config" / "config.yaml"]


def said(capfd: pytest.CaptureFixture[str]) -> str:
    return capfd.readouterr().err


def test_a_plan_needs_no_weights_and_no_windows(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = make_checkpoint(tmp_path / "whole", max_position_embeddings=64)
    bare = tmp_path / "bare"
    bare.mkdir()
    shutil.copy(folder / "config.json", bare)
    texts = []
    for checkpoint in (folder, bare):
        plan_recording(checkpoint=str(checkpoint), tokens=6400)
        texts.append(said(capfd))
    assert "6,400 tokens through 3 layers on cpu in float32" in texts[0]
    # Free memory and the measured rate differ from moment to moment.
    for begins in ("plan:", "  weights", "  reading", "  batches", "  recording"):
        lines = [
            next(line for line in text.splitlines() if line.startswith(begins)) for text in texts
        ]
        assert lines[0].split("; ")[0] == lines[1].split("; ")[0]


def test_a_shard_of_a_window_table_is_planned(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = make_checkpoint(tmp_path / "model")
    windows = save_windows(tmp_path, mixed_windows())
    plan_recording(checkpoint=str(folder), windows=windows, dtype="bfloat16")
    assert "226 tokens through 3 layers on cpu in bfloat16" in said(capfd)
    assert not list(tmp_path.glob("*.zarr"))


def test_windows_of_another_model_are_refused(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path / "model", max_position_embeddings=16)
    windows = save_windows(tmp_path, mixed_windows())
    with pytest.raises(CensusError, match=r"32 tokens .* at most 16 \(max_position_embeddings\)"):
        plan_recording(checkpoint=str(folder), windows=windows)


def test_the_largest_model_on_a_described_gpu(capfd: pytest.CaptureFixture[str]) -> None:
    """A login node has neither the weights nor the GPU nor the memory."""
    plan_recording(
        checkpoint="opt-66b",
        gpu_memory="24GB",
        gpu_tflops=125,
        tokens=2_000_000,
        config_files=CATALOGUE,
    )
    text = said(capfd)
    assert "1,998,848 tokens through 64 layers on cuda in float16" in text
    assert "65,719,701,504 parameters, 131 GB" in text
    assert "at the given 125 TFLOP/s, of which 35% are 43,750 GFLOP/s" in text
    assert "24 GB on the GPU and an unknown number more are free" in text
    found = re.search(r"([\d.e+]+) floating-point operations: ([\d.]+) h", text)
    assert found is not None
    # Twice the parameters of the layers for every token; attention adds a little.
    at_least = 2 * 65.2e9 * 1_998_848
    assert at_least < float(found[1]) < 1.1 * at_least
    assert float(found[2]) == pytest.approx(float(found[1]) / 43.75e12 / 3600, rel=0.02)


def test_what_a_described_gpu_cannot_hold_is_refused() -> None:
    with pytest.raises(CensusError, match=r"opt-66b: recording needs .* on the GPU, and 2 GB"):
        plan_recording(
            checkpoint="opt-66b", gpu_memory="2GB", gpu_tflops=10, config_files=CATALOGUE
        )
    with pytest.raises(CensusError, match=r"opt-66b: recording needs .*, and 1 GB are free"):
        plan_recording(
            checkpoint="opt-66b",
            gpu_memory="80GB",
            gpu_tflops=10,
            memory="1GB",
            config_files=CATALOGUE,
        )


@pytest.mark.parametrize(
    ("memory", "tflops"), [("24GB", 0.0), ("", 125.0), ("auto", 125.0), ("24GB", float("nan"))]
)
def test_half_a_description_is_refused(memory: str, tflops: float) -> None:
    with pytest.raises(CensusError, match="expected both, such as --gpu-memory 24GB"):
        plan_recording(
            checkpoint="opt-125m", gpu_memory=memory, gpu_tflops=tflops, config_files=CATALOGUE
        )


def config_with(folder: Path, text: str) -> list[Path]:
    file = folder / "config.yaml"
    file.write_text(text)
    return [file]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("checkpoints: {opt-66: {hub: facebook/opt-66b}}", "did you mean 'opt-66'"),
        ("checkpoints: [opt-66b]", "neither a folder nor a name under `checkpoints`"),
        ("models: []", "neither a folder nor a name under `checkpoints`"),
        ("checkpoints: {opt-66b: {hub: someone/opt}}", "someone/opt: its shape is not known"),
        ("checkpoints: {opt-66b: {trained: mine}}", "checkpoints.opt-66b: is trained"),
        ("checkpoints: {opt-66b: {hub: facebook/opt-66b, dtype: half}}", "dtype: found 'half'"),
        ("checkpoints: {opt-66b: {path: nowhere}}", "nowhere: no such folder"),
        ("a: [\n", r"config\.yaml: broken YAML .*line 2"),
        ("- a", r"config\.yaml: holds no mapping"),
    ],
)
def test_models_that_cannot_be_planned(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(CensusError, match=message) as caught:
        plan_recording(checkpoint="opt-66b", config_files=config_with(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_config_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CensusError, match=r"none\.yaml: cannot be read"):
        plan_recording(checkpoint="opt-66b", config_files=[tmp_path / "none.yaml"])

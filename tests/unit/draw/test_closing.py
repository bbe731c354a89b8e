"""What a run says when it ends."""

from __future__ import annotations

from pathlib import Path

from neuron_census.draw.closing import after_failure, after_success, leftovers


def test_it_says_what_was_found_and_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "results" / "figures").mkdir(parents=True)
    (tmp_path / "results" / "summary.csv").write_text(
        "model,neurons,dead,unigram_detectors,positional\nsmall,1000,4,,\nlarge,4000,1000,12,7\n"
    )
    said = after_success(tmp_path, [])
    assert "  small: 1,000 neurons, 4 dead (0.4%)\n" in said
    assert "  large: 4,000 neurons, 1,000 dead (25.0%), 12 token detectors, 7 positional" in said
    assert "figures: results/figures" in said
    assert "explorer" not in said


def test_figures_that_are_not_selected_are_named(tmp_path: Path) -> None:
    figures = tmp_path / "results" / "figures"
    figures.mkdir(parents=True)
    for name in ("fig01_dead_neurons", "fig08_positional_neurons"):
        (figures / f"{name}.pdf").touch()
    assert leftovers(tmp_path, ["fig01_dead_neurons"]) == ["fig08_positional_neurons"]
    said = after_success(tmp_path, ["fig01_dead_neurons"])
    assert "not selected now: fig08_positional_neurons in results/figures" in said
    assert "not selected" not in after_success(
        tmp_path, ["fig01_dead_neurons", "fig08_positional_neurons"]
    )


def test_nothing_made_nothing_said(tmp_path: Path) -> None:
    assert after_success(tmp_path, []) == ""


def test_a_run_that_failed_says_how_to_go_on() -> None:
    assert "the same command goes on from here" in after_failure()

"""The report of several settings: what is said of planted grids, whole, failed and unfinished."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.analysis.sweep import load_sweep
from benchmark.plan.same_values import SameValues
from benchmark.report import write_sweep_report
from benchmark.report.render.formats import format_share
from benchmark.report.sweep.csv_files import FILES, frames_of
from benchmark.report.sweep.few_seeds import few_seeds_warning
from benchmark.report.sweep.main_effects import effect_sentences
from benchmark.report.sweep.multiples import (
    METRICS,
    Panel,
    draw_multiples,
    panels_of,
    small_multiples,
)
from benchmark.report.sweep.notices import of_runs, warnings
from benchmark.report.sweep.page import all_figures, build_page, headline
from benchmark.report.sweep.tables import fit_table
from tests.report.reader import HOSTILE, Reader
from tests.report.sweep.sweeps import fabricated_grid, grid_folder

DEPTH_AND_NOISE = {"fine_tune": ("head", "half"), "label_noise": ("0", "0.18")}
BETTER = {("half", "0"): 0.9, ("half", "0.18"): 0.9}


@pytest.fixture(scope="module")
def one_seed(tmp_path_factory):
    return fabricated_grid(tmp_path_factory.mktemp("one"), DEPTH_AND_NOISE, gain=BETTER)


@pytest.fixture(scope="module")
def two_seeds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    return fabricated_grid(folder, DEPTH_AND_NOISE, gain=BETTER, seeds=(0, 1), null=True)


def test_one_seed_claims_nothing_beyond_its_networks(one_seed):
    depth, noise = effect_sentences(one_seed)
    assert depth.startswith("Depth, against `head` (mean of 3 strategies): macro-F1 is .")
    assert " higher under `half` (95 %: +" in depth
    assert noise.startswith("Label noise, against `0` (mean of 3 strategies): `0.18` (")
    assert noise.endswith(") makes no clear difference.")
    page = headline(one_seed)
    assert "raise" not in page.verdict
    assert few_seeds_warning(1) in page.warnings


def test_two_seeds_say_what_a_value_does(two_seeds):
    depth, noise = effect_sentences(two_seeds)
    assert "(mean of 3 strategies): `half` raises macro-F1 by ." in depth
    assert "no clear difference" in noise


def test_too_few_seeds_are_told_once_for_all_settings(one_seed):
    text = headline(one_seed).follow_up
    assert text == (
        "One seed does not tell whether the depth, the label noise or chance changes the order: "
        "another seed may change it as much. Run `--seeds 8`."
    )


def test_few_seeds_are_told_as_by_a_study_with_one_advice(two_seeds):
    """A reader who is told `--seeds 5` and `--seeds 8` does not know which."""
    page = headline(two_seeds)
    assert few_seeds_warning(2, 8) in page.warnings
    assert "8 seeds tell more (2.4): `--seeds 8` trains" in few_seeds_warning(2, 8)
    assert page.follow_up.endswith("Run `--seeds 8`.")


def test_label_noise_is_no_choice(one_seed):
    cells = one_seed.best_cells
    assert [cell.run for cell in cells] == [
        "fine-tune=half,label-noise=0",
        "fine-tune=half,label-noise=0.18",
    ]
    assert {cell.choices for cell in cells} == {6}
    first, second = headline(one_seed).highlights[-2:]
    assert first.startswith("Under label noise `0`, the best of 6 combinations by macro-F1 on ")
    assert "under depth `half`. On test images, which had no say in that" in second


def test_training_accuracy_under_label_noise_is_explained(one_seed, tmp_path):
    (fit,) = [section for section in build_page(one_seed).sections if section.id == "fit"]
    assert "labels of training images are wrong on purpose" in fit.blocks[0].caption
    rates = {"fine_tune": ("head", "half"), "lr": ("0.0001", "0.001")}
    page = build_page(fabricated_grid(tmp_path, rates, strategies=["no_change"]))
    (fit,) = [section for section in page.sections if section.id == "fit"]
    assert "on purpose" not in fit.blocks[0].caption


def test_differences_run_by_run_are_those_of_one_setting(one_seed):
    page = build_page(one_seed)
    assert "differences" not in {section.id for section in page.sections}
    assert set(all_figures(one_seed)) == {
        *("macro-f1", "never-predicted", "gap", "ranks-fine-tune", "ranks-label-noise")
    }


def test_each_file_is_described_and_names_the_values(one_seed):
    frames = frames_of(one_seed)
    assert list(frames) == [name for name, _ in FILES]
    assert frames["cells.csv"]["fine_tune"].unique().tolist() == ["head", "half"]
    assert frames["agreement.csv"]["setting"].tolist() == ["fine_tune", "label_noise"]
    assert len(frames["best.csv"]) == 2


def test_numbers_are_drawn_from_small_to_large(tmp_path):
    axes = {"fine_tune": ("head", "half"), "lr": ("0.01", "0.0001", "0.001")}
    gain = {("half", "0.01"): 0.9}
    comparison = fabricated_grid(tmp_path, axes, strategies=["no_change"], gain=gain)
    _, half = panels_of(comparison, "lr", "macro_f1")
    assert half.title == "depth half"
    low, middle, high = half.lines["no_change"]
    assert low == middle < high


@pytest.mark.parametrize(
    ("left_out", "warning", "axes"),
    [
        ([("half", "0.18")], "The run under `fine-tune=half,label-noise=0.18` has not begun: ", 2),
        ([("half", "0"), ("half", "0.18")], "The runs under `fine-tune=half,label-noise=0` and", 1),
        ([("head", "0"), ("half", "0.18")], "Too few runs have begun to compare along every ", 0),
    ],
)
def test_an_unfinished_grid_is_reported(tmp_path, left_out, warning, axes):
    comparison = fabricated_grid(tmp_path, DEPTH_AND_NOISE, left_out=left_out)
    assert len(comparison.axes) == axes
    assert any(text.startswith(warning) for text in headline(comparison).warnings)
    assert set(write_sweep_report(comparison)) >= {"html", "markdown", "main_effects.csv"}


def test_what_failed_in_all_runs_is_told_in_one_warning(tmp_path):
    failed = [("focal_loss", 0)]
    comparison = fabricated_grid(tmp_path / "a", DEPTH_AND_NOISE, failed=failed)
    about = [text for text in headline(comparison).warnings if "focal_loss" in text]
    assert about == ["Failed under all 4 runs, so not ranked: `focal_loss`."]
    nothing = [(name, 0) for name in ("no_change", "class_weights", "focal_loss")]
    comparison = fabricated_grid(tmp_path / "b", DEPTH_AND_NOISE, failed=nothing)
    assert headline(comparison).verdict == (
        "No strategy finished under all 4 runs: nothing is compared."
    )
    write_sweep_report(comparison)


def test_what_runs_warn_of_is_told_once_with_the_runs_that_it_is_of(tmp_path):
    comparison = fabricated_grid(tmp_path, DEPTH_AND_NOISE, failed_audit=["class_weights"])
    (text,) = [text for text in headline(comparison).warnings if "audit" in text]
    assert text == "`class_weights` failed the audit: see the report of each run."
    runs = [
        replace(
            run, manifest=replace(run.manifest, messages=(*["Labels.csv: 9."] * noisy, "a.csv"))
        )
        for run, noisy in zip(comparison.runs, (False, True, False, True), strict=True)
    ]
    messages = list(of_runs(replace(comparison, runs=tuple(runs))))[-2:]
    assert messages == [
        "a.csv",
        "Under label noise `0.18`: Labels.csv: 9.",
    ]
    runs[3] = comparison.runs[3]
    *_, last = of_runs(replace(comparison, runs=tuple(runs)))
    assert last == "Under `fine-tune=head,label-noise=0.18`: Labels.csv: 9."


def test_training_is_set_against_test_for_the_same_strategies_in_every_run(tmp_path):
    """The mean of a run in which a strategy failed would be of other strategies than the rest."""
    grid = fabricated_grid(tmp_path, DEPTH_AND_NOISE)
    cells = grid.cells.copy()
    failed = (cells["run"] == grid.names[0]) & (cells["strategy"] == "focal_loss")
    cells.loc[failed, ["train_accuracy", "accuracy", "gap", "train_log_loss"]] = float("nan")
    partly = replace(grid, runs=grid.runs)
    vars(partly).update(cells=cells, ranked=("no_change", "class_weights"))
    table = fit_table(partly)
    assert "Mean over 2 strategies that finished in every run, and seeds." in table.caption
    assert "Mean over 3 strategies, and seeds." in fit_table(grid).caption
    whole = cells[cells["strategy"] != "focal_loss"].groupby("run", sort=False)["accuracy"].mean()
    assert [row.cells[3].text for row in table.rows] == [format_share(v) for v in whole]


def test_nothing_is_drawn_below_no_class(tmp_path):
    """Where every class is predicted, the scale is that of classes, not of hundredths of one."""
    figure = small_multiples(
        ("1", "2"), [Panel("", {"a": [0.0, 0.0]})], METRICS["never_predicted"], "epochs", "a"
    )
    low, high = figure.axes[0].get_ylim()
    assert -0.1 < low < 0
    assert high > 1


def test_of_many_runs_that_are_the_same_the_rest_is_counted(one_seed):
    pairs = tuple((f"a{k}", f"b{k}") for k in range(5))
    same = replace(one_seed, runs=one_seed.runs)
    vars(same)["same_values"] = [SameValues("lr", ("1", "2"), pairs, False)]
    (text,) = [text for text in warnings(same) if "train the same networks" in text]
    assert text.endswith("networks: `a0` and `b0`; `a1` and `b1`; `a2` and `b2`; and 2 more.")


def test_one_strategy_has_effects_and_no_ranking(tmp_path):
    comparison = fabricated_grid(tmp_path, DEPTH_AND_NOISE, strategies=["no_change"], gain=BETTER)
    page = headline(comparison)
    assert page.verdict.startswith("Depth, against `head`: macro-F1 is .")
    assert not any("Along the" in text for text in page.highlights)
    assert page.follow_up == ""


def test_rankings_that_are_all_ties_are_no_evidence(tmp_path):
    comparison = fabricated_grid(
        tmp_path, {"fine_tune": ("head", "a", "half", "full"), "lr": ("0.1", "1")}, seeds=(0, 1)
    )
    (axis, _) = comparison.axes
    equal = axis.scores_by_seed * 0
    vars(axis)["scores_by_seed"] = equal
    vars(axis).pop("effect", None)
    assert axis.effect is None


def test_of_many_runs_the_first_table_has_means_under_each_value(tmp_path):
    axes = {"lr": tuple("12345"), "epochs": tuple("12345")}
    how = {"strategies": ["no_change", "class_weights"], "classes": ("a", "b"), "images": 90}
    comparison = fabricated_grid(tmp_path, axes, **how)
    page = build_page(comparison)
    (table,) = page.lead
    assert table.columns == ("Setting", "Value", "no_change", "class_weights")
    assert [row.cells[1].text for row in table.rows] == [*"12345", *"12345"]
    (further,) = [section for section in page.sections if section.id == "further"]
    assert len(further.blocks[1].rows) == 25


def test_names_from_outside_stay_text(tmp_path):
    axes = {"recipe": tuple(HOSTILE[:2]), "lr": ("0.1", "1")}
    comparison = fabricated_grid(tmp_path, axes)
    written = write_sweep_report(comparison)
    page = Reader(written["html"].read_text(encoding="utf-8"))
    assert not {"script", "img"} & {tag for tag, _ in page.tags}


def test_many_panels_and_strategies_are_drawn(tmp_path):
    names = ["no_change", *(f"a strategy of a rather long name, number {k}" for k in range(6))]
    axes = {"lr": ("0.1", "1"), "epochs": tuple("12345")}
    folder = grid_folder(Path(tmp_path), axes, strategies=names, classes=("a", "b"), images=90)
    figure = draw_multiples(load_sweep(folder), "macro_f1")
    assert figure is not None
    assert len(figure.axes) == 2 + 1, "one panel a learning rate, and the legend"

"""The tables of a study, from a planted grid: the reference, its remedies, changes and the best."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import pandas as pd
import pytest

from benchmark.analysis.findings import WRONG_LABELS
from benchmark.analysis.study import study_tables
from benchmark.analysis.sweep import compare_sweep
from benchmark.plan.studies import OF_OWN_DATA, STUDIES
from benchmark.report.study.page import build_page
from benchmark.report.study.setting_sentences import change_sentences
from benchmark.report.sweep.notices import warnings
from tests.analysis.test_contrasts import planted

NOISY = STUDIES["noisy7"]
VALUES = list(product(*NOISY.axes.values()))  # the reference first


def grid(remedy: float = 0.0, validation: dict[str, float] | None = None):
    """Return a grid in which deeper, cleaner and longer is better, and a remedy adds something."""
    runs = []
    for depth, noise, epochs in VALUES:
        share = 0.4 + 0.2 * (depth == "half") + 0.1 * (noise == "0") + 0.1 * (epochs == "6")
        run = planted({"no_change": share, "remedy": share + remedy})
        scores = run.seed_rows["strategy"].map(validation or {"no_change": 0.1, "remedy": 0.2})
        rows = run.seed_rows.assign(val_macro_f1=scores + share)
        runs.append(replace(run, seed_rows=rows))
    return compare_sweep(Path("x"), tuple(NOISY.axes), VALUES, runs)


def test_the_reference_is_the_run_that_is_asked_about():
    tables = study_tables(NOISY, grid())
    row = tables.baseline.iloc[0]
    assert row["run"] == "fine-tune=head,label-noise=0.18,epochs=2"
    assert row["accuracy"] == pytest.approx(0.4)
    assert row["accuracy_low"] < 0.4 < row["accuracy_high"]
    assert (row["classes"], row["seeds"]) == (3, 4)


@pytest.mark.parametrize("change", [0.1, -0.1, 0.0])
def test_a_remedy_has_the_change_that_was_planted(change):
    (row,) = study_tables(NOISY, grid(change)).remedies.to_dict("records")
    assert row["accuracy_change"] == pytest.approx(change, abs=0.005)
    assert (row["accuracy_low"] > 0) == (change > 0)
    assert (row["accuracy_high"] < 0) == (change < 0)


def test_each_setting_is_changed_alone():
    changes = study_tables(NOISY, grid()).changes
    own = changes[changes["metric"] == "accuracy"].set_index("setting")
    assert own["effect"].to_dict() == pytest.approx(
        {"fine_tune": 0.2, "label_noise": 0.1, "epochs": 0.1}, abs=0.005
    )


def test_shares_are_those_of_the_whole_change():
    shares = study_tables(NOISY, grid()).shares
    own = shares[shares["metric"] == "accuracy"].set_index("setting")
    assert own["share"].to_dict() == pytest.approx(
        {"fine_tune": 0.5, "label_noise": 0.25, "epochs": 0.25}, abs=0.01
    )
    assert own["total"].unique() == pytest.approx([0.4])


def test_the_best_has_the_labels_that_are_asked_about():
    (best,) = study_tables(NOISY, grid()).best.to_dict("records")
    assert best["run"] == "fine-tune=half,label-noise=0.18,epochs=6"
    assert best["strategy"] == "remedy"
    assert best["choices"] == 8
    (other,) = study_tables(NOISY, grid(0.1, {"no_change": 0.3, "remedy": 0.2})).best.to_dict(
        "records"
    )
    assert other["strategy"] == "no_change", "the choice is by validation, not by test"


@pytest.mark.parametrize("remedy", [0.1, -0.1])
def test_the_best_has_its_difference_from_the_run_in_question(remedy):
    """Both are planted: .3 by depth and epochs, and the remedy; the difference is clear."""
    (best,) = study_tables(NOISY, grid(remedy)).best.to_dict("records")
    assert best["change"] == pytest.approx(0.3 + remedy, abs=0.005)
    assert 0 < best["change_low"] < best["change"] < best["change_high"]


def test_the_baseline_has_what_it_learnt_of_wrong_labels():
    whole = grid()
    assert study_tables(NOISY, whole).baseline[["as_given", "as_right"]].isna().all(axis=None)
    rows = [("no_change", 0, 9, 0.2, 0.7), ("no_change", 1, 9, 0.4, 0.5), ("x", 0, 9, 1.0, 0.0)]
    findings = replace(
        whole.runs[0].findings, wrong_labels=pd.DataFrame(rows, columns=WRONG_LABELS)
    )
    runs = (replace(whole.runs[0], findings=findings), *whole.runs[1:])
    row = study_tables(NOISY, replace(whole, runs=runs)).baseline.iloc[0]
    assert (row["as_given"], row["as_right"]) == pytest.approx((0.3, 0.6))


def test_a_grid_that_lacks_a_run_or_a_baseline_is_refused():
    whole = grid()
    part = compare_sweep(Path("x"), whole.settings, whole.values[1:], whole.runs[1:])
    with pytest.raises(ValueError, match=r"there is no run fine-tune=head,label-noise=0.18,epochs"):
        study_tables(NOISY, part)
    runs = [replace(run, baseline=None) for run in whole.runs]
    with pytest.raises(ValueError, match="no baseline in common"):
        study_tables(NOISY, replace(whole, runs=tuple(runs)))


def test_a_baseline_that_failed_is_told_with_the_run():
    whole = grid()
    first = whole.runs[0]
    runs = (replace(first, seed_rows=first.seed_rows.assign(status="failed")), *whole.runs[1:])
    with pytest.raises(ValueError, match=r"the baseline no_change failed.* choose another --base"):
        study_tables(NOISY, replace(whole, runs=runs))


def test_the_largest_ignored_class_is_no_larger_than_the_largest():
    whole = grid()
    first = whole.runs[0]
    rows = first.per_class.copy()
    grown = (rows["seed"] == 1) & (rows["class"] == rows["class"].iloc[0])  # by noise, in one seed
    rows.loc[grown, ["train_count", "predicted"]] = (99_999, 0)
    runs = (replace(first, per_class=rows), *whole.runs[1:])
    row = study_tables(NOISY, replace(whole, runs=runs)).baseline.iloc[0]
    assert row["largest_never_predicted"] == row["largest_class"] == 99_999


@pytest.mark.parametrize("study", [*STUDIES.values(), OF_OWN_DATA], ids=lambda study: study.name)
def test_every_study_has_tables_and_a_page(study):
    values = list(product(*study.axes.values()))
    runs = [planted({"no_change": 0.5 + 0.05 * k, "remedy": 0.6}) for k in range(len(values))]
    runs = [replace(run, seed_rows=run.seed_rows.assign(val_macro_f1=0.5)) for run in runs]
    tables = study_tables(study, compare_sweep(Path("x"), tuple(study.axes), values, runs))
    assert set(tables.shares["setting"]) == set(study.improved)
    assert "plain fine-tuning" in build_page(study, "wheels", tables).verdict


@pytest.mark.parametrize("seeds", [2, 3])
def test_no_interval_of_few_seeds_leaves_what_is_possible(seeds):
    runs = [
        planted({"no_change": 0.5 + 0.06 * k, "remedy": 0.6}, seeds, noise=0.2, first_seed=k)
        for k in range(len(VALUES))
    ]
    runs = [replace(run, seed_rows=run.seed_rows.assign(val_macro_f1=0.5)) for run in runs]
    tables = study_tables(NOISY, compare_sweep(Path("x"), tuple(NOISY.axes), VALUES, runs))
    assert tables.baseline.filter(regex="_(low|high)$").stack().between(0, 1).all()
    assert tables.remedies.filter(regex="_(low|high)$").stack().between(-1, 1).all()
    for table in (tables.changes, tables.shares):
        assert table[["low", "high"]].stack().between(-1, 1).all()
    page = build_page(NOISY, "wheels", tables)
    assert (
        sum(f"{seeds} seeds: intervals over them are wide" in text for text in page.warnings) == 1
    )


def test_a_setting_that_trains_the_same_networks_has_no_share():
    whole = grid()
    phases = ({"train_from": "head", "epochs": 2.0, "lr": 0.1},)
    runs = []
    for k, (run, (_, noise, epochs)) in enumerate(zip(whole.runs, VALUES, strict=True)):
        own = run.manifest.experiment
        recipe = replace(own.recipe, name="heads", phases=phases)
        own = replace(own, recipe=recipe, phase_steps=(int(epochs),), first_trained=f"block{k}")
        runs.append(replace(run, manifest=replace(run.manifest, experiment=own, splits={0: noise})))
    sweep = compare_sweep(Path("x"), whole.settings, VALUES, runs)
    tables = study_tables(NOISY, sweep)
    assert set(tables.shares["setting"]) == {"label_noise", "epochs"}
    why = tables.changes.set_index("setting")["same_because"].to_dict()
    assert why == {
        "fine_tune": "the recipe heads trains the head alone",
        **dict.fromkeys(("label_noise", "epochs"), ""),
    }
    text = " ".join(change_sentences(tables))
    assert (
        "With depth `half` in place of `head`, the very same networks are trained (the recipe "
        "heads trains the head alone): nothing is known of the depth, and it has no share." in text
    )
    same = [warning for warning in warnings(sweep) if "same networks" in warning]
    assert same == [
        "The same networks are trained with depth `head` and `half`: the recipe heads trains the "
        "head alone. What differs between them is no effect of the depth."
    ]

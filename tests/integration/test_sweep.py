"""Two recipes in one command: runs of their own, one report, resumed and refused as runs are."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pandas as pd
import pytest

import benchmark
from benchmark import api
from benchmark.plan.recipes import RECIPES
from tests.integration.commands import SMALL, call

NAMES = "no_change,class_weights,threshold_moving"
RECIPE = ("--recipe", "forum,strong")


@pytest.fixture(scope="module")
def flags(image_folder):
    """Flags of a short run without --out."""
    return ("--data", image_folder, *SMALL.flags, "--jobs", "1", "--strategies", NAMES)


@pytest.fixture(scope="module")
def finished(flags, tmp_path_factory):
    """A sweep, and what its command printed."""
    folder = tmp_path_factory.mktemp("sweep") / "mine"
    done = call("run", *flags, *RECIPE, "--out", folder)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_each_recipe_has_a_run_of_its_own_and_both_one_report(finished):
    folder, printed = finished
    for name in ("forum", "strong"):
        assert (folder / name / "report.html").exists()
        manifest = benchmark.load(folder / name).comparison.manifest
        assert manifest.experiment.recipe.name == name
        assert RECIPE[1] in manifest.command
    assert {file.name for file in folder.glob("*.csv")} == {
        *("scores.csv", "cells.csv", "paired.csv", "agreement.csv", "runs.csv"),
        *("main_effects.csv", "gains.csv", "gain_changes.csv", "best.csv"),
    }
    assert f"report: {folder / 'report.html'}" in printed
    scores = pd.read_csv(folder / "scores.csv")
    assert list(scores["recipe"].unique()) == ["forum", "strong"]
    for name, rows in scores.groupby("recipe"):
        own = pd.read_csv(folder / str(name) / "summary.csv").set_index("strategy")
        macro_f1 = rows.set_index("strategy")["macro_f1"]
        assert macro_f1.to_dict() == own["macro_f1"].reindex(macro_f1.index).to_dict()
        assert len(own) == len(macro_f1) + 1, "the null row"


def test_both_recipes_have_the_same_images_and_splits(finished):
    folder, _ = finished
    splits = [(folder / name / "splits" / "seed0.json").read_text() for name in ("forum", "strong")]
    assert splits[0] == splits[1]


def test_the_plan_says_what_both_cost(finished, flags, tmp_path):
    _, printed = finished
    plan = call("plan", *flags, *RECIPE, "--out", tmp_path / "new").stdout
    total = plan.strip().splitlines()[-1]
    assert total in printed
    assert total.startswith("in all ")
    assert " under recipe forum and " in total
    assert not (tmp_path / "new").exists()


def test_the_same_command_trains_nothing_and_reports_the_same_bytes(finished, flags):
    folder, _ = finished
    before = {file: file.read_bytes() for file in (folder / "report.html", folder / "scores.csv")}
    again = call("run", *flags, *RECIPE, "--out", folder)
    assert again.returncode == 0, again.stderr
    assert "in all     0 steps to train" in again.stdout
    assert "training:" not in again.stdout
    assert {file: file.read_bytes() for file in before} == before
    assert call("report", folder).returncode == 0
    assert {file: file.read_bytes() for file in before} == before


def test_a_run_that_was_lost_is_trained_again_and_the_other_not(finished, flags, tmp_path):
    folder = tmp_path / "mine"
    shutil.copytree(finished[0], folder)
    for file in (folder / "strong" / "outputs").glob("*"):
        file.unlink()
    again = call("run", *flags, *RECIPE, "--out", folder).stdout
    assert ": 0 under recipe forum and " in again
    whole = finished[0] / "scores.csv"
    assert (folder / "scores.csv").read_bytes() == whole.read_bytes()


def test_a_notebook_gets_tables_of_both(finished):
    result = benchmark.load(finished[0])
    assert isinstance(result, benchmark.SweepResult)
    assert list(result.runs) == ["forum", "strong"]
    assert len(result.summary) == 2 * 4, "three strategies and the null row, under each"
    assert result.failures.empty
    assert result.agreement["pairs"].tolist() == [3]
    assert "Macro-F1, strong" in result._repr_html_()
    assert "report.html" in repr(result)
    multiples = {"macro-f1", "never-predicted", "gap"}
    assert set(result.figures) == {"ranks", "differences"} | multiples


def test_another_baseline_at_the_report(finished):
    result = benchmark.load(finished[0], "class_weights")
    assert result.comparison.baseline == "class_weights"
    benchmark.load(finished[0])


def test_a_run_is_not_written_over_a_sweep_nor_a_sweep_over_a_run(finished, flags):
    folder, _ = finished
    single = call("run", *flags, "--out", folder)
    assert single.returncode == 2
    assert "which has several values; its run with these values is in" in single.stderr
    inside = call("run", *flags, *RECIPE, "--out", folder / "forum")
    assert "holds a single run. Choose another --out" in inside.stderr
    compared = call("compare", folder, folder / "forum")
    assert "holds a sweep of several runs, of which `report` takes all; give" in compared.stderr


def test_a_sweep_finds_its_own_folder_again(flags, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("benchmark.result.run.write_report", lambda comparison: {})  # seconds each
    quick = (*flags[:-1], "no_change", *RECIPE)
    first = call("run", *quick)
    (folder,) = (tmp_path / "results").iterdir()
    assert folder.name.endswith("-and-strong")
    assert first.returncode == 0
    assert "in all     0 steps" in call("run", *quick).stdout
    assert list((tmp_path / "results").iterdir()) == [folder]
    call("run", *quick, "--lr", "0.01")
    assert len(list((tmp_path / "results").iterdir())) == 2


def test_a_settings_file_may_hold_several_recipes(flags, tmp_path):
    file = tmp_path / "study.toml"
    file.write_text('recipe = ["forum", "strong"]\n', encoding="utf-8")
    plan = call("plan", *flags, "--config", file, "--out", tmp_path / "x").stdout
    assert "in all " in plan
    file.write_text('recipe = ["forum", "stron"]\n', encoding="utf-8")
    wrong = call("plan", *flags, "--config", file)
    assert "unknown recipe 'stron'. Did you mean 'strong'?" in wrong.stderr


def test_a_recipe_that_fails_wholly_is_told_beside_the_other(image_folder, tmp_path):
    wild = replace(RECIPES["forum"], name="wild")
    wild = replace(wild, phases=tuple(replace(p, lr=1e30, epochs=1) for p in wild.phases))
    calm = replace(wild, name="calm")
    calm = replace(calm, phases=tuple(replace(p, lr=1e-3) for p in calm.phases))
    result = benchmark.run(
        image_folder,
        ["no_change", "class_weights"],
        recipe=[calm, wild],
        plugin=SMALL.flags[SMALL.flags.index("--plugin") + 1],
        **{"backbone": "small", "image_size": 32, "weights": "none", "precision": "fp32"},
        device="cpu",
        jobs=1,
        out=tmp_path / "sweep",
        no_null=True,
    )
    assert set(result.failures["recipe"]) == {"wild"}
    html = result.reports["html"].read_text(encoding="utf-8")
    assert "No strategy finished under both recipes" in html
    assert "Every strategy failed under" in html


def test_a_grid_is_resumed_widened_and_reported(image_folder, tmp_path, monkeypatch):
    """Depth and label noise: a run that was stopped, the rest, then one more level of noise."""
    # the reports of single runs have tests of their own, and take most of the time
    for module in ("run", "run_reports"):
        monkeypatch.setattr(f"benchmark.result.{module}.write_report", lambda comparison: {})
    folder = tmp_path / "grid"
    training = (*SMALL.flags, "--jobs", "1", "--strategies", "no_change,class_weights", "--no-null")
    grid = ("--data", image_folder, *training, "--fine-tune", "head,half", "--out", folder)
    noise = ("--label-noise", "0,0.2")
    plan = call("plan", *grid, *noise).stdout
    assert "runs       4 in " in plan
    assert "  label-noise=0.2,fine-tune=half  2 of 2 networks, " in plan

    execute, begun = api._execute_run, []

    def stop_at_third(executor, *rest):
        begun.append(executor.folder.path.name)
        if len(begun) == 3:
            raise KeyboardInterrupt
        return execute(executor, *rest)

    with monkeypatch.context() as stopped:
        stopped.setattr(api, "_execute_run", stop_at_third)
        call("run", *grid, *noise)
    assert begun == [
        *("label-noise=0,fine-tune=head", "label-noise=0,fine-tune=half"),
        "label-noise=0.2,fine-tune=head",
    ]
    unfinished = benchmark.load(folder).comparison
    assert len(unfinished.missing) == 2
    assert unfinished.axes[0].setting == "fine_tune"

    again = call("run", *grid, *noise)
    assert again.returncode == 0, again.stderr
    assert "label-noise=0,fine-tune=half    0 of 2 networks, 0 steps; 2 are stored" in again.stdout
    assert "label-noise=0.2,fine-tune=half  2 of 2 networks, " in again.stdout
    wider = call("run", *grid, "--label-noise", "0,0.4")
    assert wider.returncode == 0, wider.stderr
    assert "label-noise=0.4,fine-tune=head  2 of 2 networks, " in wider.stdout

    result = benchmark.load(folder)
    assert not result.comparison.missing
    assert list(result.runs) == [
        f"label-noise={noise},fine-tune={depth}"
        for noise in ("0", "0.2", "0.4")
        for depth in ("head", "half")
    ]
    assert set(result.main_effects["setting"]) == {"label_noise", "fine_tune"}
    assert len(result.cells) == 6 * 2
    assert {"label_noise", "fine_tune", "gap"} <= set(pd.read_csv(folder / "cells.csv"))
    assert result.runs["label-noise=0.2,fine-tune=half"].comparison.baseline == "no_change"
    assert "Label noise" in result._repr_html_()
    compared = call("compare", folder / "label-noise=0,fine-tune=head", folder)
    assert "holds a sweep of several runs, of which `report` takes all; give" in compared.stderr

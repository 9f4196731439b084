"""Rankings under two recipes: numbers by hand, what is ranked, and what seeds can tell."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.analysis.claims import primary_claims
from benchmark.analysis.sweep import SweepComparison, compare_sweep, load_sweep
from benchmark.execution.sweep_folder import SWEEP_FILE, SweepManifest, SweepRunInfo
from benchmark.storage.stored_file import DamagedFileError
from benchmark.storage.typed_json import to_json
from tests.report.multi.runs import MISSING, run
from tests.report.sweep.sweeps import STRATEGIES, fabricated_run, two_recipes, write_sweep


def sweep(*scores: dict[str, float], **how) -> SweepComparison:
    """Return a sweep of runs with these scores."""
    names = ("forum", "strong", "third")[: len(scores)]
    runs = [run(name, own, **how) for name, own in zip(names, scores, strict=True)]
    return compare_sweep(Path("x"), ("recipe",), [(name,) for name in names], runs)


A = {"c": 0.5, "a": 0.6, "b": 0.55, "d": 0.4}
B = {"c": 0.5, "a": 0.45, "b": 0.55, "d": 0.4}


def test_ranks_pairs_and_tau_by_hand():
    comparison = sweep(A, B)
    assert comparison.ranked == ("c", "a", "b", "d")
    (axis,) = comparison.axes
    assert [axis.ranks_of(name) for name in "cabd"] == [[3, 2], [1, 3], [2, 1], [4, 4]]
    assert axis.rank_changes.to_dict() == {"c": 1, "a": 2, "b": 1, "d": 0}
    (row,) = axis.agreement.to_dict("records")
    assert (row["a"], row["b"]) == ("forum", "strong")
    assert (row["strategies"], row["pairs"], row["reversed"]) == (4, 6, 2)  # a-c, a-b
    assert row["tau"] == pytest.approx((4 - 2) / 6)
    assert axis.concordance.w == pytest.approx((1 + 0.4) / 2)  # Spearman's rho is .4


def test_three_recipes_have_three_pairs_and_one_w():
    comparison = sweep(A, B, A)
    (axis,) = comparison.axes
    assert axis.agreement["tau"].tolist() == pytest.approx([1 / 3, 1, 1 / 3])
    assert 0.5 < axis.concordance.w < 1


def test_a_strategy_is_ranked_where_it_finished_under_every_value():
    comparison = sweep(A, {**B, "d": MISSING})
    assert comparison.ranked == ("c", "a", "b")
    assert comparison.axes[0].agreement["pairs"].tolist() == [3]
    added = sweep(A, {"c": 0.5, "a": 0.45})
    assert added.ranked == ("c", "a")
    scores = added.scores.set_index(["recipe", "strategy"])
    assert scores.loc[("strong", "b"), "status"] == "not run"


def test_the_null_row_has_no_rank(tmp_path):
    comparison = two_recipes(tmp_path, null=True)
    assert comparison.runs[0].null
    assert set(comparison.ranked) == set(STRATEGIES)
    assert comparison.runs[0].null not in set(comparison.scores["strategy"])


def test_one_seed_has_no_effect_and_eight_have(tmp_path):
    assert two_recipes(tmp_path / "one").axes[0].effect is None
    (axis,) = two_recipes(tmp_path / "eight", seeds=tuple(range(8))).axes
    assert axis.effect.within > axis.effect.between + 0.2
    assert axis.effect.p <= 0.05
    assert axis.seeds_needed == 6


def test_claims_are_those_of_each_run(tmp_path):
    comparison = two_recipes(tmp_path, seeds=tuple(range(8)))
    directions = comparison.directions
    assert list(directions.columns) == ["forum", "strong"]
    assert list(directions.index) == list(STRATEGIES[1:])
    for name, own in zip(comparison.names, comparison.runs, strict=True):
        claims = {claim.strategy: claim.direction for claim in primary_claims(own)}
        assert directions[name].to_dict() == claims


def test_runs_that_have_not_begun_are_told(tmp_path):
    runs = {name: fabricated_run(name, STRATEGIES) for name in ("forum", "strong")}
    whole = load_sweep(write_sweep(tmp_path / "a", runs, planned=["third"]))
    assert (whole.names, whole.missing) == (("forum", "strong"), ("third",))
    only = {"forum": runs["forum"]}
    with pytest.raises(FileNotFoundError, match="no run with recipe strong yet"):
        load_sweep(write_sweep(tmp_path / "b", only, planned=["strong"]))


def test_another_baseline_is_that_of_all_runs(tmp_path):
    two_recipes(tmp_path)
    comparison = load_sweep(tmp_path, "class_weights")
    assert comparison.baseline == "class_weights"
    with pytest.raises(ValueError, match="is none of the strategies"):
        load_sweep(tmp_path, "nothing")


def test_seeds_that_one_run_lacks_are_left_out():
    several = run("forum", A, seeds=(0, 1))
    comparison = compare_sweep(
        Path("x"), ("recipe",), [("forum",), ("strong",)], [several, replace(run("strong", B))]
    )
    assert comparison.seeds == [0]
    assert comparison.axes[0].effect is None


def test_a_folder_with_the_run_of_another_value_is_named(tmp_path):
    runs = {name: fabricated_run("forum", STRATEGIES) for name in ("forum", "strong")}
    words = r"strong holds a run with recipe forum, where that with recipe strong belongs; put"
    with pytest.raises(ValueError, match=words):
        load_sweep(write_sweep(tmp_path, runs))


def changed(run, **settings):
    """The run with other settings, which lead to nothing else."""
    experiment = run.manifest.experiment
    other = replace(experiment, settings=experiment.settings | settings)
    return run._replace(manifest=replace(run.manifest, experiment=other))


def test_runs_that_differ_in_more_than_the_setting_are_named(tmp_path):
    runs = {name: fabricated_run(name, STRATEGIES) for name in ("forum", "strong")}
    runs["strong"] = changed(runs["strong"], image_size=299)
    words = r"in more than recipe \(image size 160 with recipe forum, 299 with recipe strong\), so"
    with pytest.raises(ValueError, match=words):
        load_sweep(write_sweep(tmp_path / "a", runs))
    runs["strong"] = changed(fabricated_run("strong", STRATEGIES), device="cuda", seeds=[0, 1])
    assert load_sweep(write_sweep(tmp_path / "b", runs)).names == ("forum", "strong")


def test_a_sweep_of_any_setting_is_looked_at(tmp_path):
    runs = {
        f"{size}": changed(fabricated_run("forum", STRATEGIES), image_size=size)
        for size in (160, 299)
    }
    folder = write_sweep(tmp_path, runs)
    manifest = SweepManifest(
        settings=("image_size",), runs=tuple(SweepRunInfo((name,), name) for name in runs)
    )
    (folder / SWEEP_FILE).write_text(to_json(manifest))
    assert load_sweep(folder).names == ("160", "299")
    shutil.rmtree(folder / "160")
    shutil.copytree(folder / "299", folder / "160")
    with pytest.raises(ValueError, match=r"160 holds a run with image-size 299, where that with"):
        load_sweep(folder)


def test_a_run_of_a_sweep_is_no_link(tmp_path):
    two_recipes(tmp_path / "sweep")
    (tmp_path / "sweep" / "strong").rename(tmp_path / "strong")
    (tmp_path / "sweep" / "strong").symlink_to(tmp_path / "strong")
    with pytest.raises(ValueError, match=r"sweep/strong is a link, which no run follows"):
        load_sweep(tmp_path / "sweep")


@pytest.mark.parametrize("elsewhere", ["..", "../strong", "/tmp", "a/b", ""])
def test_a_sweep_names_no_folder_elsewhere(tmp_path, elsewhere):
    two_recipes(tmp_path)
    manifest = SweepManifest(
        settings=("recipe",),
        runs=(SweepRunInfo(("forum",), "forum"), SweepRunInfo(("strong",), elsewhere)),
    )
    (tmp_path / SWEEP_FILE).write_text(to_json(manifest))
    with pytest.raises(DamagedFileError, match=r"names a folder that is not in its own"):
        load_sweep(tmp_path)
    (tmp_path / SWEEP_FILE).write_text(to_json(replace(manifest, settings=("colour",), runs=())))
    with pytest.raises(DamagedFileError, match="it names no setting of a run"):
        load_sweep(tmp_path)

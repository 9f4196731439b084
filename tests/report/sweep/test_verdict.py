"""What is said of a sweep: which strategies help everywhere, and whether the ranking holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from benchmark.analysis.sweep import compare_sweep, load_sweep
from benchmark.report.sweep.tables import difference_table
from benchmark.report.sweep.verdict import follow_up, ranking_sentence, verdict
from tests.report.fabricate import STRATEGIES, with_predictions
from tests.report.multi.runs import MISSING, run
from tests.report.sweep.sweeps import TURNED, fabricated_run, two_recipes, write_sweep


def sweep(*scores: dict[str, float], names=("forum", "strong", "third")):
    names = names[: len(scores)]
    runs = [run(name, own) for name, own in zip(names, scores, strict=True)]
    return compare_sweep(Path("x"), ("recipe",), [(name,) for name in names], runs)


A = {"c": 0.5, "a": 0.6, "b": 0.55}
B = {"c": 0.5, "a": 0.4, "b": 0.55}


def test_pairs_that_turn_and_the_rank_that_changes_most():
    assert ranking_sentence(sweep(A, B).axes[0]) == (
        "2 of 3 pairs of strategies change their order (Kendall's tau −.33; 1 is the same "
        "ranking). The rank of `a` (1 under `forum` and 3 under `strong`) changes most."
    )
    assert "First by macro-F1: `a` under `forum`; `b` under `strong`." in verdict(sweep(A, B))


def test_several_ranks_are_ranks():
    first, second = {"c": 0.5, "a": 0.6}, {"c": 0.5, "a": 0.4}
    text = ranking_sentence(sweep(first, second).axes[0])
    assert "The ranks of `c` (2 under `forum` and 1 under `strong`) and `a` (1 under" in text
    assert text.endswith(" change most.")


def test_the_same_ranking_is_told():
    text = verdict(sweep(A, A))
    assert (
        "No two strategies change their order: the ranking is the same under both recipes." in text
    )
    assert "First by macro-F1 under both recipes: `a`." in text


def test_of_three_recipes_the_two_that_agree_least_are_named():
    text = ranking_sentence(sweep(A, A, B).axes[0])
    assert "change their order between `forum` and `third`, which agree least (" in text
    assert "1 under `forum`, 1 under `strong` and 3 under `third`" in text


def test_nothing_that_finished_everywhere_is_told():
    failed = dict.fromkeys(A, MISSING)
    assert verdict(sweep(A, failed)) == (
        "No strategy finished under both recipes: nothing is compared."
    )
    assert follow_up(sweep(A, failed)) == ""


@pytest.fixture(scope="module")
def eight(tmp_path_factory):
    return two_recipes(tmp_path_factory.mktemp("eight"), seeds=tuple(range(8)))


def with_directions(comparison, **directions: tuple[int, int]):
    """Give each strategy, in the order of the sweep, what the runs claim of it."""
    table = pd.DataFrame.from_dict(directions, "index", columns=list(comparison.names))
    changed = replace(comparison)
    changed.__dict__["directions"] = table  # takes the place of the cached property
    return changed


def test_gains_under_both_and_under_one(eight):
    claimed = with_directions(eight, a=(1, 1), b=(1, 0), c=(1, 0), d=(0, 1), e=(0, 0))
    assert verdict(claimed).startswith(
        "Under both recipes, `a` raises macro-F1. Under `forum` alone, `b` and `c` raise macro-F1; "
        "under `strong` alone, `d` raises macro-F1. The ranking does not hold: 6 of 15 pairs"
    )
    assert follow_up(eight).startswith("The ranking depends on the recipe: two seeds under the ")


def test_losses_and_strategies_that_help_here_and_hurt_there(eight):
    claimed = with_directions(eight, a=(-1, -1), b=(-1, 1))
    assert verdict(claimed).startswith(
        "No strategy's macro-F1 is clearly above the baseline's under both recipes. Under both "
        "recipes, `a` lowers macro-F1. Macro-F1 of `b` is clearly above the baseline's here and "
        "clearly below there."
    )


def test_one_seed_says_nothing_of_strategies(tmp_path):
    """Its claims are about trained networks: another seed may train others."""
    runs = [with_predictions(own, class_weights=None) for own in two_recipes(tmp_path).runs]
    comparison = compare_sweep(tmp_path, ("recipe",), [("forum",), ("strong",)], runs)
    assert comparison.claims["class_weights", "strong"].direction == 1
    text = verdict(comparison)
    assert "No strategy's macro-F1 is clearly above the baseline's under both recipes." in text
    assert "raise" not in text
    table = difference_table(comparison)
    assert not any(cell.mark for row in table.rows for cell in row.cells)


def test_seeds_that_differ_as_much_as_recipes_are_told(tmp_path):
    runs = {
        name: fabricated_run(name, STRATEGIES, seeds=tuple(range(8))) for name in ("forum", "x")
    }
    comparison = load_sweep(write_sweep(tmp_path, runs))
    assert "depends on" not in follow_up(comparison)


def test_a_ranking_that_seeds_change_as_much_is_not_said_to_hold(tmp_path):
    comparison = two_recipes(tmp_path, seeds=tuple(range(8)))
    assert "The ranking does not hold: " in verdict(comparison)
    (axis,) = comparison.axes
    vars(axis)["effect"] = replace(axis.effect, p=0.5)
    text = verdict(comparison)
    assert "Recipes change the ranking no more than seeds do: " in text
    assert "hold" not in text


def test_one_seed_names_the_seeds_that_tell(tmp_path):
    comparison = two_recipes(tmp_path)
    assert follow_up(comparison) == (
        "One seed does not tell whether the recipe or chance changes the order: another seed may "
        "change it as much. Run `--seeds 8`."
    )
    assert "No strategy's macro-F1 is clearly above" in verdict(comparison)


def test_a_quick_look_says_so(tmp_path):
    runs = {
        "forum": fabricated_run("forum", STRATEGIES, quick=True),
        "strong": fabricated_run("strong", TURNED, quick=True),
    }
    assert "without `--quick`" in follow_up(load_sweep(write_sweep(tmp_path, runs)))

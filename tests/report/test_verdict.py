"""The sentence says what happened and never more than the seeds can carry."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from fabricate import CLASSES, STRATEGIES, fabricate

from benchmark.analysis.comparison import Comparison
from benchmark.report.single.significance import follow_up, seeds_needed
from benchmark.report.single.verdict import paired_differences, verdict

CONTROL = "no_change"
NUMBERS = ("never_predicted", "zero_recall", "macro_f1", "accuracy")
PRAISE = r"\b(best|wins?|winner|better|significantly|beats?|outperforms?)\b"


def with_numbers(comparison: Comparison, **columns: list[float]) -> Comparison:
    changed = comparison.summary.assign(**columns)
    rows = changed.drop(columns="status").set_index("strategy")
    seed_rows = comparison.seed_rows.set_index("strategy")
    seed_rows = seed_rows.assign(**{name: rows[name] for name in columns}).reset_index()
    return replace(comparison, summary=changed, seed_rows=seed_rows)


def example(never: list[float], macro_f1: list[float], accuracy: list[float]) -> Comparison:
    comparison = fabricate(strategies=STRATEGIES[: len(never)])
    unfound = [number + place + 1 if number else 0 for place, number in enumerate(never)]
    return with_numbers(
        comparison,
        never_predicted=never,
        zero_recall=unfound,
        macro_f1=macro_f1,
        accuracy=accuracy,
    )


def test_one_seed_says_who_is_ignored_what_changes_it_and_the_price() -> None:
    comparison = example([12, 1, 9], [0.175, 0.31, 0.2], [0.51, 0.46, 0.5])
    bounds = {"low": [0.0804, 0.1, -0.2], "high": [0.2101, 0.2, -0.012]}
    rows = comparison.paired[comparison.paired["strategy"] == "class_weights"].assign(**bounds)
    rows = rows.assign(difference=[0.135, 0.1, -0.05], p_images_holm=[0.0754, np.nan, np.nan])
    comparison.__dict__["paired"] = rows
    assert list(rows["metric"]) == ["macro_f1", "balanced_accuracy", "accuracy"]
    assert verdict(comparison) == (
        "On this one seed, 12 of 17 classes are never predicted and 13 never found under "
        "`no_change`, 1 and 3 under `class_weights`, where macro-F1 goes from .175 to .310 (+.135, "
        "95 %: +.080 to +.210; p = .075) and accuracy from .510 to .460 (−.050, 95 %: −.200 to "
        "−.012)."
    )
    comparison.__dict__["paired"] = rows.assign(p_images_holm=0.0001)
    assert "+.210; p < .001)" in verdict(comparison)


def test_a_strategy_whose_effect_was_not_seen_is_not_praised_without_saying_so() -> None:
    comparison = fabricate(
        failed_audit=("random_oversampling",), strategies=(CONTROL, "random_oversampling")
    )
    assert "under `random_oversampling` (flagged below), where" in verdict(comparison)
    several = fabricate(
        failed_audit=("random_oversampling",),
        strategies=(CONTROL, "random_oversampling"),
        seeds=tuple(range(8)),
    )
    assert "; flagged below)" in follow_up(several)


def test_strategies_that_tie_are_all_named_with_their_range() -> None:
    said = verdict(example([12, 0, 0], [0.175, 0.31, 0.37], [0.51, 0.46, 0.4]))
    assert "none and 0 under `class_weights` and `focal_loss`" in said
    assert "macro-F1 goes from .175 to between .310 and .370" in said
    assert "accuracy from .510 to between .400 and .460" in said


def test_it_says_so_when_nothing_helps() -> None:
    said = verdict(example([3, 3, 5], [0.4, 0.41, 0.3], [0.5, 0.5, 0.5]))
    assert "3 of 17 classes are never predicted and 4 never found under `no_change`" in said
    assert "no strategy predicts more of them" in said


def test_it_says_so_when_nothing_was_wrong() -> None:
    said = verdict(example([0, 0, 0], [0.4, 0.41, 0.3], [0.5, 0.5, 0.5]))
    assert "every one of the 17 classes is predicted and found under `no_change`" in said


def test_several_seeds_give_the_mean_and_its_interval() -> None:
    comparison = fabricate(strategies=STRATEGIES[:2], seeds=(0, 1, 2))
    rows = comparison.seed_rows.assign(
        never_predicted=[12, 11, 13, 1, 0, 2],
        zero_recall=[12, 12, 13, 2, 2, 2],
        macro_f1=[0.1, 0.2, 0.3, 0.25, 0.3, 0.5],
        accuracy=[0.5, 0.5, 0.5, 0.4, 0.4, 0.4],
    )
    means = rows.groupby("strategy", sort=False)[list(NUMBERS)].mean()
    summary = comparison.summary.assign(**{name: means[name].to_numpy() for name in means})
    comparison = replace(comparison, seed_rows=rows, summary=summary)
    ours = comparison.paired.assign(difference=0.15, low=0.02, high=0.28)
    comparison.__dict__["paired"] = ours
    said = verdict(comparison)
    assert said.startswith("On average over 3 seeds, 12 of 17 classes are never predicted")
    assert "and 12.3 never found under `no_change`, 1 and 2 under `class_weights`" in said
    assert "from .200 to .350 (+.150, 95 %: +.020 to +.280)" in said


@pytest.mark.parametrize("seeds", [(0,), (0, 1), (0, 1, 2, 3, 4)])
def test_few_seeds_name_no_winner(seeds: tuple[int, ...]) -> None:
    comparison = fabricate(seeds=seeds)
    assert not re.search(PRAISE, verdict(comparison))
    hint = follow_up(comparison)
    assert ("names no winner" if len(seeds) == 1 else "too few") in hint
    assert "5 strategies" in hint
    assert hint.endswith("`--seeds 8`.")


def test_more_strategies_need_more_seeds() -> None:
    """A sign-flip test of n seeds has no p below 2 / 2^n, and Holm multiplies it."""
    assert [seeds_needed(n) for n in (1, 5, 6, 7, 13)] == [8, 8, 8, 9, 10]
    names = (*STRATEGIES, "more", "most")
    comparison = fabricate(strategies=names, seeds=tuple(range(8)))
    assert follow_up(comparison).endswith("that takes at least 9, `--seeds 9`.")


def test_from_eight_seeds_on_the_test_decides_what_is_called_significant() -> None:
    comparison = fabricate(strategies=STRATEGIES[:3], seeds=tuple(range(8)))
    said = follow_up(comparison)
    assert said.startswith(
        "Macro-F1 differs significantly from the baseline's under `class_weights`"
    )
    assert "p over seeds at most .05 by Holm for 2 strategies" in said
    table = comparison.paired[comparison.paired["metric"] == "macro_f1"]
    first = table.iloc[0]
    assert f"+{first['difference']:.3f}".replace("0.", ".") in said
    baseline = comparison.predictions[comparison.predictions["strategy"] == "no_change"]
    alike = pd.concat([baseline, baseline.assign(strategy="focal_loss")])
    alike = replace(comparison, predictions=alike)
    assert follow_up(alike).startswith("No strategy's macro-F1 differs significantly")


def test_what_an_interval_does_not_bear_out_is_not_called_significant() -> None:
    """Seeds that agree, but on a few test images which all of them share."""
    comparison = fabricate(strategies=STRATEGIES[:2], seeds=tuple(range(8)), images=300)
    table = comparison.paired[comparison.paired["metric"] == "macro_f1"]
    doubtful = table.assign(low=-0.01, p_seeds_holm=0.008)
    comparison.__dict__["paired"] = doubtful
    assert follow_up(comparison).startswith("No strategy's macro-F1 differs significantly")


def test_a_strategy_that_failed_some_seeds_is_not_called_significant() -> None:
    comparison = fabricate(strategies=STRATEGIES[:3], seeds=tuple(range(8)))
    sure = pd.DataFrame({"strategy": STRATEGIES[1:3], "difference": 0.2, "low": 0.1, "high": 0.3})
    sure["p_images"], sure["p_seeds_holm"] = 0.01, 0.008
    comparison.__dict__["paired"] = sure.assign(seeds=[7, 8])
    said = follow_up(comparison)
    assert "`focal_loss`" in said
    assert "`class_weights`" not in said
    comparison.__dict__["paired"] = sure.assign(seeds=7)
    assert follow_up(comparison) == (
        "No strategy and the baseline both finished 8 seeds: too few to call a difference "
        "significant."
    )


def test_without_a_control_nothing_is_called_significant() -> None:
    comparison = fabricate(strategies=STRATEGIES[1:3], seeds=tuple(range(8)), baseline=None)
    assert "no difference was tested" in follow_up(comparison)


def test_a_quick_look_is_called_one() -> None:
    assert "quick look" in follow_up(fabricate(quick=True))


def test_without_a_control_nothing_is_compared_with_one() -> None:
    comparison = fabricate(strategies=STRATEGIES[1:3], baseline=None)
    assert "no baseline was asked for" in verdict(comparison)
    failed = fabricate(strategies=STRATEGIES[:3], failed=(("no_change", 0),))
    assert "the baseline `no_change` failed, so nothing is compared with it" in verdict(failed)
    partly = fabricate(strategies=STRATEGIES[:3], seeds=tuple(range(9)), failed=((CONTROL, 0),))
    assert "the baseline `no_change` failed on some seeds, so means are not compared" in verdict(
        partly
    )
    assert "differs significantly" in follow_up(partly), "over the 8 seeds that it finished"


def test_only_the_control_finished() -> None:
    comparison = fabricate(strategies=STRATEGIES[:2], failed=(("class_weights", 0),))
    assert "no other strategy finished" in verdict(comparison)


def test_nothing_finished() -> None:
    comparison = fabricate(failed=tuple((name, 0) for name in STRATEGIES))
    assert "No strategy finished" in verdict(comparison)
    assert follow_up(comparison) == ""


def test_differences_pair_the_seeds_that_both_finished() -> None:
    comparison = fabricate(seeds=(0, 1, 2), failed=(("no_change", 1),))
    found = paired_differences(comparison, "no_change", "focal_loss", "macro_f1")
    rows: pd.DataFrame = comparison.seed_rows.set_index(["strategy", "seed"])["macro_f1"]
    expected = [rows["focal_loss", seed] - rows["no_change", seed] for seed in (0, 2)]
    assert found.tolist() == pytest.approx(expected)


def test_one_class_is_written_in_the_singular() -> None:
    assert "1 of 17 classes is never" in verdict(
        example([1, 0, 0], [0.1, 0.2, 0.2], [0.5, 0.5, 0.5])
    )
    assert len(CLASSES) == 17


def test_a_partly_failed_strategy_is_not_compared() -> None:
    whole = fabricate(seeds=[0, 1, 2])
    best = whole.summary.loc[whole.summary["never_predicted"].idxmin(), "strategy"]
    assert f"`{best}`" in verdict(whole)
    summary = whole.summary.copy()
    summary.loc[summary["strategy"] == best, "status"] = "partly failed"
    assert f"`{best}`" not in verdict(replace(whole, summary=summary))


def test_any_strategy_can_be_the_baseline() -> None:
    comparison = replace(
        example([12, 4, 1], [0.175, 0.31, 0.37], [0.51, 0.46, 0.4]), baseline="class_weights"
    )
    said = verdict(comparison)
    assert said.startswith(
        "On this one seed, 4 of 17 classes are never predicted and 6 never found under `class_w"
    )
    assert "1 and 4 under `focal_loss`, where macro-F1 goes from .310 to .370" in said
    assert set(comparison.paired["baseline"]) == {"class_weights"}
    failed = fabricate(strategies=STRATEGIES[:3], failed=(("focal_loss", 0),))
    said = verdict(replace(failed, baseline="focal_loss"))
    assert said.endswith("the baseline `focal_loss` failed, so nothing is compared with it.")
    assert "plain training" not in said  # one was run: its numbers stand in the table

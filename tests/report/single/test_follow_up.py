"""What a run settled: nothing is called significant that the tests do not carry."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from benchmark.analysis.claims import seeds_needed
from benchmark.report.single.doubts import interval_phrase
from benchmark.report.single.follow_up import follow_up
from tests.report.fabricate import STRATEGIES, fabricate, with_predictions

EIGHT = tuple(range(8))


@pytest.mark.parametrize("seeds", [(0,), (0, 1), (0, 1, 2, 3, 4)])
def test_few_seeds_name_no_winner(seeds: tuple[int, ...]) -> None:
    text = follow_up(fabricate(seeds=seeds))
    assert "run `--seeds 8`" in text
    assert "5 strategies" in text
    assert ("before you call any" in text) if len(seeds) == 1 else ("too few" in text)


def test_one_strategy_on_one_seed_is_not_called_a_winner() -> None:
    text = follow_up(fabricate(strategies=STRATEGIES[:2]))
    assert text == "One seed: run `--seeds 8` before you call it a winner."


def test_more_strategies_need_more_seeds() -> None:
    """A sign-flip test of n seeds has no p below 2 / 2^n, and Holm multiplies it."""
    assert [seeds_needed(n) for n in (1, 5, 6, 7, 13)] == [8, 8, 8, 9, 10]
    names = (*STRATEGIES, "more", "most")
    assert "8 seeds are too few to call a difference significant: run `--seeds 9`" in follow_up(
        fabricate(strategies=names, seeds=EIGHT, images=600)
    )


def test_from_eight_seeds_on_the_test_decides_what_is_called_significant() -> None:
    comparison = fabricate(strategies=STRATEGIES[:3], seeds=EIGHT, images=20_000)
    text = follow_up(comparison)
    assert text.startswith(
        "Macro-F1 differs significantly from the baseline's with `class_weights`"
    )
    assert "p at most .05 after Holm's correction for 2 strategies" in text
    table = comparison.paired[comparison.paired["metric"] == "macro_f1"]
    assert f"+{table.iloc[0]['difference']:.3f}".replace("0.", ".") in text
    alike = with_predictions(comparison, class_weights="no_change", focal_loss="no_change")
    assert follow_up(alike).startswith("No strategy's macro-F1 differs significantly")


def test_what_an_interval_does_not_support_is_not_called_significant() -> None:
    """Seeds that agree, but on a few test images which all of them share."""
    comparison = fabricate(strategies=STRATEGIES[:2], seeds=EIGHT, images=300)
    table = comparison.paired[comparison.paired["metric"] == "macro_f1"]
    comparison.__dict__["paired"] = table.assign(low=-0.01, p_seeds_adj=0.008)
    assert follow_up(comparison).startswith("No strategy's macro-F1 differs significantly")


def test_a_strategy_that_failed_some_seeds_is_not_called_significant() -> None:
    comparison = fabricate(strategies=STRATEGIES[:3], seeds=EIGHT, images=300)
    clear = pd.DataFrame({"strategy": STRATEGIES[1:3], "difference": 0.2, "low": 0.1, "high": 0.3})
    clear["p_test_set_adj"], clear["p_seeds_adj"], clear["metric"] = 0.01, 0.008, "macro_f1"
    comparison.__dict__["paired"] = clear.assign(seeds=[7, 8])
    text = follow_up(comparison)
    assert "`focal_loss`" in text
    assert "`class_weights`" not in text
    comparison = replace(comparison)
    comparison.__dict__["paired"] = clear.assign(seeds=7)
    assert follow_up(comparison) == (
        "No strategy and the baseline both finished 8 seeds: too few to call a difference "
        "significant."
    )


def test_a_strategy_that_finished_one_seed_of_eight_is_not_called_significant() -> None:
    """Its two networks do differ, by the exchange of test images: that is no test over seeds."""
    comparison = fabricate(strategies=STRATEGIES[:3], seeds=EIGHT, images=300)
    clear = pd.DataFrame({"strategy": STRATEGIES[1:3], "difference": 0.2, "low": 0.1, "high": 0.3})
    clear["p_test_set_adj"], clear["metric"] = 0.01, "macro_f1"
    clear = clear.assign(seeds=[1, 8], p_seeds_adj=[float("nan"), 0.008])
    comparison.__dict__["paired"] = clear
    text = follow_up(comparison)
    assert "`focal_loss`" in text
    assert "`class_weights`" not in text
    claim = comparison.claims["class_weights", "macro_f1"]
    assert interval_phrase(claim).endswith("for these networks, but 1 seed is too few for a test")


def test_where_the_baseline_failed_a_seed_the_others_can_still_be_significant() -> None:
    comparison = fabricate(
        strategies=STRATEGIES[:3],
        seeds=tuple(range(9)),
        failed=(("no_change", 0),),
        images=20_000,
    )
    assert "differs significantly" in follow_up(comparison), "over the 8 seeds that it finished"


def test_a_strategy_that_failed_its_audit_is_flagged() -> None:
    strategies = ("no_change", "random_oversampling")
    comparison = fabricate(
        failed_audit=("random_oversampling",), strategies=strategies, seeds=EIGHT, images=20_000
    )
    assert "; failed its audit)" in follow_up(comparison)


def test_without_a_baseline_nothing_is_called_significant() -> None:
    comparison = fabricate(strategies=STRATEGIES[1:3], seeds=EIGHT, baseline=None, images=300)
    assert follow_up(comparison).startswith("No difference was tested")


def test_a_quick_look_is_called_one() -> None:
    assert "Run again without `--quick`" in follow_up(fabricate(quick=True))


def test_a_run_of_which_nothing_finished_has_nothing_to_test() -> None:
    assert follow_up(fabricate(failed=[(name, 0) for name in STRATEGIES])) == ""

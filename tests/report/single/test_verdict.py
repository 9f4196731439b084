"""The verdict says what happened, and never more than the numbers can carry."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from benchmark.analysis.comparison import Comparison
from benchmark.execution.manifest_schema import AvailableStrategy
from benchmark.report.single.verdict import verdict
from tests.report.fabricate import CLASSES, STRATEGIES, fabricate, with_manifest

BASELINE = "no_change"
METRICS = ("never_predicted", "zero_recall", "macro_f1", "accuracy")
PRAISE = r"\b(best|wins?|winner|better|significantly|beats?|outperforms?)\b"


def with_numbers(comparison: Comparison, **columns: list[float]) -> Comparison:
    changed = comparison.summary.assign(**columns)
    rows = changed.drop(columns="status").set_index("strategy")
    seed_rows = comparison.seed_rows.set_index("strategy")
    seed_rows = seed_rows.assign(**{name: rows[name] for name in columns}).reset_index()
    return replace(comparison, summary=changed, seed_rows=seed_rows)


def example(
    never: list[float],
    macro_f1: list[float],
    accuracy: list[float],
    only_wrong: list[float] | None = None,
) -> Comparison:
    """Return strategies with these numbers; each predicts `only_wrong` classes only wrongly."""
    comparison = fabricate(strategies=STRATEGIES[: len(never)])
    zero_recall = np.add(never, only_wrong or [0] * len(never)).tolist()
    return with_numbers(
        comparison,
        never_predicted=never,
        zero_recall=zero_recall,
        macro_f1=macro_f1,
        accuracy=accuracy,
    )


def with_differences(
    comparison: Comparison, macro_f1: tuple[float, float], accuracy: tuple[float, float], p: float
) -> Comparison:
    """Give the second strategy these intervals of its differences, and this p-value of both."""
    rows = comparison.paired[comparison.paired["strategy"] == STRATEGIES[1]]
    bounds = {"macro_f1": macro_f1, "accuracy": accuracy}
    low, high = zip(*(bounds.get(metric, (0.1, 0.2)) for metric in rows["metric"]), strict=True)
    rows = rows.assign(low=low, high=high, p_test_set_adj=p)
    comparison.__dict__["paired"] = rows
    return comparison


def test_one_seed_shows_who_is_ignored_what_changes_it_and_the_price() -> None:
    comparison = example([7, 0, 9], [0.398, 0.574, 0.2], [0.738, 0.662, 0.5])
    with_differences(comparison, (0.1202, 0.2249), (-0.1, -0.012), 0.001)
    assert verdict(comparison) == (
        "Plain fine-tuning never predicts 7 of 17 classes. `class_weights` predicts all of them "
        "and brings macro-F1 from .398 to .574 (95 %: +.120 to +.225 for these networks); accuracy "
        "goes from .738 to .662 (95 %: −.100 to −.012 for these networks)."
    )


def test_classes_predicted_only_wrongly_are_counted() -> None:
    comparison = example([12, 1, 9], [0.175, 0.31, 0.2], [0.51, 0.46, 0.5], [1, 2, 3])
    text = verdict(comparison)
    assert "never predicts 12 of 17 classes and predicts 1 more only wrongly." in text
    assert "`class_weights` predicts all but 1 class, 2 only wrongly, and " in text


def test_of_one_seed_nothing_is_a_rise_or_a_fall() -> None:
    """Another training of the same strategy may differ more: see `--seeds`."""
    numbers = ([7, 0], [0.398, 0.41], [0.738, 0.73])
    text = verdict(with_differences(example(*numbers), (-0.02, 0.05), (-0.03, 0.01), 0.4))
    assert (
        "brings macro-F1 from .398 to .410 (95 %: −.020 to +.050 for these networks, which "
        "includes 0); accuracy goes from .738 to .730 (95 %: −.030 to +.010 for these networks, "
        "which includes 0)."
    ) in text
    text = verdict(with_differences(example(*numbers), (0.001, 0.05), (0.0004, 0.01), 0.075))
    assert (
        "(95 %: +.001 to +.050 for these networks, but exchange test: p = .075); accuracy goes"
    ) in text
    assert "(95 %: ±.000 to +.010 for these networks, which includes 0)." in text, "as written"
    assert not re.search("raises|lowers|rises|falls", text)


def test_over_seeds_what_may_be_chance_is_neither_a_rise_nor_a_fall() -> None:
    comparison = fabricate(strategies=STRATEGIES[:2], seeds=tuple(range(8)))
    rows = comparison.paired.assign(low=0.01, high=0.2, p_seeds_adj=0.01)
    for p, low, high, expected in (
        (0.01, 0.01, 0.2, "raises macro-F1 from"),
        (0.06, 0.01, 0.2, "(95 %: +.010 to +.200, but p = .060); accuracy goes from"),
        (0.01, -0.01, 0.2, "(95 %: −.010 to +.200, which includes 0); accuracy goes"),
    ):
        changed = replace(comparison)
        changed.__dict__["paired"] = rows.assign(low=low, high=high, p_seeds_adj=p)
        assert expected in verdict(changed)


def test_a_strategy_that_failed_its_audit_is_not_praised_without_that() -> None:
    strategies = (BASELINE, "random_oversampling")
    comparison = fabricate(failed_audit=("random_oversampling",), strategies=strategies)
    assert "`random_oversampling` (failed its audit) predicts" in verdict(comparison)


def test_strategies_that_tie_are_all_named_with_their_range() -> None:
    text = verdict(example([12, 0, 0], [0.175, 0.31, 0.37], [0.51, 0.46, 0.4], [0, 0, 2]))
    assert "`class_weights` and `focal_loss` predict all of them, up to 2 only wrongly." in text
    assert "Their macro-F1 is .310 to .370 (baseline .175)" in text
    assert "accuracy is .400 to .460 (baseline .510)." in text


def test_many_strategies_are_counted() -> None:
    text = verdict(example([3, 0, 0, 0, 0, 1], [0.1] * 6, [0.5] * 6))
    assert "4 strategies predict all of them" in text
    text = verdict(example([3, 0, 0, 0, 0], [0.1] * 5, [0.5] * 5))
    assert "The other 4 strategies predict all of them" in text


def test_it_says_so_when_nothing_helps() -> None:
    text = verdict(example([3, 3, 5], [0.4, 0.41, 0.3], [0.5, 0.5, 0.5]))
    assert text.startswith(
        "Plain fine-tuning never predicts 3 of 17 classes. `class_weights` and `focal_loss` "
        "ignore as many or more. Their macro-F1 is .300 to .410 (baseline .400); accuracy is "
        "unchanged at .500."
    )
    same = verdict(example([3, 3, 3], [0.4, 0.41, 0.3], [0.5, 0.5, 0.5]))
    assert "`class_weights` and `focal_loss` ignore as many. Their" in same
    assert "`class_weights` ignores more and " in verdict(example([3, 4], [0.4, 0.41], [0.5, 0.5]))


def test_it_says_so_when_nothing_was_wrong() -> None:
    text = verdict(example([0, 0, 0], [0.4, 0.41, 0.3], [0.5, 0.5, 0.5]))
    assert text.startswith(
        "Plain fine-tuning recognises images of all 17 classes. The macro-F1 of "
    )
    text = verdict(example([0, 0, 0], [0.4, 0.41, 0.3], [0.5, 0.5, 0.5], [2, 0, 0]))
    assert text.startswith("Plain fine-tuning predicts all 17 classes, but 2 of them only wrongly.")


def test_several_seeds_give_the_mean_and_its_interval() -> None:
    comparison = fabricate(strategies=STRATEGIES[:2], seeds=(0, 1, 2))
    rows = comparison.seed_rows.assign(
        never_predicted=[12, 11, 13, 1, 0, 2],
        zero_recall=[12, 12, 13, 2, 2, 2],
        macro_f1=[0.1, 0.2, 0.3, 0.25, 0.3, 0.5],
        accuracy=[0.5, 0.5, 0.5, 0.4, 0.4, 0.4],
    )
    means = rows.groupby("strategy", sort=False)[list(METRICS)].mean()
    summary = comparison.summary.assign(**{name: means[name].to_numpy() for name in means})
    comparison = replace(comparison, seed_rows=rows, summary=summary)
    comparison.__dict__["paired"] = comparison.paired.assign(low=0.02, high=0.28)
    text = verdict(comparison)
    assert text.startswith(
        "On average over 3 seeds, plain fine-tuning never predicts 12 of 17 classes and predicts "
        "0.3 more only wrongly. `class_weights` predicts all but 1 class, 1 only wrongly, and "
        "brings macro-F1 from .200 to .350 (95 %: +.020 to +.280, but 3 seeds are too few for a "
        "test); accuracy "
    )


@pytest.mark.parametrize("seeds", [(0,), (0, 1), (0, 1, 2, 3, 4)])
def test_the_verdict_praises_nothing(seeds: tuple[int, ...]) -> None:
    assert not re.search(PRAISE, verdict(fabricate(seeds=seeds)))


def test_without_a_baseline_nothing_is_compared() -> None:
    comparison = fabricate(strategies=STRATEGIES[1:3], baseline=None)
    assert "No baseline was chosen, so nothing shows what plain training does." in verdict(
        comparison
    )
    failed = fabricate(strategies=STRATEGIES[:3], failed=((BASELINE, 0),))
    assert "The baseline `no_change` failed, so nothing is compared with it." in verdict(failed)
    partly = fabricate(strategies=STRATEGIES[:3], seeds=(0, 1), failed=((BASELINE, 0),))
    text = "The baseline `no_change` failed on some seeds, so means are not compared with it."
    assert text in verdict(partly)


def test_without_a_baseline_the_fewest_ignored_classes_are_named() -> None:
    comparison = example([4, 2, 9], [0.175, 0.31, 0.2], [0.51, 0.46, 0.5], [0, 1, 0])
    assert verdict(replace(comparison, baseline=None)) == (
        "`class_weights` never predicts 2 of 17 classes and predicts 1 more only wrongly, fewer "
        "than any other strategy. Macro-F1 is .310 and accuracy .460. No baseline was chosen, so "
        "nothing shows what plain training does."
    )


def test_only_the_baseline_finished() -> None:
    comparison = fabricate(strategies=STRATEGIES[:2], failed=(("class_weights", 0),))
    assert verdict(comparison).endswith("No other strategy finished, so there is no comparison.")


def test_nothing_finished() -> None:
    comparison = fabricate(failed=[(name, 0) for name in STRATEGIES])
    assert verdict(comparison).startswith("No strategy finished")


def test_a_partly_failed_strategy_is_not_compared() -> None:
    whole = fabricate(strategies=STRATEGIES[:3], seeds=(0, 1, 2))
    best = whole.summary.loc[whole.summary["never_predicted"].idxmin(), "strategy"]
    assert f"`{best}`" in verdict(whole)
    summary = whole.summary.copy()
    summary.loc[summary["strategy"] == best, "status"] = "partly failed"
    assert f"`{best}`" not in verdict(replace(whole, summary=summary))


def test_any_strategy_can_be_the_baseline() -> None:
    comparison = example([12, 4, 1], [0.175, 0.31, 0.37], [0.51, 0.46, 0.4])
    text = verdict(replace(comparison, baseline="class_weights"))
    assert text.startswith(f"`class_weights` never predicts 4 of {len(CLASSES)} classes.")
    assert "`focal_loss` predicts all but 1 class and " in text
    assert "macro-F1 from .310 to .370" in text
    failed = fabricate(strategies=STRATEGIES[:3], failed=(("focal_loss", 0),))
    text = verdict(replace(failed, baseline="focal_loss"))
    assert text.endswith("The baseline `focal_loss` failed, so nothing is compared with it.")
    assert "plain training" not in text, "it was run: its numbers are in the table"


def test_only_a_baseline_that_changes_nothing_is_called_plain() -> None:
    comparison = fabricate(strategies=STRATEGIES[:2])
    changed = {BASELINE: AvailableStrategy("", ("loss",))}
    for available in (changed, {}):
        text = verdict(with_manifest(comparison, available=available))
        assert text.startswith("`no_change` ")

"""The verdict counts data sets, and says how many a test needs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmark.analysis.claims import primary_claims
from benchmark.analysis.multi_dataset import merge
from benchmark.report.multi.verdict import claims_sentence, follow_up, verdict
from tests.report.fabricate import STRATEGIES, fabricate
from tests.report.multi.runs import MISSING, run, several


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (
            [[0.5, 0.6, 0.7], [0.5, 0.6, 0.4]],
            "`a` has a higher macro-F1 than the baseline `c` on both data sets; `b` on 1 of 2.",
        ),
        (
            [[0.5, 0.4, 0.7], [0.5, 0.5, 0.6], [0.5, 0.4, 0.6]],
            "`b` has a higher macro-F1 than the baseline `c` on all 3 data sets; `a` on none of 3.",
        ),
        (
            [[0.5, 0.6, 0.7], [0.5, MISSING, 0.6]],
            "`b` has a higher macro-F1 than the baseline `c` on both data sets; `a` on 1 of 1 data "
            "set.",
        ),
        (
            [[0.5, 0.6, 0.7], [0.5, 0.8, 0.6]],
            "`a` and `b` have a higher macro-F1 than the baseline `c` on both data sets.",
        ),
        (
            [[0.5, 0.4, 0.3], [0.5, 0.4, 0.5]],
            "No strategy has a higher macro-F1 than the baseline `c` on any data set.",
        ),
        (
            [[0.5, MISSING, MISSING], [MISSING, 0.6, 0.6]],
            "On these 2 data sets, no strategy can be compared with the baseline `c`.",
        ),
        (
            [[MISSING] * 3] * 2,
            "No strategy of all runs finished on these 2 data sets, so nothing can be ranked.",
        ),
    ],
)
def test_the_verdict_counts_data_sets(columns: list[list[float]], sentence: str) -> None:
    runs = [run(f"d{k}", dict(zip("cab", scores, strict=True))) for k, scores in enumerate(columns)]
    assert verdict(merge(runs)) == sentence


def test_with_many_strategies_the_verdict_counts_them() -> None:
    assert verdict(several(3)) == (
        "All 5 others have a higher macro-F1 than the baseline `baseline` on all 3 data sets."
    )


def test_few_data_sets_allow_no_test_and_enough_do() -> None:
    """Planted: six strategies, each above the one before it on every data set."""
    assert follow_up(several(2)) == (
        "2 data sets are too few for a test: with 15 pairs of strategies, a difference can be "
        "significant from 10 data sets on."
    )
    assert follow_up(several(9)).startswith("9 data sets are too few for a test")
    assert follow_up(several(10)) == (
        "15 of 15 pairs differ significantly (Wilcoxon's signed-rank test over data sets, Holm's "
        "correction for 15 pairs): see below."
    )
    assert follow_up(several(6, strategies=2)) == (
        "Macro-F1 is significantly higher with `s1` than with `baseline` (Wilcoxon's signed-rank "
        "test over data sets, Holm's correction for 1 pair)."
    )
    rng = np.random.default_rng(0)
    noise = [run(f"d{d}", dict(zip("ca", rng.random(2), strict=True))) for d in range(8)]
    assert follow_up(merge(noise)).startswith("No two strategies differ significantly")


def test_without_a_common_baseline_the_verdict_gives_mean_ranks() -> None:
    x, y = run("x", {"c": 0.5, "a": 0.6}), run("y", {"c": 0.5, "a": 0.6})
    assert verdict(merge([x, replace(y, baseline="a")])) == (
        "The 2 data sets have different baselines. By macro-F1, the best mean rank is 1.0 (`a`), "
        "the worst 2.0 (`c`)."
    )
    without = merge([replace(x, baseline=None), replace(y, baseline=None)])
    assert verdict(without).startswith("The 2 data sets have no baseline. ")


def test_differences_within_a_data_set_are_counted_as_their_runs_claim_them() -> None:
    runs = [fabricate(Path("x"), strategies=STRATEGIES[:3], seeds=range(8), images=20_000)]
    runs.append(fabricate(Path("y"), strategies=STRATEGIES[:3]))
    claimed = [claim.direction != 0 for claim in primary_claims(runs[0])]
    assert any(claimed), "else the case shows nothing"
    assert claims_sentence(merge(runs)).startswith(
        f"Within a data set, {sum(claimed)} of 4 differences in macro-F1 can be claimed: "
    ), "one seed claims nothing of a strategy"

"""What a run may call significant, and which further run would settle more.

One seed names no winner. Nothing is called significant below 8 seeds, nor below as many as the
sign-flip test needs to reach 5 % after Holm's correction for so many strategies.
"""

from __future__ import annotations

import pandas as pd

from benchmark.analysis.comparison import Comparison
from benchmark.evaluation.statistics.paired_tests import min_seeds
from benchmark.report.render.blocks import as_code
from benchmark.report.render.formats import add_sign, format_share, join_names, pluralize
from benchmark.report.single.strategies import FLAG, failed_checks
from benchmark.report.single.verdict import SIGNIFICANT, format_bounds

MIN_SEEDS = 8


def follow_up(comparison: Comparison) -> str:
    """Return what the tests settled, or which run would settle more; empty if nothing finished."""
    if (comparison.seed_rows["status"] != "ok").all():
        return ""
    if comparison.manifest.quick:
        return (
            "This quick look only tries the commands out. Run again without `--quick` before you "
            "read the numbers."
        )
    tested = comparison.paired.dropna(subset="p_test_set")
    if tested.empty:
        return "No difference was tested, because no strategy finished beside a baseline."
    seeds, needed = len(comparison.seeds), seeds_needed(len(tested))
    if seeds == 1:
        which = "it" if len(tested) == 1 else f"any of the {len(tested)} strategies"
        return f"One seed: run `--seeds {needed}` before you call {which} a winner."
    if seeds < needed:
        return (
            f"{seeds} seeds are too few to call a difference significant: run `--seeds {needed}` "
            f"to test {pluralize(len(tested), 'strategy', 'strategies')}."
        )
    return _significant_differences(comparison, tested, needed)


def seeds_needed(strategies: int) -> int:
    """Return how many seeds it takes to call one of so many strategies different."""
    return max(MIN_SEEDS, min_seeds(strategies, SIGNIFICANT))


def _significant_differences(comparison: Comparison, tested: pd.DataFrame, needed: int) -> str:
    """Say for which strategies macro-F1 differs from the baseline's by the test over seeds."""
    enough = tested["seeds"] >= needed  # a strategy may have failed on some
    if not enough.any():
        return (
            f"No strategy and the baseline both finished {needed} seeds: too few to call a "
            "difference significant."
        )
    # p is corrected for the number of strategies, the interval is not: both must agree
    excludes_0 = (tested["low"] > 0) | (tested["high"] < 0)
    significant = tested[enough & (tested["p_seeds_adj"] <= SIGNIFICANT) & excludes_0]
    number = pluralize(len(tested), "strategy", "strategies")
    test = f"test over seeds, p at most .05 after Holm's correction for {number}"
    if significant.empty:
        return f"No strategy's macro-F1 differs significantly from the baseline's ({test})."
    failed = failed_checks(comparison)
    names = [
        f"{as_code(name)} ({add_sign(format_share(row['difference']))}, 95 %: "
        f"{format_bounds(row['low'], row['high'])}{f'; {FLAG}' if name in failed else ''})"
        for row in significant.to_dict("records")
        for name in [str(row["strategy"])]
    ]
    return f"Macro-F1 differs significantly from the baseline's with {join_names(names)} ({test})."

"""What this run may call different, and what more seeds would settle.

From one seed no winner is named. Nothing is called significant below 8 seeds, nor below as many as
the sign-flip test needs to reach 5 % by Holm for so many strategies.
"""

from __future__ import annotations

import pandas as pd

from benchmark.analysis.comparison import Comparison
from benchmark.evaluation.statistics.paired_tests import min_seeds
from benchmark.report.render.blocks import as_code
from benchmark.report.render.formats import add_sign, format_share, join_names, pluralize
from benchmark.report.single.audit import flagged
from benchmark.report.single.verdict import bounds

FEWEST_SEEDS = 8
SIGNIFICANT = 0.05


def follow_up(comparison: Comparison) -> str:
    """Return what would settle more than this run can, or nothing if no strategy finished."""
    finished = comparison.seed_rows[comparison.seed_rows["status"] == "ok"]["strategy"].nunique()
    if not finished:
        return ""
    if comparison.manifest.get("quick"):
        return "A quick look tries the commands out: run again without `--quick` before reading it."
    tested = comparison.paired.dropna(subset="p_images")
    if tested.empty:
        return "Without a baseline that finished, no difference was tested."
    seeds, needed = len(comparison.seeds), seeds_needed(len(tested))
    among = pluralize(len(tested), "strategy", "strategies")
    if seeds == 1:
        return (
            f"One seed names no winner: whether {among} would differ from the baseline with other "
            f"splits and trainings too takes `--seeds {needed}`."
        )
    if seeds < needed:
        return (
            f"{seeds} seeds are too few to call a difference significant: for {among} that takes "
            f"at least {needed}, `--seeds {needed}`."
        )
    return _significant(comparison, tested, needed)


def seeds_needed(strategies: int) -> int:
    """Return from how many seeds on one of so many strategies may be called different."""
    return max(FEWEST_SEEDS, min_seeds(strategies, SIGNIFICANT))


def _significant(comparison: Comparison, tested: pd.DataFrame, needed: int) -> str:
    """Say for which strategies macro-F1 differs from the baseline's by the test over seeds."""
    enough = tested["seeds"] >= needed  # a strategy may have failed some
    if not enough.any():
        return (
            f"No strategy and the baseline both finished {needed} seeds: too few to call a "
            "difference significant."
        )
    # an interval is not corrected for many strategies, a p is: one must not belie the other
    excludes_0 = (tested["low"] > 0) | (tested["high"] < 0)
    found = tested[enough & (tested["p_seeds_holm"] <= SIGNIFICANT) & excludes_0]
    how = f"p over seeds at most .05 by Holm for {pluralize(len(tested), 'strategy', 'strategies')}"
    if found.empty:
        return f"No strategy's macro-F1 differs significantly from the baseline's ({how})."
    unseen = flagged(comparison)
    said = [
        f"{as_code(name)} ({add_sign(format_share(row['difference']))}, 95 %: "
        f"{bounds(row['low'], row['high'])}{'; flagged below' if name in unseen else ''})"
        for row in found.to_dict("records")
        for name in [str(row["strategy"])]
    ]
    return f"Macro-F1 differs significantly from the baseline's under {join_names(said)}: {how}."

"""What each setting of a sweep changes: main effects, gains under each value, gaps to training.

A main effect is the mean score under a value minus that under the setting's first value, over all
strategies and all combinations of the other settings (Box, Hunter & Hunter 2005, Statistics for
Experimenters, section 5.4). Of two settings with two values each, the two main effects add up to
the whole difference between the first run and the last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.contrasts import Term, contrast, difference

if TYPE_CHECKING:  # which holds these tables
    from benchmark.analysis.sweep import SweepComparison

MAIN_EFFECTS = [
    *("setting", "value", "against", "metric", "effect", "low", "high", "seeds", "runs"),
]
GAINS = [
    *("setting", "value", "strategy", "gain", "low", "high"),
    *("change", "change_low", "change_high", "seeds"),
]
METRIC = "macro_f1"  # of gains

Slices = Mapping[str, Sequence[Comparison]]  # value -> its runs, by the other settings


def main_effects(sweep: SweepComparison) -> pd.DataFrame:
    """Return one row per setting, value after the first and metric: MAIN_EFFECTS."""
    return pd.DataFrame(_main_effect_rows(sweep), columns=MAIN_EFFECTS)


def _main_effect_rows(sweep: SweepComparison) -> Iterator[tuple[Any, ...]]:
    for setting in sweep.settings:
        slices = sweep.slices(setting)
        first = next(iter(slices), "")
        for value in list(slices)[1:]:
            terms = _mean_difference(slices[value], slices[first], sweep.ranked)
            for metric, effect in (contrast(terms) if terms else {}).items():
                numbers = (effect.value, effect.low, effect.high, effect.seeds)
                yield (setting, value, first, metric, *numbers, len(slices[value]))


def gains(sweep: SweepComparison) -> pd.DataFrame:
    """Return one row per setting, value and strategy: GAINS, in macro-F1 over the baseline.

    `gain` is the mean over the other settings; `change` is that minus the gain under the setting's
    first value: an interaction of strategy and setting.
    """
    return pd.DataFrame(_gain_rows(sweep), columns=GAINS)


def _gain_rows(sweep: SweepComparison) -> Iterator[tuple[Any, ...]]:
    baseline = sweep.baseline
    if baseline is None or baseline not in sweep.ranked:
        return
    for setting in sweep.settings:
        slices = sweep.slices(setting)
        for strategy in sweep.ranked:
            if strategy == baseline:
                continue
            first: list[Term] = []
            for value, runs in slices.items():
                terms = gain_terms(runs, strategy, baseline)
                first = first or terms  # a list of its own under each value
                gain = contrast(terms).get(METRIC)
                change = (
                    contrast([*terms, *negated(first)]).get(METRIC) if terms is not first else None
                )
                if gain:
                    bounds = (change.value, change.low, change.high) if change else (None,) * 3
                    numbers = (gain.value, gain.low, gain.high, *bounds, gain.seeds)
                    yield (setting, value, strategy, *numbers)


def _mean_difference(
    more: Sequence[Comparison], less: Sequence[Comparison], strategies: Sequence[str]
) -> list[Term]:
    """Return the mean score of some runs minus that of others, over strategies."""
    if not (more and less and strategies):
        return []
    cells = [[(run, strategy) for run in runs for strategy in strategies] for runs in (more, less)]
    return difference(*cells)


def gain_terms(runs: Sequence[Comparison], strategy: str, baseline: str) -> list[Term]:
    """Return the mean score of a strategy in some runs minus the baseline's."""
    return difference([(run, strategy) for run in runs], [(run, baseline) for run in runs])


def negated(terms: Sequence[Term]) -> list[Term]:
    """Return the terms of minus one times a contrast."""
    return [Term(-term.weight, term.run, term.strategy) for term in terms]

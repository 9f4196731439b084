"""From which value of a setting on does a strategy help, and does its gain change there?

A gain is a strategy's macro-F1 minus the baseline's in the same runs. It helps under a value where
the interval of its gain is above 0. That it helps under one value and not under another is no
evidence that the gains differ (Gelman & Stern 2006, The American Statistician 60, 328): their
difference has an interval of its own, the interaction of strategy and setting.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pandas as pd

from benchmark.analysis.contrasts import contrast, direction
from benchmark.analysis.main_effects import METRIC, gain_terms, negated
from benchmark.analysis.value_order import values_in_order

if TYPE_CHECKING:  # which holds the table
    from benchmark.analysis.sweep import SweepComparison

GAIN_CHANGES = ["setting", "strategy", "value", "against", "change", "low", "high", "seeds"]


def gain_changes(sweep: SweepComparison) -> pd.DataFrame:
    """Return the gain under one value minus that under another, for the pairs that matter.

    For each setting and strategy these are neighbours in the order of the values between which the
    gain begins or ceases to be clear; without such a pair the last value and the first. Of values
    without an order: that with the largest gain, against that with the smallest.
    """
    return pd.DataFrame(_rows(sweep), columns=GAIN_CHANGES)


def _rows(sweep: SweepComparison) -> Iterator[tuple[Any, ...]]:
    baseline = str(sweep.baseline)
    for (setting, strategy), own in sweep.gains.groupby(["setting", "strategy"], sort=False):
        rows = own.set_index("value")
        order = values_in_order(sweep, str(setting))
        signs = {v: direction(r["low"], r["high"]) for v, r in rows.to_dict("index").items()}
        if len(signs) < 2:
            continue
        if order is None:
            pairs = [(str(rows["gain"].idxmax()), str(rows["gain"].idxmin()))]
        else:
            order = tuple(value for value in order if value in signs)
            turns = [(b, a) for a, b in pairwise(order) if signs[a] != signs[b]]
            pairs = turns or [(order[-1], order[0])]
        slices = sweep.slices(str(setting))
        for value, against in pairs:
            more, less = (
                gain_terms(slices[name], str(strategy), baseline) for name in (value, against)
            )
            if change := contrast([*more, *negated(less)]).get(METRIC):
                numbers = (change.value, change.low, change.high, change.seeds)
                yield (setting, strategy, value, against, *numbers)

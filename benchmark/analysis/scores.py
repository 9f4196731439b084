"""The numbers of one strategy on test images, each with its interval where it has one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from benchmark.analysis.comparison import Comparison
from benchmark.evaluation.metrics.registry import METRICS


class Score(NamedTuple):
    """A number, the mean over seeds, and its 95 % interval; NaN where there is none."""

    value: float
    low: float = np.nan
    high: float = np.nan

    @property
    def has_interval(self) -> bool:
        """Whether it has an interval."""
        return bool(np.isfinite(self.low) and np.isfinite(self.high))


def metric_scores(comparison: Comparison, strategy: str) -> dict[str, Score]:
    """Return every metric of a strategy by its name; {} of one that finished no seed."""
    rows = comparison.seed_rows
    own = rows[(rows["strategy"] == strategy) & (rows["status"] == "ok")]
    if own.empty:
        return {}
    table = comparison.intervals
    with_bounds = table[table["strategy"] == strategy].to_dict("records")
    intervals = {row["metric"]: _score(row, "value") for row in with_bounds}
    return {
        name: intervals.get(name) or Score(float(own[name].astype(float).mean()))
        for name in METRICS
        if name in own
    }


def recall_scores(comparison: Comparison, strategy: str) -> dict[str, Score]:
    """Return the recall of every class; NaN of one without test images."""
    table = comparison.class_recalls
    rows = table[table["strategy"] == strategy].to_dict("records")
    recalls = {str(row["class"]): _score(row, "recall") for row in rows}
    return {name: recalls[name] for name in comparison.classes if name in recalls}


def seeds_without_predictions(comparison: Comparison, strategy: str) -> dict[str, int]:
    """Return the classes that a strategy never predicts in a seed -> in how many seeds."""
    table = comparison.per_class
    never = table[(table["strategy"] == strategy) & (table["predicted"] == 0)]
    counts = never.groupby("class").size()
    return {name: int(counts[name]) for name in comparison.classes if name in counts}


def recall_table(comparison: Comparison) -> pd.DataFrame:
    """Return recall by class (rows, largest first) and strategy (columns), mean over seeds."""
    table = comparison.class_recalls.pivot(index="class", columns="strategy", values="recall")
    finished = [name for name in comparison.strategies if name in table.columns]
    return table.reindex(index=comparison.classes, columns=finished)


def _score(row: Mapping[Any, Any], name: str) -> Score:
    return Score(*(float(row[column]) for column in (name, "low", "high")))

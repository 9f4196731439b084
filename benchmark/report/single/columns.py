"""The columns of the metric tables: one for every entry of METRICS, and those of the budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from benchmark.evaluation.metrics.metric import Metric
from benchmark.evaluation.metrics.registry import METRICS, interval_metrics
from benchmark.report.render.formats import (
    MISSING,
    format_count,
    format_seconds,
    format_share,
)

ARROWS = {"higher": " ↑", "lower": " ↓", None: ""}


@dataclass(frozen=True)
class Column:
    """A column of numbers, one a strategy.

    Attributes
    ----------
    name
        Column of summary.csv or seeds.csv.
    write
        Formats a value.
    better
        Which direction is better; None where neither is.
    of_network
        Whether strategies that share a network share the number: no decision changes it.
    """

    name: str
    title: str
    write: Callable[[float], str]
    better: Literal["higher", "lower"] | None = None
    of_network: bool = False

    @property
    def heading(self) -> str:
        """The title, with an arrow that points to better values."""
        return self.title + ARROWS[self.better]


def format_number(value: float) -> str:
    """Format a number with three decimals."""
    return f"{value:.3f}" if np.isfinite(value) else MISSING


FORMATS = {"share": format_share, "number": format_number, "count": format_count}
BUDGET = (
    Column("steps", "Steps", format_count),
    Column("seconds", "Seconds", format_seconds, of_network=True),
)
IMAGES = (
    Column("images_seen", "Images seen", format_count, of_network=True),
    Column("distinct_images", "Distinct images", format_count, of_network=True),
)


def main_columns() -> tuple[Column, ...]:
    """Return the columns of the first table: the main metrics, steps and seconds."""
    return (*(column_of(metric) for metric in METRICS.values() if metric.main), *BUDGET)


def further_columns() -> tuple[Column, ...]:
    """Return the columns of the further metrics; `balanced_columns` has those not shown here."""
    further = [m for m in METRICS.values() if not m.main and not m.balanced_form_of]
    macro_f1 = column_of(METRICS.get("macro_f1"))
    validation = replace(macro_f1, name="val_macro_f1", title=f"Validation {_lower(macro_f1)}")
    return (*map(column_of, further), validation, *IMAGES)


def balanced_columns() -> tuple[Column, ...]:
    """Return metrics side by side with their balanced form, titled by the natural one."""
    pairs = [
        (column_of(METRICS.get(metric.balanced_form_of)), column_of(metric))
        for metric in METRICS.values()
        if metric.balanced_form_of
    ]
    return tuple(
        column
        for natural, balanced in pairs
        for column in (natural, replace(balanced, title=f"{natural.title}, balanced"))
    )


def interval_columns() -> tuple[Column, ...]:
    """Return the metrics that have a confidence interval."""
    return tuple(map(column_of, interval_metrics().values()))


def column_of(metric: Metric) -> Column:
    """Return the column of a metric."""
    write = FORMATS[metric.format]
    return Column(metric.name, metric.title, write, metric.better, metric.of_network)


def _lower(column: Column) -> str:
    return column.title[:1].lower() + column.title[1:]

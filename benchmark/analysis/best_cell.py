"""The run and strategy of a sweep that are best on validation, and what they reach on test images.

The choice sees no test image. Its test score is that of one choice among many only in so far as
validation images chose it: it is not the largest test score, which would be too good by chance.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.analysis.run_grid import RANKED_BY
from benchmark.plan.experiment import Experiment
from benchmark.plan.settings import IMAGES, settings_of

if TYPE_CHECKING:  # which holds the best cell
    from benchmark.analysis.sweep import SweepComparison


@dataclass(frozen=True)
class BestCell:
    """A run and a strategy, chosen by macro-F1 on validation; its test score with an interval."""

    run: str
    strategy: str
    validation: float  # mean over seeds
    test: float
    low: float
    high: float
    choices: int  # cells that it was chosen from


def is_of_images(setting: str) -> bool:
    """Return whether a setting says which images and labels there are: nobody chooses by it."""
    return settings_of(Experiment)[setting].group == IMAGES


def best_cells(sweep: SweepComparison) -> tuple[BestCell, ...]:
    """Return the best cell under each combination of values of the settings of images.

    Label noise is no choice of who trains: without any the scores are higher, whatever is chosen.
    """
    by_images: dict[tuple[str, ...], list[str]] = {}
    for name, values in zip(sweep.names, sweep.values, strict=True):
        pairs = zip(sweep.settings, values, strict=True)
        own = tuple(value for setting, value in pairs if is_of_images(setting))
        by_images.setdefault(own, []).append(name)
    cells = (best_cell(sweep, names) for names in by_images.values())
    return tuple(cell for cell in cells if cell)


def best_cell(sweep: SweepComparison, names: Collection[str]) -> BestCell | None:
    """Return the cell with the largest macro-F1 on validation in some runs.

    Of equal ones it is the first; None where no cell has one. A validation score is cross-fitted,
    so a decision that is fitted to validation images has no advantage.
    """
    cells = sweep.cells[(sweep.cells["status"] == "ok") & sweep.cells[sweep.axis].isin(names)]
    cells = cells.dropna(subset=["val_macro_f1"])
    if cells.empty:
        return None
    row = cells.iloc[int(cells["val_macro_f1"].argmax())]
    run, strategy = str(row[sweep.axis]), str(row["strategy"])
    intervals = sweep.run_named(run).intervals
    own = intervals[(intervals["strategy"] == strategy) & (intervals["metric"] == RANKED_BY)]
    low, high = (float(own[bound].iloc[0]) for bound in ("low", "high"))
    test, validation = float(row[RANKED_BY]), float(row["val_macro_f1"])
    return BestCell(run, strategy, validation, test, low, high, len(cells))

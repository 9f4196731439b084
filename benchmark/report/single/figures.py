"""All figures of a report, by name."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

from benchmark.analysis.comparison import Comparison
from benchmark.report.single.calibration import draw_reliability
from benchmark.report.single.confusion import draw_confusion
from benchmark.report.single.curves import draw_loss, draw_macro_f1, draw_never_predicted
from benchmark.report.single.recall import draw_recall
from benchmark.report.single.seeds import draw_seeds
from benchmark.report.single.training_effects import draw_training_effects

FIGURES: dict[str, Callable[[Comparison], Figure | None]] = {
    "seeds": draw_seeds,
    "recall": draw_recall,
    "confusion": draw_confusion,
    "training_effects": draw_training_effects,
    "reliability": draw_reliability,
    "curve_macro_f1": draw_macro_f1,
    "curve_never_predicted": draw_never_predicted,
    "curve_loss": draw_loss,
}


def all_figures(comparison: Comparison) -> dict[str, Figure]:
    """Draw every figure that the run has numbers for: name -> matplotlib figure."""
    figures = {name: draw(comparison) for name, draw in FIGURES.items()}
    return {name: figure for name, figure in figures.items() if figure is not None}

"""Which figures a run gives."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.findings import logit_shift
from benchmark.evaluation.metrics import pooled_reliability
from benchmark.report.single import drawings, tables
from benchmark.report.single.networks import titles
from benchmark.report.single.reliability import reliability_panels
from benchmark.report.single.training_effects import effect_panels

NAMES = (
    *("seeds", "recall", "confusion", "effects", "reliability"),
    *("curve_macro_f1", "curve_never_predicted", "curve_loss"),
)


def all_figures(comparison: Comparison) -> dict[str, Figure]:
    """Draw every figure of the report that the run has numbers for: name -> matplotlib figure."""
    return (
        _seeds(comparison)
        | _recall(comparison)
        | _confusion(comparison)
        | _effects(comparison)
        | _reliability(comparison)
        | _curves(comparison)
    )


def _seeds(comparison: Comparison) -> dict[str, Figure]:
    if len(comparison.seeds) < 2 or comparison.seed_rows.empty:
        return {}
    metrics = [("macro_f1", "Macro-F1"), ("never_predicted", "Classes never predicted")]
    return {"seeds": drawings.seed_dots(comparison.seed_rows, comparison.strategies, metrics)}


def _recall(comparison: Comparison) -> dict[str, Figure]:
    names = tables.with_classes(comparison)
    if not names:
        return {}
    recall, never = tables.recall_and_never(comparison, names)
    classes, counts = comparison.classes, comparison.train_counts
    return {"recall": drawings.recall_map(classes, counts, names, recall, never)}


def _confusion(comparison: Comparison) -> dict[str, Figure]:
    names = tables.with_confusion(comparison)
    if not names:
        return {}
    counts = [np.asarray(comparison.confusion[name], dtype=float) for name in names]
    shares = [table / np.maximum(table.sum(axis=1, keepdims=True), 1) for table in counts]
    return {"confusion": drawings.confusion_maps(comparison.classes, names, shares)}


def _effects(comparison: Comparison) -> dict[str, Figure]:
    effects = logit_shift(comparison.findings.effects, comparison.baseline)
    if effects.empty:
        return {}
    panels = titles(comparison)
    names = [name for name in panels if name in set(effects["strategy"])]
    return {"effects": effect_panels(effects, names, comparison.classes, panels)}


def _reliability(comparison: Comparison) -> dict[str, Figure]:
    by_strategy = comparison.findings.reliability
    pooled = {
        title: pooled_reliability(by_strategy[name])
        for name, title in titles(comparison).items()
        if name in by_strategy
    }
    return {"reliability": reliability_panels(pooled)} if pooled else {}


def _curves(comparison: Comparison) -> dict[str, Figure]:
    curves, panels = comparison.curves, titles(comparison)
    curves = curves[curves["strategy"].isin(panels)]
    names = [name for name in panels if name in set(curves["strategy"])]
    drawn = {}
    for name, columns in (
        ("curve_macro_f1", ["val_macro_f1"]),
        ("curve_never_predicted", ["val_never_predicted"]),
        ("curve_loss", ["train_loss", "val_loss"]),
    ):
        if names and all(_any_finite(curves, column) for column in columns):
            whole = name == "curve_never_predicted"
            drawn[name] = drawings.curve_panels(curves, names, columns, whole, panels)
    return drawn


def _any_finite(curves: pd.DataFrame, column: str) -> bool:
    return column in curves and bool(np.isfinite(curves[column].astype(float)).any())

"""The same scores under two priors: test images as they are, and all classes equally frequent."""

from __future__ import annotations

from benchmark.analysis.comparison import Comparison
from benchmark.report.render.blocks import Table
from benchmark.report.render.formats import format_share
from benchmark.report.single.tables import MORE, Metric, metrics_table

_LOG_LOSS = MORE["log_loss"][1]
PAIRS: dict[str, Metric] = {
    "accuracy": ("Accuracy ↑", format_share, True),
    "balanced_accuracy": ("Accuracy, balanced ↑", format_share, True),
    "macro_f1": ("Macro-F1 ↑", format_share, True),
    "macro_f1_balanced": ("Macro-F1, balanced ↑", format_share, True),
    "log_loss": ("Log-loss ↓", _LOG_LOSS, False),
    "log_loss_balanced": ("Log-loss, balanced ↓", _LOG_LOSS, False),
    "ece": ("Calibration error ↓", format_share, False),
    "ece_balanced": ("Calibration error, balanced ↓", format_share, False),
}


def priors_table(comparison: Comparison) -> Table | None:
    """Strategies × four scores, each at the natural and at the balanced prior, mean over seeds.

    None without the numbers of the balanced prior, and where every class has as many test images as
    any other, so that both priors are one.
    """
    rows = comparison.seed_rows
    balanced = [name for name in PAIRS if name.endswith("_balanced")]
    if rows.empty or rows.reindex(columns=balanced).isna().all(axis=None):
        return None
    if len(set(comparison.test_counts) - {0}) < 2:
        return None
    numbers = rows.set_index("strategy")[list(PAIRS)].astype(float)
    means = numbers.groupby(level="strategy").mean().reindex(comparison.strategies)
    return metrics_table(comparison, means, PAIRS, "seeds.csv", _caption(comparison))


def _caption(comparison: Comparison) -> str:
    mean = f" Mean over {len(comparison.seeds)} seeds." if len(comparison.seeds) > 1 else ""
    return (
        "Each score of the test images as they are, and balanced: every image weighed by one over "
        "the test images of its class, as if all classes were equally frequent. Accuracy then is "
        f"balanced accuracy.{mean}"
    )

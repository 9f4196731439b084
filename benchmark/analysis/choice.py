"""The strategy of a run that is best on validation: the one to take home."""

from benchmark.analysis.comparison import Comparison


def validation_scores(comparison: Comparison) -> dict[str, float]:
    """Return macro-F1 on validation, the mean over seeds, of strategies that finished every seed.

    It is cross-fitted: no image is decided by a rule that was fitted to it.
    """
    rows = comparison.seed_rows.astype({"val_macro_f1": float})
    means = rows.groupby("strategy")["val_macro_f1"].mean().dropna()
    return {name: float(means[name]) for name in comparison.finished_in_all_seeds if name in means}


def best_on_validation(comparison: Comparison) -> str | None:
    """Return the strategy of the largest validation score, of equal ones the first.

    None where no strategy has one.
    """
    scores = validation_scores(comparison)
    return max(scores, key=lambda name: scores[name], default=None)

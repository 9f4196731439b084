"""Which classes have many, medium or few training images: the words for these groups."""

import numpy as np

from benchmark.analysis.comparison import Comparison
from benchmark.evaluation.metrics.class_counts import shot_groups_by_cuts
from benchmark.system.text import pluralize

_CUTS = "more than 100, 20 to 100 and fewer than 20 training images"


def shot_groups_sentence(comparison: Comparison) -> str:
    """Say which classes are called many, medium and few.

    Each seed has training images of its own, so that the cuts may leave a group empty in some.
    """
    cuts = _by_cuts(comparison)
    if all(cuts):
        return f"Many, medium and few: {_CUTS} (Liu et al. 2019)."
    thirds = "thirds of the classes by training images"
    reason = f"because the usual cuts ({_CUTS}, Liu et al. 2019) leave a group without classes"
    if not any(cuts):
        return f"Many, medium and few: {thirds}, {reason}."
    seeds = f"{cuts.count(False)} of {pluralize(len(cuts), 'seed', 'seeds')}"
    return (
        f"Many, medium and few: {_CUTS} (Liu et al. 2019), but {thirds} in {seeds}, where these "
        "cuts leave a group without classes: the means mix both."
    )


def few_images_phrase(comparison: Comparison) -> str:
    """Return "with fewer than 20 training images", or the words for a third."""
    if all(_by_cuts(comparison)):
        return "with fewer than 20 training images"
    return "of the third with the fewest training images"


def _by_cuts(comparison: Comparison) -> list[bool]:
    """Return for each seed whether its groups are those of the literature."""
    rows = comparison.per_class.drop_duplicates(["seed", "class"])
    counts = [group["train_count"].to_numpy(int) for _, group in rows.groupby("seed")]
    return [shot_groups_by_cuts(count) for count in counts or [np.array(comparison.train_counts)]]

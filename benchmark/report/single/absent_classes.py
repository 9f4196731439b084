"""Classes without test images: what even a perfect classifier reaches then."""

import numpy as np

from benchmark.analysis.comparison import Comparison
from benchmark.report.render.formats import format_share
from benchmark.system.text import pluralize


def absent_classes(comparison: Comparison) -> list[int]:
    """Return how many classes have no test image, seed by seed of those that finished."""
    classes = len(comparison.classes)
    return [classes - len(np.unique(seed.labels)) for seed in comparison.seed_predictions]


def absent_classes_sentence(comparison: Comparison) -> str:
    """Return the best macro-F1 that there can be; empty where all classes have test images."""
    absent = absent_classes(comparison)
    return _sentence(len(comparison.classes), absent, "test", "")


def absent_from_validation_sentence(comparison: Comparison) -> str:
    """Return the best macro-F1 on validation; empty where all classes have images there.

    Of the first seed, whose numbers of images the manifest has.
    """
    counts = comparison.manifest.data.counts.get("val", ())
    return _sentence(len(counts), [list(counts).count(0)], "validation", " there")


def _sentence(classes: int, absent: list[int], split: str, where: str) -> str:
    """Return a sentence about so many classes, by seed, that a split lacks."""
    if not any(absent):
        return ""
    few, most, total = min(absent), max(absent), pluralize(classes, "class", "classes")
    verb, by_seed = "has" if most == 1 else "have", "" if few == most else ", mean over seeds"
    number = str(most) if few == most else f"{few or 'none'} to {most}"
    ceiling = format_share(1 - float(np.mean(absent)) / classes)
    return (
        f"{number[0].upper()}{number[1:]} of {total} {verb} no {split} image: even a perfect "
        f"classifier has a macro-F1 of {ceiling}{where}{by_seed}, and never predicts them."
    )

"""Classes of which so few images are tested that an interval over them is too narrow."""

from __future__ import annotations

from benchmark.analysis.comparison import Comparison
from benchmark.report.render.formats import format_count, pluralize

FEW_TEST_IMAGES = 30  # below, an interval of macro-F1 covers less than .93 at times


def few_images(comparison: Comparison) -> list[float]:
    """Return the test images, or groups of such, of each class that has too few a seed."""
    return [n for n in comparison.test_units if n < FEW_TEST_IMAGES]


def few_images_words(comparison: Comparison) -> str:
    """Warn of them in one sentence; empty where there are none."""
    few = few_images(comparison)
    if not few:
        return ""
    what = "groups of test images" if comparison.groups else "test images"
    return (
        f"{len(few)} of {pluralize(len(comparison.classes), 'class', 'classes')} "
        f"{'has' if len(few) == 1 else 'have'} fewer than {FEW_TEST_IMAGES} {what} (the "
        f"fewest: {format_count(min(few))}): intervals over the images of one seed are too narrow "
        "there (counted: with 8 images a rare class they cover .80 to .96, not .95)."
    )

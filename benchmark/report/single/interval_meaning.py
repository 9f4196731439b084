"""What the intervals of a run are intervals of: it depends on which images the seeds share."""

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.confidence import shared_images
from benchmark.evaluation.statistics.across_seeds import GIVEN_SPLIT, OWN_IMAGES, OWN_SPLITS
from benchmark.system.text import pluralize


def design_of(comparison: Comparison) -> str | None:
    """Return OWN_IMAGES, OWN_SPLITS, GIVEN_SPLIT or SOME_SHARED; None of a single seed."""
    seeds = tuple(comparison.seed_predictions)
    return shared_images(seeds).design if len(seeds) > 1 else None


def what_varies(comparison: Comparison) -> str:
    """Return what the intervals are over, as a noun: "other test images, for these networks"."""
    design = design_of(comparison)
    if design is None:
        return "other test images, for these networks"
    if design in (OWN_IMAGES, OWN_SPLITS):
        return "other data of this kind"
    if design == GIVEN_SPLIT:
        return "other initialisations on these training images, and other test images"
    return "other splits like these, which share images"


def interval_sentences(comparison: Comparison) -> str:
    """Say what the intervals are intervals of, how they are made and what they leave out."""
    seeds, design = len(comparison.seed_predictions), design_of(comparison)
    over = f"95 % intervals over {what_varies(comparison)}"
    if design is None:
        return (
            f"{over}. One seed cannot show what another training would give. In each class four "
            "images are added to the variance, two right and two wrong, or for a difference one "
            "for either strategy: a class with a single image has an interval too."
        )
    mean = f"of the mean of {pluralize(seeds, 'seed', 'seeds')}"
    if design == OWN_IMAGES:
        return (
            f"{over}, {mean}, each with images and a training of its own. Seeds share no image, "
            "so they are independent."
        )
    if design == OWN_SPLITS:
        return (
            f"{over}, {mean}, each with a split and a training of its own. Splits share images, "
            "which widens the intervals (Nadeau & Bengio 2003)."
        )
    if design == GIVEN_SPLIT:
        return (
            f"{over}, {mean}. The split is given, so all seeds share all images: what other "
            "training images would give is not known. `--resplit` splits the same images anew "
            "for each seed."
        )
    shared = shared_images(tuple(comparison.seed_predictions))
    return (
        f"{over}, {mean}. Two seeds have {100 * shared.test:.0f} % of their test images and "
        f"{100 * shared.train:.0f} % of their training images in common, which widens the "
        "intervals. Data that differ from these are not covered."
    )

"""Augmentation without oversampling."""

from benchmark.strategy import (
    AllImagesAugmented,
    Between,
    ImagesRotated,
    RandomAugmentation,
    Stage,
    Strategy,
    strategy,
)


@strategy(groups=("mixing",), degrees=Between(5, 45))
def augmentation_only(degrees: float = 15.0) -> Strategy:
    """Every image is augmented at random whenever it is shown; no image is drawn more often.

    The baseline of `augmentation_oversampling`: the same flip, rotation (up to `degrees`), zoom,
    shift and change of light (Shorten & Khoshgoftaar 2019, Journal of Big Data 6:60). The
    difference between the two is the effect of the repeats.

    x -> augment(x)

    Example: --strategies no_change,augmentation_only,augmentation_oversampling
    """
    expectations = (AllImagesAugmented(), ImagesRotated(degrees))
    stage = Stage(augmentation=RandomAugmentation(degrees), expectations=expectations)
    return Strategy(stages=(stage,))

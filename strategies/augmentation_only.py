"""Augmentation without oversampling."""

from benchmark.strategy import (
    AllImagesAugmented,
    Between,
    RandomAugmentation,
    Stage,
    Strategy,
    strategy,
)


@strategy(degrees=Between(5, 45))
def augmentation_only(degrees: float = 15.0) -> Strategy:
    """Every image altered at random whenever it is shown, none drawn more often.

    The baseline of `augmentation_oversampling`: the same flip, rotation (up to `degrees`), zoom,
    shift and change of light (Shorten & Khoshgoftaar 2019, Journal of Big Data 6:60). What that
    gains over this, the repeats have gained.

    x -> view(x)

    Example: --strategies no_change,augmentation_only,augmentation_oversampling
    """
    views = RandomAugmentation(degrees)
    return Strategy(stages=(Stage(augmentation=views, expectations=(AllImagesAugmented(),)),))

"""Oversampling whose repeats are augmented."""

from dataclasses import replace

from benchmark.strategy import (
    Between,
    ImagesRotated,
    RandomAugmentation,
    RepeatsAugmented,
    Strategy,
    find,
    strategy,
)


@strategy(groups=("all", "samplers"), degrees=Between(5, 45))
def augmentation_oversampling(degrees: float = 15.0) -> Strategy:
    """Random oversampling with augmented repeats: no rare image is shown twice the same.

    The sampler is that of `random_oversampling`. The first occurrence of an image in an epoch is
    untouched. Each repeat has a random flip, rotation (up to `degrees`), zoom, shift and change of
    light. There is no canonical definition of this method; this one is ours. For other definitions
    see Shorten & Khoshgoftaar 2019, Journal of Big Data 6:60.

    draws of class c = max_k n_k in each epoch; x -> augment(x) from the second occurrence on

    Example: --strategies augmentation_only,augmentation_oversampling
    """
    (stage,) = find("random_oversampling").stages
    augmentation = RandomAugmentation(degrees, from_repeat=1)
    expectations = (*stage.expectations, RepeatsAugmented(), ImagesRotated(degrees))
    return Strategy((replace(stage, augmentation=augmentation, expectations=expectations),))

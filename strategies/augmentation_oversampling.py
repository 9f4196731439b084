"""Oversampling whose repeats are augmented."""

from dataclasses import replace

from benchmark.strategy import (
    Between,
    RandomAugmentation,
    RepeatsAugmented,
    Strategy,
    find,
    strategy,
)


@strategy(degrees=Between(5, 45))
def augmentation_oversampling(degrees: float = 15.0) -> Strategy:
    """Random oversampling whose repeats are altered: a rare image is not shown twice the same.

    The draws of random oversampling. The first showing of an image in a pass is untouched; each
    repeat passes a random flip, rotation (up to `degrees`), zoom, shift and change of light. There
    is no canonical definition of this method, this is ours; for what others mean by it see Shorten
    & Khoshgoftaar 2019, Journal of Big Data 6:60.

    draws of class c = max_k n_k in each pass; x -> view(x) from the second showing on

    Example: --strategies augmentation_only,augmentation_oversampling
    """
    (stage,) = find("random_oversampling").stages
    views, expectations = (
        RandomAugmentation(degrees, from_repeat=1),
        (*stage.expectations, RepeatsAugmented()),
    )
    return Strategy(stages=(replace(stage, augmentation=views, expectations=expectations),))

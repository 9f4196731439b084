"""Class weights at the end of the training."""

from dataclasses import replace

from benchmark.strategy import Between, ExpectStage, OneOf, Strategy, find, strategy


@strategy(
    groups=("losses",), final_fraction=Between(0.05, 0.5), beta=OneOf((0.9, 0.99, 0.999, 0.9999))
)
def deferred_reweighting(
    base: str = "no_change",
    final_fraction: float = 0.2,
    beta: float = 0.9999,
    normalise: str = "train",
) -> Strategy:
    """Trained as `base` at first, then with class weights in the last steps.

    Cao et al. 2019, arXiv 1906.07413, algorithm 1 ('DRW': the last 40 of 200 epochs): the network
    learns features from all images alike, then the classes are balanced, in the fraction
    `final_fraction` of the steps that train more than the last layer. The weights are those of
    `effective_number`, with the beta of the authors' code, which divides a batch by its weights:
    normalise=batch. Their drop of the learning rate belongs to the recipe, not to this strategy.
    The last stage has cross-entropy, whatever the loss of `base`.

    L = -log p_y, then -w_y log p_y

    Example: --strategies no_change,deferred_reweighting:final_fraction=0.3
    """
    (weighted,) = find("effective_number", beta=beta, normalise=normalise).stages
    expectations = (*weighted.expectations, ExpectStage(final_fraction))
    final = replace(weighted, fraction=final_fraction, expectations=expectations)
    return find(base).then(final)

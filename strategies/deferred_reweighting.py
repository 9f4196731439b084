"""Class weights in the last part of the training alone."""

from dataclasses import replace

from benchmark.strategy import Between, OneOf, Strategy, find, strategy


@strategy(final_fraction=Between(0.05, 0.5), beta=OneOf((0.9, 0.99, 0.999, 0.9999)))
def deferred_reweighting(
    base: str = "no_change", final_fraction: float = 0.2, beta: float = 0.999
) -> Strategy:
    """Trained as `base` at first, with class weights in the `final_fraction` share of the steps.

    Cao et al. 2019, arXiv 1906.07413, algorithm 1 ('DRW': the last 40 of 200 epochs), with the
    weights of `effective_number`: features are learnt from all images alike, then the classes
    balanced. Their drop of the learning rate is the recipe's to make, not this strategy's.

    L = -log p_y, then -w_y log p_y

    Example: --strategies no_change,deferred_reweighting:final_fraction=0.3
    """
    (weighted,) = find("effective_number", beta=beta).stages
    return find(base).then(replace(weighted, fraction=final_fraction))

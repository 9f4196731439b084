"""Classifier re-training."""

from dataclasses import replace

from benchmark.strategy import Between, OneOf, Strategy, find, strategy


@strategy(groups=("samplers",), final_fraction=Between(0.1, 0.6), reset=OneOf((True, False)))
def crt(base: str = "no_change", final_fraction: float = 0.3, reset: bool = True) -> Strategy:
    """Trained as `base`, then a new last layer is trained alone, on balanced draws.

    Kang et al. 2020, arXiv 1910.09217, section 4.1 ('cRT'): imbalance harms the classifier more
    than the features. Re-training takes the fraction `final_fraction` of the common budget. It has
    to train the new layer: the learning rate 1e-4 of the recipe forum hardly does; `strong` has
    1e-3. With reset=false the old layer is trained further.

    theta by L on all images, then W anew: min_W L, draws of class c = max_k n_k

    Example: --strategies mixup,crt:base=mixup
    """
    (balanced,) = find("random_oversampling").stages
    final = replace(balanced, fraction=final_fraction, train_from="head", reset_head=reset)
    return find(base).then(final)

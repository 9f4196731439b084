"""Classifier re-training."""

from dataclasses import replace

from benchmark.strategy import Between, OneOf, Strategy, find, strategy


@strategy(final_fraction=Between(0.1, 0.6), reset=OneOf((True, False)))
def crt(base: str = "no_change", final_fraction: float = 0.3, reset: bool = True) -> Strategy:
    """Trained as `base`, then the last layer begun anew and trained alone, on balanced draws.

    Kang et al. 2020, arXiv 1910.09217, section 4.1 ('cRT'): imbalance harms the classifier more
    than the features. Within the common budget, of which re-training is the `final_fraction` share. A new
    layer must be learnt in it: at the recipe forum's rate of 1e-4 it hardly is; `strong` has 1e-3,
    and reset=false goes on with the layer as it is.

    theta by L on all images, then W anew: min_W L, draws of class c = max_k n_k

    Example: --strategies mixup,crt:base=mixup
    """
    (balanced,) = find("random_oversampling").stages
    return find(base).then(
        replace(balanced, fraction=final_fraction, train_from="head", reset_head=reset)
    )

"""Classifier re-training."""

from dataclasses import replace

from benchmark.strategy import Strategy, find, strategy


@strategy
def crt(on: str = "no_change", last: float = 0.3) -> Strategy:
    """Trained as `on`, then the last layer begun anew and trained alone, on balanced draws.

    Kang et al. 2020, arXiv 1910.09217, section 4.1 ('cRT'): imbalance harms the classifier more
    than the features. Within the common budget, of which re-training is the `last` share.

    theta by L on all images, then W anew: min_W L, draws of class c = max_k n_k

    Example: --strategies mixup,crt:on=mixup
    """
    (balanced,) = find("random_oversampling").stages
    return find(on).then(replace(balanced, share=last, trains="head", reset_head=True))

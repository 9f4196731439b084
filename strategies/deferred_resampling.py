"""Balanced draws in the last part of the training alone."""

from dataclasses import replace

from benchmark.strategy import Between, Strategy, find, strategy


@strategy(final_fraction=Between(0.05, 0.5))
def deferred_resampling(base: str = "no_change", final_fraction: float = 0.2) -> Strategy:
    """Trained as `base` at first, with balanced draws in the `final_fraction` share of the steps.

    Cao et al. 2019, arXiv 1906.07413, section 4 ('DRS'), with the draws of `random_oversampling`:
    rare images are not repeated while the features are learnt.

    draws of class c = n_c in each pass, then max_k n_k

    Example: --strategies no_change,deferred_resampling:final_fraction=0.1,0.2
    """
    (balanced,) = find("random_oversampling").stages
    return find(base).then(replace(balanced, fraction=final_fraction))

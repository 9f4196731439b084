"""Balanced draws at the end of the training."""

from dataclasses import replace

from benchmark.strategy import Between, ExpectStage, Strategy, find, strategy


@strategy(groups=("samplers",), final_fraction=Between(0.05, 0.5))
def deferred_resampling(base: str = "no_change", final_fraction: float = 0.2) -> Strategy:
    """Trained as `base` at first, then with balanced draws in the last steps.

    Cao et al. 2019, arXiv 1906.07413, section 4 ('DRS'), with the sampler of `random_oversampling`
    in the fraction `final_fraction` of the steps that train more than the last layer: no rare image
    is repeated while the network learns features. The last stage has cross-entropy, whatever the
    loss of `base`.

    draws of class c = n_c in each epoch, then max_k n_k

    Example: --strategies no_change,deferred_resampling:final_fraction=0.1,0.2
    """
    (balanced,) = find("random_oversampling").stages
    expectations = (*balanced.expectations, ExpectStage(final_fraction))
    final = replace(balanced, fraction=final_fraction, expectations=expectations)
    return find(base).then(final)

"""Classifier re-training."""

from dataclasses import replace

from benchmark.strategy import Between, ExpectStage, OneOf, Stage, Strategy, find, strategy


def retrain_head(
    base: Strategy, stage: Stage, final_fraction: float, reset: bool, extra_epochs: float
) -> Strategy:
    """Return `base`, and `stage` at the end of the budget or after it, for the head alone."""
    fraction = 0.0 if extra_epochs else final_fraction
    scheduled = ExpectStage(fraction, extra_epochs, head_alone=True, reset_head=reset)
    final = replace(stage, fraction=fraction, extra_epochs=extra_epochs, train_from="head")
    expectations = (*stage.expectations, scheduled)
    return base.then(replace(final, reset_head=reset, expectations=expectations))


@strategy(groups=("samplers",), final_fraction=Between(0.1, 0.6), reset=OneOf((True, False)))
def crt(
    base: str = "no_change",
    final_fraction: float = 0.3,
    reset: bool = True,
    extra_epochs: float = 0.0,
) -> Strategy:
    """Trained as `base`, then a new last layer is trained alone, on balanced draws.

    Kang et al. 2020, arXiv 1910.09217, section 4.1 ('cRT'): imbalance harms the classifier more
    than the features. Their network is trained in full, then the new layer for 10 epochs more, and
    the learning-rate schedule begins anew. Here all strategies get the same steps, which is ours:
    the new layer has the fraction `final_fraction` of the steps that train more than the last
    layer, and `base` the rest. `extra_epochs=10` is their budget: the row then has more steps than
    the others, and says how many. A rate of 1e-4, as in the recipe forum, hardly trains a new
    layer; `strong` has 1e-3. With reset=false the old layer is trained further.

    theta by L on all images, then W anew: min_W L, draws of class c = max_k n_k

    Example: --strategies no_change,crt,crt:extra_epochs=10
    """
    (balanced,) = find("random_oversampling").stages
    return retrain_head(find(base), balanced, final_fraction, reset, extra_epochs)

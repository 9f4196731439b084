"""The baseline."""

from benchmark.strategy import Strategy, strategy


@strategy
def no_change() -> Strategy:
    """Cross-entropy, every image once an epoch: the baseline, unless another is chosen.

    InceptionV3 itself was trained with it, apart from smoothed labels (Szegedy et al. 2016, arXiv
    1512.00567).

    L = -log p_y

    Example: --strategies no_change,class_weights
    """
    return Strategy()

"""The control."""

from benchmark.strategy import Strategy, strategy


@strategy
def no_change() -> Strategy:
    """Cross-entropy, every image once an epoch: the control, unless another is chosen.

    L = -log p_y
    """
    return Strategy()

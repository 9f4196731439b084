"""Balanced softmax."""

from benchmark.strategy import Strategy, find, strategy


@strategy(groups=("losses",))
def balanced_softmax() -> Strategy:
    """Cross-entropy on a softmax in which each class counts as often as it has images.

    Ren et al. 2020, arXiv 2007.10740, eq. 4. The same loss as `logit_adjusted_loss` with tau=1, and
    both share one training. Their meta-sampler is not part of it.

    L = -log (n_y e^f_y / sum_c n_c e^f_c)

    Example: --strategies no_change,balanced_softmax
    """
    return find("logit_adjusted_loss", tau=1.0)

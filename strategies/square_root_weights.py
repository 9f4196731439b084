"""Cross-entropy weighted by the inverse square root of class size."""

from benchmark.strategy import Strategy, find, strategy


@strategy(groups=("losses",))
def square_root_weights() -> Strategy:
    """Cross-entropy weighted by the inverse square root of class size: class weights, but milder.

    Half way, on a logarithmic scale, between no weights and `class_weights`. Full class weights
    multiply the noise of classes with few images (as sampling: Mahajan et al. 2018, arXiv
    1805.00932, section 2.2).

    L = -w_y log p_y, w_c ~ n_c^-1/2

    Example: --strategies no_change,square_root_weights
    """
    return find("class_weights", power=0.5)

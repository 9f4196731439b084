"""Square-root sampling."""

from benchmark.strategy import Between, ExpectClassSampling, Stage, Strategy, strategy
from strategies.random_oversampling import Oversampler


@strategy(groups=("samplers",), power=Between(0, 1))
def square_root_sampling(power: float = 0.5) -> Strategy:
    """Rare classes are drawn more often, but not as often as others: half way to balanced draws.

    Mahajan et al. 2018, arXiv 1805.00932, section 2.2; Kang et al. 2020, arXiv 1910.09217, eq. 1
    with q = power. Each epoch shows every image of the largest class once, as in random
    oversampling.

    draws of class c ~ n_c^power

    Example: --strategies no_change,square_root_sampling,random_oversampling
    """
    if not 0 <= power <= 1:
        raise ValueError(f"square_root_sampling: power must be from 0 to 1, got {power}")
    stage = Stage(sampler=Oversampler(power), expectations=(ExpectClassSampling(power),))
    return Strategy(stages=(stage,))

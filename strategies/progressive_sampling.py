"""Progressively balanced sampling."""

from benchmark.strategy import ExpectClassSampling, ExpectStage, OneOf, Stage, Strategy, strategy
from strategies.random_oversampling import Oversampler


@strategy(groups=("samplers",), stages=OneOf((2, 3, 5, 10)))
def progressive_sampling(stages: int = 5) -> Strategy:
    """Classes are drawn by size at first and equally often at the end, in equal stages.

    Kang et al. 2020, arXiv 1910.09217, eq. 2. There t is the epoch; here the steps that train more
    than the last layer are cut into `stages`, which is ours. The first draws by class size, as do
    all steps before, the last draws all classes equally often.

    share of class c = (1 - t) n_c / N + t / C, t = 0 ... 1

    Example: --strategies no_change,progressive_sampling:stages=4
    """
    if stages < 2:
        raise ValueError(f"progressive_sampling: stages must be 2 or more, got {stages}")
    scheduled = ExpectStage(1 / stages)
    blended = [Stage(1 / stages, expectations=(scheduled,))]
    for t in (k / (stages - 1) for k in range(1, stages)):
        expectations = (ExpectClassSampling(power=0, blend=t), scheduled)
        blended.append(Stage(1 / stages, Oversampler(blend=t), expectations=expectations))
    return Strategy(tuple(blended))

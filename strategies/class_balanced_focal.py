"""Focal loss, weighted by the effective number of images."""

from benchmark.strategy import (
    Between,
    ExpectLoss,
    OneOf,
    Stage,
    Strategy,
    WeightedLoss,
    strategy,
)
from strategies.effective_number import InverseEffectiveNumber
from strategies.focal_loss import FocalLoss


@strategy(groups=("losses",), gamma=Between(0.25, 5), beta=OneOf((0.9, 0.99, 0.999, 0.9999)))
def class_balanced_focal(gamma: float = 1.0, beta: float = 0.9999) -> Strategy:
    """Focal loss with class weights: hard images count for more, and so do rare classes.

    Cui et al. 2019, arXiv 1901.05555, section 4, on the softmax (their results are with sigmoids):
    the focal term uses the unweighted probability, then the weights of `effective_number` apply.
    They choose gamma and beta for each data set; these are those of the script in their code.

    L = -w_y (1 - p_y)^gamma log p_y, w_c ~ (1 - beta) / (1 - beta^n_c)

    Example: --strategies no_change,class_balanced_focal:gamma=2,beta=0.9999
    """
    loss = WeightedLoss(InverseEffectiveNumber(beta), FocalLoss(gamma))
    expectations = (ExpectLoss(gamma=gamma, beta=beta),)
    return Strategy(stages=(Stage(loss=loss, expectations=expectations),))

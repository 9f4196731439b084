"""Vector scaling of a trained model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy import (
    Calibration,
    ExpectVectorScaling,
    Outputs,
    ScaledLogits,
    Strategy,
    find,
    strategy,
)


@dataclass(frozen=True)
class VectorScaling(Calibration):
    """The scales and biases of the lowest log-loss on validation."""

    prior_weight: float

    def __post_init__(self) -> None:
        if not self.prior_weight > 0:
            raise ValueError(
                f"vector_scaling: prior_weight must be above 0, got {self.prior_weight}"
            )

    def fit(self, validation: Outputs, counts: NDArray[np.int64]) -> ScaledLogits:  # noqa: ARG002
        """Fit them, from the temperature on."""
        from benchmark.strategy.calibration import fit_scale_and_bias, fit_temperature

        temperature = fit_temperature(validation.logits, validation.labels)
        logits = validation.logits.astype(np.float64) / temperature
        scale, bias = fit_scale_and_bias(logits, validation.labels, self.prior_weight, 1.0)
        return ScaledLogits(tuple((scale / temperature).tolist()), tuple(bias.tolist()))


@strategy(groups=("decisions",))  # a search, by macro-F1, says nothing of a prior of log-loss
def vector_scaling(base: str = "no_change", prior_weight: float = 5.0) -> Strategy:
    """The trained model `base` with a scale and bias of each class's logit; nothing is trained.

    Guo et al. 2017, arXiv 1706.04599, section 4.2: those of the lowest log-loss of the validation
    images. That brings the mean probability of a class near its share of these images, also after a
    training on balanced draws or weights, so labels change too. Without a penalty a class without
    validation images, or classes that are told apart without error, would have no best value; ours
    is that of a normal prior: half of `prior_weight` times the squares of b, and of how far a T is
    from 1 with the T of temperature_scaling, is added to the sum of the losses. A decision on top
    is fitted to the calibrated probabilities.

    p = softmax(a * z + b)

    Example: --strategies no_change,vector_scaling,threshold_moving:base=vector_scaling
    """
    return find(base).decided_by(VectorScaling(prior_weight), ExpectVectorScaling(prior_weight))

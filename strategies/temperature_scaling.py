"""Temperature scaling of a trained model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy import (
    Calibration,
    DividedLogits,
    ExpectTemperature,
    Outputs,
    Strategy,
    find,
    strategy,
)


@dataclass(frozen=True)
class TemperatureScaling(Calibration):
    """The temperature of the lowest log-loss on validation."""

    def fit(self, validation: Outputs, counts: NDArray[np.int64]) -> DividedLogits:  # noqa: ARG002
        """Fit it."""
        from benchmark.strategy.calibration import fit_temperature

        return DividedLogits(fit_temperature(validation.logits, validation.labels))


@strategy(groups=("decisions",))
def temperature_scaling(base: str = "no_change") -> Strategy:
    """The trained model `base` with its probabilities made less or more sure; nothing is trained.

    Guo et al. 2017, arXiv 1706.04599, section 4.2. One number divides all logits: that of the
    lowest log-loss of the validation images, from 0.25 to 20, so that a network that is right about
    all of a few images does not become certain. Labels stay: what changes are confidence, log-loss
    and calibration error. A decision on top, as in threshold_moving:base=temperature_scaling, is
    fitted to the calibrated probabilities; where `base` has a decision, that is.

    p = softmax(z / T)

    Example: --strategies no_change,temperature_scaling,threshold_moving:base=temperature_scaling
    """
    return find(base).decided_by(TemperatureScaling(), ExpectTemperature())

"""Random undersampling."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy import ExpectClassSampling, Stage, Strategy, strategy


@dataclass(frozen=True)
class Undersampler:
    """As many images of each class as the smallest has, drawn anew for each epoch."""

    def __call__(self, labels: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """Labels (N,) -> positions (C * min_c n_c,), shuffled."""
        from imblearn.under_sampling import RandomUnderSampler  # slow to import

        sampler = RandomUnderSampler(random_state=int(rng.integers(2**31)))
        positions = np.arange(len(labels)).reshape(-1, 1)  # (N,) -> (N, 1), as scikit-learn wants
        sampler.fit_resample(positions, labels)
        return rng.permutation(sampler.sample_indices_)


@strategy(groups=("samplers",))
def undersampling() -> Strategy:
    """Large classes are cut to the size of the smallest: the cheap way to balanced draws.

    imbalanced-learn's RandomUnderSampler on the training indices (Buda et al. 2018, arXiv
    1710.05381), drawn anew for each epoch, so that no image is left out for good. The step budget
    is that of all strategies: rare images are shown as often as by oversampling, in short epochs.

    draws of class c = min_k n_k in each epoch

    Example: --strategies no_change,undersampling,random_oversampling
    """
    expectations = (ExpectClassSampling(power=0, undersampled=True),)
    return Strategy(stages=(Stage(sampler=Undersampler(), expectations=expectations),))

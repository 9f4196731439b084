"""Random oversampling."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy import ExpectClassSampling, Stage, Strategy, strategy


@dataclass(frozen=True)
class Oversampler:
    """Repeats images of smaller classes. An epoch shows each image of the largest class once.

    The fraction `blend` of the draws is in proportion to (images)^power, the others to images.
    """

    power: float = 0.0
    blend: float = 1.0

    def __call__(self, labels: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """Labels (N,) -> positions (M,), shuffled; M = C * max_c n_c for equal classes."""
        from imblearn.over_sampling import RandomOverSampler  # slow to import, so `list` must not

        classes, size = np.unique(labels, return_counts=True)
        powers = size**self.power
        share = self.blend * powers / powers.sum() + (1 - self.blend) * size / size.sum()
        draws = np.maximum(size, np.round(share * (size / share)[size.argmax()])).astype(int)
        targets = dict(zip(classes.tolist(), draws.tolist(), strict=True))
        seed = int(rng.integers(2**31))
        sampler = RandomOverSampler(sampling_strategy=targets, random_state=seed)
        positions = np.arange(len(labels)).reshape(-1, 1)  # (N,) -> (N, 1), as scikit-learn wants
        sampler.fit_resample(positions, labels)
        return rng.permutation(sampler.sample_indices_)


@strategy(groups=("all", "samplers"))
def random_oversampling() -> Strategy:
    """Images of rare classes are drawn repeatedly until every class is drawn equally often.

    imbalanced-learn's RandomOverSampler on the training indices (Buda et al. 2018, arXiv
    1710.05381), drawn anew for each epoch. The step budget is that of all strategies, so images of
    large classes are drawn less often.

    draws of class c = max_k n_k in each epoch

    Example: --strategies no_change,random_oversampling
    """
    stage = Stage(sampler=Oversampler(), expectations=(ExpectClassSampling(power=0),))
    return Strategy(stages=(stage,))

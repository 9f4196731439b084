"""Random oversampling."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy import ExpectClassSampling, Stage, Strategy, strategy


@dataclass(frozen=True)
class Oversample:
    """Images of smaller classes repeated, every image of the largest shown once.

    Draws are in proportion to (images)^power for the share `blend` of them, else as they are.
    """

    power: float = 0.0
    blend: float = 1.0

    def __call__(self, labels: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """Labels (N,) -> positions (M,), shuffled; M = C * max_c n_c for equal classes."""
        from imblearn.over_sampling import RandomOverSampler  # slow to import; `list` need not wait

        kinds, size = np.unique(labels, return_counts=True)
        powers = size**self.power
        share = self.blend * powers / powers.sum() + (1 - self.blend) * size / size.sum()
        draws = np.maximum(size, np.round(share * (size / share)[size.argmax()])).astype(int)
        sampler = RandomOverSampler(
            sampling_strategy=dict(zip(kinds.tolist(), draws.tolist(), strict=True)),
            random_state=int(rng.integers(2**31)),
        )
        positions = np.arange(len(labels)).reshape(-1, 1)  # (N,) -> (N, 1), as scikit-learn wants
        sampler.fit_resample(positions, labels)
        return rng.permutation(sampler.sample_indices_)


@strategy
def random_oversampling() -> Strategy:
    """Images of rare classes are drawn again and again until every class is drawn equally often.

    imbalanced-learn's RandomOverSampler on the training indices (Buda et al. 2018, arXiv
    1710.05381), drawn anew for each pass. The step budget is that of all strategies, so large
    classes are seen less often.

    draws of class c = max_k n_k in each pass

    Example: --strategies no_change,random_oversampling
    """
    return Strategy(
        stages=(Stage(sampler=Oversample(), expectations=(ExpectClassSampling(power=0),)),)
    )

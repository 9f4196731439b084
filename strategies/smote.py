"""SMOTE on the network's features."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy import Between, OneOf, Stage, Strategy, find, strategy
from benchmark.strategy.expectations.synthesis import FeaturesInterpolated, SyntheticFeatures
from strategies.crt import retrain_head


@dataclass(frozen=True)
class Smote:
    """Rows between neighbours of a class, until all classes are as large as the largest."""

    neighbors: int

    def __call__(
        self, features: NDArray[np.floating], labels: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[NDArray[np.floating], NDArray[np.int64]]:
        """Features (N, D), labels (N,) -> further rows (S, D) and their labels (S,)."""
        from imblearn.over_sampling import SMOTE, RandomOverSampler  # slow to import

        classes, sizes = np.unique(labels, return_counts=True)
        made = [(features[:0], labels[:0])]
        near = np.minimum(self.neighbors, sizes - 1)  # a small class has fewer neighbours
        for k in np.unique(near).tolist():
            targets = dict.fromkeys(classes[near == k].tolist(), int(sizes.max()))
            options = {"sampling_strategy": targets, "random_state": int(rng.integers(2**31))}
            sampler = SMOTE(k_neighbors=k, **options) if k else RandomOverSampler(**options)
            made.append(tuple(x[len(labels) :] for x in sampler.fit_resample(features, labels)))
        return np.concatenate([x for x, _ in made]), np.concatenate([y for _, y in made])


@strategy(
    groups=("samplers",),
    final_fraction=Between(0.1, 0.6),
    neighbors=OneOf((1, 3, 5, 10)),
    reset=OneOf((True, False)),
)
def smote(
    base: str = "no_change",
    final_fraction: float = 0.3,
    neighbors: int = 5,
    reset: bool = True,
    extra_epochs: float = 0.0,
) -> Strategy:
    """Trained as `base`, then a new last layer with synthetic features of rare classes.

    imbalanced-learn's SMOTE (Chawla et al. 2002, JAIR 16, with their 5 neighbours) on the pooled
    features, after the other layers are frozen: a point between the pixels of two images is no
    image. Such steps are those of Dablain et al. 2022, arXiv 2207.06080, who make their features
    in another way. With --fine-tune head both steps train the last layer. In a class of fewer
    than `neighbors` + 1 images, all others are neighbours; a single image is repeated.
    `final_fraction`, `reset` and `extra_epochs` as for `crt`.

    x = x_i + u (x_j - x_i), u ~ U(0, 1), j of the nearest of i in its class, until n_c = max_k n_k

    Example: --strategies no_change,crt,smote:neighbors=3
    """
    if neighbors < 1:
        raise ValueError(f"smote: neighbors must be 1 or more, got {neighbors}")
    expectations = (SyntheticFeatures(), FeaturesInterpolated(neighbors))
    synthetic = Stage(synthesizer=Smote(neighbors), expectations=expectations)
    return retrain_head(find(base), synthetic, final_fraction, reset, extra_epochs)

"""Training without the images whose labels are likely wrong."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from benchmark.strategy import Between, ExpectSelection, Strategy, find, strategy

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class DropSuspects:
    """The images with the worst labels, so many of a class at most."""

    max_fraction: float
    min_images: int

    def __call__(
        self, features: NDArray[np.floating], labels: Numbers, groups: Numbers, rng: Generator
    ) -> NDArray[np.bool_]:
        """Features (N, D), labels (N,), groups (N,) -> images to train on, (N,)."""
        from benchmark.strategy.label_issues import find_label_issues, out_of_fold_probabilities

        counts, seed = np.bincount(labels), int(rng.integers(2**31))
        p = out_of_fold_probabilities(features, labels, len(counts), groups=groups, seed=seed)
        issues, kept = find_label_issues(labels, p, counts), np.ones(len(labels), bool)
        for c, count in enumerate(counts.tolist()):
            suspects = np.flatnonzero(issues.suspect & (labels == c))
            worst_first = suspects[np.argsort(issues.quality[suspects], kind="stable")]
            most = min(int(self.max_fraction * count), count - self.min_images)
            kept[worst_first[: max(most, 0)]] = False
        return kept


@strategy(groups=("noise",), max_fraction=Between(0.05, 0.5))
def drop_suspects(
    base: str = "no_change", max_fraction: float = 0.3, min_images: int = 10
) -> Strategy:
    """Trained as `base`, without the training images whose labels are likely wrong.

    Before the first step, linear classifiers on features of the pretrained network, of its middle
    and its end, learn from four fifths of the images and predict the others; images of one group,
    or that look the same, are on the same side. An image is suspect by confident learning
    (Northcutt, Jiang & Chuang 2021, arXiv 1911.00068; their library cleanlab) on probabilities
    without the class prior, if another class is four times as probable as its label. About half of
    the suspects of real data are right. So at most `max_fraction` of a class is left out, the worst
    first, and a class keeps `min_images` images: no rare class is emptied. Steps stay; the other
    images are shown more often. With crt:base=drop_suspects, the last stage leaves them out as
    well. It needs the extra: pip install 'imbalance-bench[labels]'.

    p_y / (p_y + max_{c != y} p_c) <= 1/5, with p_c the probability of class c over its prior

    Example: --strategies no_change,drop_suspects,generalized_cross_entropy
    """
    if not 0 < max_fraction < 1:
        raise ValueError(
            f"drop_suspects: max_fraction must be above 0 and below 1, got {max_fraction}"
        )
    if min_images < 1:
        raise ValueError(f"drop_suspects: min_images must be 1 or more, got {min_images}")
    selection = DropSuspects(max_fraction, min_images)
    expected, plain = ExpectSelection(max_fraction, min_images), find(base)
    stages = tuple(
        replace(stage, selection=selection, expectations=(*stage.expectations, expected))
        for stage in plain.stages
    )
    return replace(plain, stages=stages)

"""Draw which labels are wrong, and what they say: arrays in, an array out."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_LABEL_NOISE = 24  # separates these random numbers from others of the seed


def flip_labels(
    labels: NDArray[np.int64],
    rate: float,
    classes: int,
    seed: Sequence[int],
    toward: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Return labels of which the share `rate` is wrong: exactly that share, class by class.

    Without `toward`, a wrong label is any of the other C - 1 classes with the same probability.
    The label of class i becomes j ≠ i with probability rate / (C - 1): the symmetric noise of van
    Rooyen et al. 2015 and Patrini et al. 2017, in which `rate` is the share of wrong labels. (Some
    authors draw from all C classes, of which 1 / C is right by chance.) With `toward`, it is the
    class ``toward[i]``: the asymmetric, or pair, noise of Patrini et al. 2017.

    Both papers flip each label by a coin of its own. Of a class with four images, .18 would then
    hit three or more in one of 50 classes. Here, the wrong labels are a systematic sample
    (Madow 1949): a class of n images has ``rate n`` wrong labels, rounded down or up, the sum over
    the classes is ``rate N``, rounded down or up, and each label is still wrong with probability
    `rate`. Which of a class are wrong is drawn at random. The images that a smaller rate hits are,
    but for rounding, among those of a larger one, and have the same wrong label.

    A class keeps at least one right label: a class with a single image has no wrong one.

    Parameters
    ----------
    labels
        Right labels, (N,).
    rate
        In [0, 1).
    classes
        C, at least 2.
    seed
        What the noise is drawn with.
    toward
        The class that each class is taken for, (C,).
    """
    sizes = np.bincount(labels, minlength=classes)
    offset = np.random.default_rng([*seed, _LABEL_NOISE]).random()
    cumulative = np.concatenate(([0.0], np.cumsum(rate * sizes))) + offset
    # a hair, so that 0.18 * 50 is 9
    wrong = np.diff(np.floor(cumulative + 1e-9).astype(np.int64))
    wrong = np.minimum(wrong, np.maximum(sizes - 1, 0))
    given = labels.copy()
    of_classes = np.split(np.argsort(labels, kind="stable"), np.cumsum(sizes)[:-1])
    for c, count in enumerate(wrong.tolist()):
        rng = np.random.default_rng([*seed, _LABEL_NOISE, c])
        own = rng.permutation(of_classes[c])
        others = rng.integers(classes - 1, size=len(own))
        others += others >= c  # skips c itself
        given[own[:count]] = others[:count] if toward is None else toward[c]
    return given

"""Classes of which it is known how many images they take until half of them is recognised.

The truth is counted: heads are trained on new images of the class, of each number, and tested on
many. Features are Gaussian, or not: with heavy tails, a class of three kinds, or one that is wider
or narrower than the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.evaluation.learning_curve.class_curve import FACTORS, ClassCurve
from benchmark.evaluation.learning_curve.curves import learning_curves
from benchmark.evaluation.learning_curve.head import fit

KINDS = ("gaussian", "heavy tails", "three kinds in one", "another width")
CLASSES, FEATURES = 8, 40
TESTED, SIZES = 1500, 10  # images that the truth is counted on; numbers of training images
NEVER = "never separates"


@dataclass(frozen=True)
class PlantedCase:
    """A class, its true number (infinite: not within the largest of FACTORS), and its curve."""

    images: int
    true: float
    true_recalls: np.ndarray  # for each of FACTORS
    curve: ClassCurve


class World:
    """Draws features of classes: 0 is the one in question, 1 the one that it is taken for."""

    def __init__(self, rng: np.random.Generator, kind: str) -> None:
        self.rng, self.kind = rng, kind
        self.scale = rng.lognormal(0, 0.6, FEATURES)
        self.means = rng.normal(size=(CLASSES, FEATURES)) * self.scale
        away = rng.normal(size=FEATURES)
        distance = 0.0 if kind == NEVER else rng.uniform(0.6, 3.2)
        self.means[0] = self.means[1] + distance * away / np.linalg.norm(away) * self.scale
        kinds = rng.normal(size=(3, FEATURES))
        kinds *= 1.2 / np.linalg.norm(kinds, axis=1)[:, None]
        self.kinds = kinds - kinds.mean(0)
        self.width = rng.uniform(0.8, 1.4)

    def draw(self, label: int, images: int) -> np.ndarray:
        """Features (images, FEATURES) of a class."""
        x = self.rng.normal(size=(images, FEATURES))
        if self.kind == "heavy tails":
            x *= np.sqrt(3 / self.rng.chisquare(5, images))[:, None]
        if label == 0 and self.kind == "three kinds in one":
            x += self.kinds[self.rng.integers(0, 3, images)]
        if label == 0 and self.kind == "another width":
            x *= self.width
        return self.means[label] + x * self.scale


def planted_case(seed: int, kind: str, with_truth: bool = True) -> PlantedCase:
    """Return the case of a seed; without its truth, which takes most of the time, if wanted."""
    rng = np.random.default_rng([seed, (*KINDS, NEVER).index(kind)])
    world = World(rng, kind)
    counts = rng.integers(60, 200, CLASSES)
    counts[0] = rng.integers(6, 40)
    tests = rng.integers(10, 60)
    if kind == NEVER:
        counts[1], counts[0] = 400, rng.integers(6, 16)  # the prior alone would not do either
    others = np.concatenate([world.draw(label, counts[label]) for label in range(1, CLASSES)])
    other_labels = np.repeat(np.arange(1, CLASSES), counts[1:])
    own = world.draw(0, counts[0])
    test = np.concatenate([world.draw(0, tests), *(world.draw(c, 10) for c in range(1, CLASSES))])
    test_labels = np.r_[np.zeros(tests, int), np.repeat(np.arange(1, CLASSES), 10)]
    train = np.concatenate([own, others]), np.r_[np.zeros(counts[0], int), other_labels]
    curve = learning_curves(train, (test, test_labels), CLASSES)[0]
    true, recalls = np.nan, np.full(len(FACTORS), np.nan)
    if with_truth:
        true, recalls = _truth(world, int(counts[0]), others, other_labels)
    return PlantedCase(int(counts[0]), true, recalls, curve)


def _truth(
    world: World, images: int, others: np.ndarray, other_labels: np.ndarray
) -> tuple[float, np.ndarray]:
    """Return where the recall of new heads passes one half, 0 for below all, and at FACTORS."""
    sizes = np.unique(np.geomspace(max(images / 4, 2), images * FACTORS[-1], SIZES).round())
    tested, recalls = world.draw(0, TESTED), []
    for size in sizes.astype(int):
        hits = []
        for _ in range(max(4, int(30 / np.sqrt(size)))):
            x = np.concatenate([world.draw(0, size), others])
            head = fit(x, np.r_[np.zeros(size, int), other_labels], CLASSES)
            hits.append((head.scores(head.whiten(tested)).argmax(1) == 0).mean())
        recalls.append(np.mean(hits))
    rising = np.maximum.accumulate(recalls)
    at_factors = np.interp(np.log(np.array(FACTORS) * images), np.log(sizes), rising)
    if rising[-1] < 0.5:
        return np.inf, at_factors
    if rising[0] >= 0.5:
        return 0.0, at_factors
    return float(np.exp(np.interp(0.5, rising, np.log(sizes)))), at_factors


def covers(case: PlantedCase, true: float) -> bool:
    """Return whether the interval of the curve holds the true number."""
    low, high = (
        np.inf if bound is None else bound for bound in (case.curve.half.low, case.curve.half.high)
    )
    return bool(low <= true <= high)

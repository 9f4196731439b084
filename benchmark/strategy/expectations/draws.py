"""Expectations of every sampler: images of a class are alike, and batches are random."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.measurements import CheckResult, EpochsDrawn, StageMeasurement

_DEVIATIONS = 6  # normal ones, that chance is allowed in a class: 1e-9
_FEW_PAIRS = 4  # more than by them, as few pairs are far from normal


@dataclass(frozen=True)
class ImagesDrawnEqually:
    """No image of a class is drawn more often than others, up to chance.

    The draws of the images of a class may differ by as much as those of independent draws do
    (chi-square). Whole epochs differ by less. A sampler that repeats one image, or always leaves
    out the same ones, does not pass; nor does one that repeats the same images in each epoch, which
    epochs of synthetic labels show where a training has few.
    """

    component: ClassVar[str] = "sampler"
    claim: ClassVar[str] = "images of one class are drawn equally often, up to chance"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Compare the draws of images with those of the other images of their class."""
        if not measurement.image_draws.size:
            return CheckResult(None, "draws were not counted by image")
        class_draws = _draws_of_classes(measurement.image_draws, measurement.class_counts)
        passed = all(_is_by_chance(draws) for draws in class_draws if draws.sum())
        never = sum(int((draws == 0).sum()) for draws in class_draws)
        most = max(
            (draws.max() / draws.mean() for draws in class_draws if draws.sum()), default=0.0
        )
        observed = (
            f"at most {most:.1f} times as often as the mean of the class; "
            f"{never:,} of {len(measurement.image_draws):,} images never"
        )
        if passed and (epochs := measurement.epochs_drawn) is not None and _same_repeats(epochs):
            passed = False
            observed += f"; the same images again in {epochs.epochs} epochs of synthetic labels"
        return CheckResult(passed, observed)


@dataclass(frozen=True)
class ImagesDrawnUnequally:
    """Some images of a class are drawn more often than others: declared, it is no fault."""

    component: ClassVar[str] = "sampler"
    claim: ClassVar[str] = "some images of a class are drawn more often than others"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Return the opposite of `ImagesDrawnEqually`."""
        equally, observed = ImagesDrawnEqually().check(measurement)
        return CheckResult(None if equally is None else not equally, observed)


@dataclass(frozen=True)
class BatchesMixed:
    """A batch has images of one class no more often than chance has.

    Nor does an image follow one of its class more often than in a random order of the same draws,
    in epochs of synthetic labels: an epoch may be as short as a batch.
    """

    component: ClassVar[str] = "sampler"
    claim: ClassVar[str] = "images come in random order: classes are mixed in each batch"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Compare the pairs of one class in a batch with those of random batches."""
        batches, size = measurement.batches
        drawn = (measurement.drawn + measurement.synthetic).astype(float)
        if batches == 0 or size < 2 or np.count_nonzero(drawn) < 2:
            return CheckResult(None, "there are no batches of several classes")
        second, third = (((drawn / drawn.sum()) ** power).sum() for power in (2, 3))
        pairs, triples = size * (size - 1) / 2, size * (size - 1) * (size - 2) / 6
        variance = pairs * (second - second**2) + 6 * triples * (third - second**2)
        allowed = batches * pairs * second + 8 * np.sqrt(batches * max(variance, 0.0)) + _FEW_PAIRS
        share = measurement.same_class_pairs / (batches * pairs)
        observed = f"{share:.3f} of the pairs in a batch are of one class, at random {second:.3f}"
        passed = bool(measurement.same_class_pairs <= allowed)
        if (epochs := measurement.epochs_drawn) is not None:
            in_order, neighbours = _in_order(epochs)
            passed, observed = passed and not in_order, f"{observed}; {neighbours}"
        return CheckResult(passed, observed)


def _draws_of_classes(
    image_draws: NDArray[np.int64], counts: NDArray[np.int64]
) -> list[NDArray[np.float64]]:
    return np.split(image_draws.astype(float), np.cumsum(counts)[:-1])


def _same_repeats(epochs: EpochsDrawn) -> bool:
    """Whether some images are drawn more often than others of their class over many epochs."""
    class_draws = _draws_of_classes(epochs.image_draws, epochs.class_counts)
    return not all(_is_by_chance(draws) for draws in class_draws if draws.sum())


def _in_order(epochs: EpochsDrawn) -> tuple[bool, str]:
    """Whether images follow one of their class more often than by chance; how often, in words."""
    draws = epochs.class_draws.astype(float)  # (E, C)
    total = draws.sum(1)
    several = total > 1
    draws, total = draws[several], total[several]
    if not len(total):
        return False, "epochs of synthetic labels have one image"
    share = draws / total[:, None]
    second, third = ((share**power).sum(1) for power in (2, 3))
    expected = ((draws * (draws - 1)).sum(1) / total).sum()  # in random orders of these draws
    variance = (total * (second - second**2 + 2 * (third - second**2))).sum()
    follow = epochs.same_class_neighbours
    return bool(follow > expected + _DEVIATIONS * np.sqrt(max(variance, 0.0)) + _FEW_PAIRS), (
        f"in epochs of synthetic labels {follow / (total - 1).sum():.3f} follow one of their "
        f"class, in random order {expected / (total - 1).sum():.3f}"
    )


def _is_by_chance(draws: NDArray[np.float64]) -> bool:
    """Whether draws (n,) of the images of a class vary no more than independent ones."""
    images, mean = len(draws), draws.mean()
    if images < 2:
        return True
    statistic = ((draws - mean) ** 2).sum() / mean
    free = images - 1
    # quantile of chi-square by Wilson & Hilferty 1931; few draws are far from normal, so twelve
    # more pairs of equal images are allowed
    spread = 2 / (9 * free)
    allowed = free * (1 - spread + _DEVIATIONS * np.sqrt(spread)) ** 3 + 24 / mean
    return bool(statistic <= allowed)

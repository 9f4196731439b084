"""What is known of one class: how often it is recognised, by the number of its training images."""

from dataclasses import dataclass

FACTORS = (1.0, 2.0, 4.0, 8.0)  # times the training images that there are; never beyond the last
LEVEL = 0.9  # of the intervals here


@dataclass(frozen=True)
class MeasuredPoint:
    """Heads on nested subsets of the class's training images, mean over draws."""

    images: int
    recall: float
    f1: float


@dataclass(frozen=True)
class ExpectedPoint:
    """What is expected of so many training images of the class, with intervals at LEVEL."""

    images: int
    recall: float
    recall_low: float
    recall_high: float
    macro_f1: float
    macro_f1_low: float
    macro_f1_high: float


@dataclass(frozen=True)
class ImagesNeeded:
    """Training images with which half of the class is recognised; None: more than are considered.

    The bounds are an interval at LEVEL.
    """

    images: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class ClassCurve:
    """The curve of one class; the images of all other classes stay as they are."""

    label: int
    train_images: int
    test_images: int
    measured: tuple[MeasuredPoint, ...]
    expected: tuple[ExpectedPoint, ...]  # one for each of FACTORS
    half: ImagesNeeded
    confuser: int | None  # the class that takes most of its test images, with the last of FACTORS

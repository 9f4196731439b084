"""The images of a run that are shown, with what was predicted of them."""

from __future__ import annotations

from dataclasses import dataclass

BASELINE, BEST, OTHER = "baseline", "best on validation", "finished"


@dataclass(frozen=True)
class Prediction:
    """What a strategy calls an image."""

    label: str
    confidence: float  # the network's probability of that class


@dataclass(frozen=True)
class ShownImage:
    """An image of the run."""

    file: str
    label: str  # as it is given
    right_label: str  # another where the label was made wrong on purpose
    predictions: tuple[Prediction, ...] = ()  # of a test image: one a strategy that is shown

    @property
    def is_wrong(self) -> bool:
        """Whether the first strategy errs."""
        return bool(self.predictions) and self.predictions[0].label != self.label


@dataclass(frozen=True)
class ShownStrategy:
    """A strategy whose predictions are shown."""

    name: str
    role: str  # BASELINE, BEST or, where neither finished, OTHER
    network: str  # key
    validation: float  # macro-F1 on validation, mean over seeds


@dataclass(frozen=True)
class ShownClass:
    """A class, some of its test images and some training images to compare them with."""

    index: int  # in the manifest
    label: str
    train_count: int
    test_count: int
    hits: tuple[int, ...]  # test images that are recognised, by strategy
    cause: str  # the likeliest, of the diagnosis; "" without one
    predicted: tuple[tuple[str, int], ...]  # what the first strategy calls its images, and how many
    test: tuple[ShownImage, ...]  # the surest errors first
    training: tuple[ShownImage, ...]
    confuser: str  # the other class that it is mostly taken for; "" for none
    of_confuser: tuple[ShownImage, ...]  # training images


@dataclass(frozen=True)
class ShownPair:
    """Two classes, images of each that are taken for the other, and what these others are like."""

    labels: tuple[str, str]
    errors: tuple[int, int]  # images of the first called the second, and the other way round
    test_counts: tuple[int, int]
    test: tuple[tuple[ShownImage, ...], tuple[ShownImage, ...]]
    training: tuple[tuple[ShownImage, ...], tuple[ShownImage, ...]]


@dataclass(frozen=True)
class Gallery:
    """What is shown of a run."""

    seed: int
    strategies: tuple[ShownStrategy, ...]  # one or two
    ignored: int  # classes that the first strategy ignores, of those with test images
    classes: tuple[ShownClass, ...]  # by training size, largest first
    errors: tuple[ShownImage, ...]
    number_of_errors: int
    pairs: tuple[ShownPair, ...]
    test_images: int
    has_wrong_labels: bool  # whether some labels were made wrong on purpose

    def tested(self) -> dict[str, ShownImage]:
        """Return all test images that are shown, by file."""
        images = [*self.errors]
        images += [image for each in self.classes for image in each.test]
        images += [image for pair in self.pairs for some in pair.test for image in some]
        return {image.file: image for image in images}

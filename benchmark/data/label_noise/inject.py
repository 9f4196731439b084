"""The labels that each seed is given: those of the data, but for the ones made wrong on purpose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.data.imageset import SPLITS, ImageSet
from benchmark.data.label_file import read_label_file
from benchmark.data.label_noise.messages import noise_message
from benchmark.data.label_noise.noise import ASYMMETRIC, FILE, LabelNoise
from benchmark.data.label_noise.wrong_labels import flip_labels
from benchmark.data.pixels.store import Pixels
from benchmark.data.read_only import read_only
from benchmark.data.splits import Splits
from benchmark.system.text import first_names, pluralize


@dataclass(frozen=True, eq=False)
class GivenLabels:
    """The labels that trainings are given, where they differ from those of the data."""

    by_seed: Mapping[int, NDArray[np.int64]] = field(default_factory=dict)  # seed -> (N,)
    message: str = ""  # what is wrong, for the user; '' without noise

    def __post_init__(self) -> None:
        self.__setstate__(self.__dict__)

    def __setstate__(self, state: dict[str, Any]) -> None:
        by_seed = {seed: read_only(labels) for seed, labels in state["by_seed"].items()}
        self.__dict__.update(state, by_seed=by_seed)


def check_label_noise(noise: LabelNoise, images: ImageSet, is_part: bool) -> None:
    """Raise what `read_label_file` raises, before any image is decoded."""
    if noise.kind == FILE:
        read_label_file(noise.file, images, is_part=is_part)


def inject_label_noise(
    noise: LabelNoise,
    images: ImageSet,
    pixels: Pixels,
    splits: Mapping[int, Splits],
    is_part: bool = False,
) -> GivenLabels:
    """Make labels wrong in the training split of each seed; the test split keeps the right ones.

    Validation keeps them too, unless the noise is one of validation. The right labels stay in
    `images`. What is wrong depends on the seed, its split and the labels alone, see `flip_labels`;
    the similar classes of asymmetric noise on the images, and not on the seed.

    Parameters
    ----------
    splits
        By seed.
    is_part
        Whether the images are a part of those that a file of labels names.

    Raises
    ------
    ValueError
        If a file of labels leaves a class without training images, or what `read_label_file`
        raises.
    """
    if not noise:
        return GivenLabels()
    toward, of_file = None, None
    if noise.kind == ASYMMETRIC:
        toward = _similar_classes(images, pixels)
    if noise.kind == FILE:
        of_file = read_label_file(noise.file, images, is_part=is_part)
    noisy_splits = SPLITS[:2] if noise.in_validation else SPLITS[:1]
    by_seed = {}
    for seed, split in splits.items():
        given = images.labels.astype(np.int64)
        for name in noisy_splits:
            indices = getattr(split, name)
            right, drawn_with = given[indices], [seed, SPLITS.index(name)]
            given[indices] = (
                flip_labels(right, noise.rate, len(images.classes), drawn_with, toward)
                if of_file is None
                else of_file[indices]
            )
        _require_training_images(noise, images.classes, given[split.train])
        by_seed[seed] = given
    return GivenLabels(by_seed, noise_message(noise, images, splits, by_seed, toward))


def _similar_classes(images: ImageSet, pixels: Pixels) -> NDArray[np.int64]:
    """Return the class that each class is taken for, (C,).

    Where each seed has images of its own, those of the lowest seed tell, so that further seeds
    change nothing.
    """
    used = pixels.readable.copy()
    if images.seeds is not None:
        used &= images.seeds == images.seeds.min()
    indices = np.flatnonzero(used)
    # scikit-learn: 0.5 s in each process, which other noise, or none, does not need
    from benchmark.data.label_noise.similar_classes import most_similar_classes

    return most_similar_classes(pixels.array, images.labels, indices, len(images.classes))


def _require_training_images(
    noise: LabelNoise, classes: Sequence[str], labels: NDArray[np.int64]
) -> None:
    counts = np.bincount(labels, minlength=len(classes))
    if lacking := [classes[c] for c in np.flatnonzero(counts == 0).tolist()]:
        raise ValueError(
            f"{noise.file}: no training image is labelled as one of "
            f"{pluralize(len(lacking), 'class', 'classes')}: {first_names(lacking)}. Leave each "
            "class at least one."
        )

"""The built-in data set: photographs of car wheels, rendered, one class a rim design.

Real photographs can't be shipped, so these are drawn: 17 designs (`rims`) that differ in the
structure of the rim alone, in long-tailed numbers. Everything else in a picture is a nuisance that
real photographs of wheels have too, and is independent of the class:

- pose, perspective, size and position: a spoke has no fixed position or width (`scene`);
- paint, tyre, brake, bolts, dirt, scratches: colour does not depend on the class (`parts`);
- cars, walls, clutter, shadows, things in front: part of the rim is often hidden
  (`surroundings`);
- light, white balance, blur, noise: the design must be recognised at 128 pixels (`photograph`).

The difficulty was set once, by the results of plain cross-entropy: on 300 images of every class it
reaches a macro-F1 of about 0.91. The default, with two epochs of the head and two of the second
half, never predicts 12 of the 17 classes (bundled weights, 128 pixels, batch 8, one seed, 556 test
images); oversampling and class weights leave 1 or 2. Its numbers are small so that the first
command ends in minutes on two cores: training costs most of it, and test images hardly anything.

Pixels depend on (seed of the set, seed of the run, index, design, size), not on order, process or
machine: see `draws`. Each seed of a run has pictures of its own, so no two seeds share an image.

``python -m tests.data.wheels.contact_sheet OUT.png`` shows them in a checkout.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image

from benchmark.data.imageset import ImageSet, require_number
from benchmark.data.wheels.draws import Draws
from benchmark.data.wheels.photograph import photograph
from benchmark.data.wheels.rims import DESIGNS

RENDERER_VERSION = 1  # raise it when the same draws give other pixels: the cache depends on it
FULL_SIZE = 299  # pixels: InceptionV3's own input, as there is no original
MIN_PER_CLASS = 3  # images a class, where the total allows: one for each split
VAL_IMAGES, TEST_IMAGES = 4, 8  # of the rarest class: intervals need 8 test images
MOST_VAL, MOST_TEST = 0.25, 0.5  # fractions that are evaluated for it, at most


@dataclass(frozen=True, eq=False)
class WheelReader:
    """Renders image i of a set on demand."""

    seed: int  # of the set
    run_seeds: np.ndarray  # (N,) int64, the seed of a run that an image is of
    numbers: np.ndarray  # (N,) int64, its number among those
    labels: np.ndarray  # (N,) int64

    def image(self, index: int, at_least: int = 0) -> Image.Image:
        """Return image `index`, square, with side `at_least` or FULL_SIZE."""
        design = list(DESIGNS.values())[self.labels[index]]
        draws = Draws(self.seed, int(self.run_seeds[index]), int(self.numbers[index]))
        return Image.fromarray(photograph(design, draws, at_least or FULL_SIZE))

    def content(self, index: int) -> bytes:
        """Return all that the pixels of image `index` depend on, except the size."""
        return self.stamp(index).encode()

    def stamp(self, index: int) -> str:
        """Return `content` as text."""
        design = list(DESIGNS)[self.labels[index]]
        drawn = f"seed {self.seed}|run {self.run_seeds[index]}|image {self.numbers[index]}"
        return f"wheels|edition {RENDERER_VERSION}|{drawn}|{design}"


@dataclass(frozen=True)
class Wheels:
    """Rendered photographs of the first `classes` rim designs, in long-tailed numbers.

    The splits have the same long tail. Rendering costs little, so they are larger than a tenth
    where that leaves the rarest class fewer than VAL_IMAGES or TEST_IMAGES.

    Parameters
    ----------
    images
        N for each seed of a run, in all classes and splits together.
    classes
        C, from 2 to 17; the order of the designs is fixed in `rims`.
    ratio
        Images of the most common design over images of the rarest, at least 1.
    seed
        Another seed gives other pictures.

    Raises
    ------
    ValueError
        If a value is outside these bounds.
    """

    images: int = 1100
    classes: int = 17
    ratio: float = 10.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not 2 <= self.classes <= len(DESIGNS):
            allowed = f"there are 2 to {len(DESIGNS)} designs."
            raise ValueError(f"wheels: classes={self.classes}; {allowed}")
        if self.seed < 0:
            allowed = "a seed is 0 or a positive whole number."
            raise ValueError(f"wheels: seed={self.seed}; {allowed}")
        require_number(self.images, "wheels")
        _ = self.counts  # raises what `long_tail` raises

    @cached_property
    def counts(self) -> np.ndarray:
        """Images of each class for each seed, (C,) int64."""
        return long_tail(self.images, self.classes, self.ratio)

    @property
    def fractions(self) -> tuple[float, float, float]:
        """Of the training, validation and test images."""
        rarest = int(self.counts[-1])
        val = min(max(0.1, VAL_IMAGES / rarest), MOST_VAL)
        test = min(max(0.1, TEST_IMAGES / rarest), MOST_TEST)
        return 1 - val - test, val, test

    @property
    def spec(self) -> str:
        """The text that names this set."""
        numbers = f"images={self.images},classes={self.classes},ratio={self.ratio:g}"
        return f"wheels:{numbers},seed={self.seed}"

    def draw(self, run_seeds: Sequence[int] = (0,)) -> ImageSet:
        """List the photographs of each of these seeds of a run, N for each."""
        per_seed = np.repeat(np.arange(self.classes, dtype=np.int64), self.counts)  # (N,)
        numbers = np.tile(np.arange(self.images, dtype=np.int64), len(run_seeds))
        seeds = np.repeat(np.array(run_seeds, dtype=np.int64), self.images)
        reader = WheelReader(self.seed, seeds, numbers, np.tile(per_seed, len(run_seeds)))
        names = tuple(DESIGNS)[: self.classes]
        return ImageSet(
            name="wheels",
            spec=self.spec,
            description=(
                f"Rendered photographs of car wheels, {self.classes} rim designs with "
                f"{self.counts[0]:,} to {self.counts[-1]:,} images each, in random pose, light, "
                "finish, dirt and surroundings. Each seed has photographs of its own, for training "
                "and for the test: no two seeds share an image."
            ),
            files=tuple(
                f"seed{seed}/{c:02d}_{names[c]}/{number:06d}.png"
                for seed, number, c in zip(
                    seeds.tolist(), numbers.tolist(), reader.labels.tolist(), strict=True
                )
            ),
            labels=reader.labels,
            classes=names,
            stamps=tuple(reader.stamp(index) for index in range(len(seeds))),
            reader=reader,
            fractions=self.fractions,
            seeds=seeds,
            source_key=f"edition {RENDERER_VERSION}|{self.spec}",
        )


def long_tail(images: int, classes: int, ratio: float) -> np.ndarray:
    """Return how many images each class has, (C,) int64, falling, summing exactly to `images`.

    n_c is proportional to ratio^(-c / (C - 1)) (Cui et al. 2019, arXiv 1901.05555), rounded by
    largest remainders. Each class has MIN_PER_CLASS images or more, or its equal share if less.
    """
    if images < classes:
        raise ValueError(f"wheels: images={images}; {classes} classes need an image each.")
    if not 1 <= ratio < math.inf:
        raise ValueError(f"wheels: ratio={ratio:g}; most common over rarest is at least 1.")
    fewest = min(MIN_PER_CLASS, images // classes)
    profile = [round(ratio ** (-c / (classes - 1)), 12) for c in range(classes)]
    shares = [images * weight / math.fsum(profile) for weight in profile]
    counts = [max(fewest, int(share)) for share in shares]
    while (missing := images - sum(counts)) != 0:
        change = 1 if missing > 0 else -1
        candidates = [c for c in range(classes) if change > 0 or counts[c] > fewest]
        counts[max(candidates, key=lambda c: change * (shares[c] - counts[c]))] += change
    return np.array(counts, dtype=np.int64)

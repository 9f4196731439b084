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
reaches a macro-F1 of about 0.91; the default, with two epochs of the head and two of the second
half, never predicts 5 of the 17 classes (bundled weights, 128 pixels, batch 16, two seeds).

Pixels depend on (seed, index, design, size), not on order, process or machine: see `draws`.

``python -m tests.data.wheels.contact_sheet OUT.png`` shows them in a checkout.
"""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from benchmark.data.imageset import ImageSet
from benchmark.data.wheels.draws import Draws
from benchmark.data.wheels.photograph import photograph
from benchmark.data.wheels.rims import DESIGNS

RENDERER_VERSION = 1  # raise it when the same draws give other pixels: the cache depends on it
FULL_SIZE = 299  # pixels: InceptionV3's own input, as there is no original
MIN_PER_CLASS = 3  # images a class, where the total allows: one for each split


@dataclass(frozen=True, eq=False)
class WheelReader:
    """Renders image i of a set on demand."""

    seed: int
    labels: np.ndarray  # (N,) int64

    def image(self, index: int, at_least: int = 0) -> Image.Image:
        """Return image `index`, square, with side `at_least` or FULL_SIZE."""
        design = list(DESIGNS.values())[self.labels[index]]
        draws = Draws(self.seed, index)
        return Image.fromarray(photograph(design, draws, at_least or FULL_SIZE))

    def content(self, index: int) -> bytes:
        """Return all that the pixels of image `index` depend on, except the size."""
        return self.stamp(index).encode()

    def stamp(self, index: int) -> str:
        """Return `content` as text."""
        design = list(DESIGNS)[self.labels[index]]
        return f"wheels|edition {RENDERER_VERSION}|seed {self.seed}|image {index}|{design}"


def wheels(images: int = 2400, classes: int = 17, ratio: float = 40.0, seed: int = 0) -> ImageSet:
    """List rendered photographs of the first `classes` rim designs, in long-tailed numbers.

    Parameters
    ----------
    images
        N, in all classes together.
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
    if not 2 <= classes <= len(DESIGNS):
        raise ValueError(f"wheels: classes={classes}; there are 2 to {len(DESIGNS)} designs.")
    if seed < 0:
        raise ValueError(f"wheels: seed={seed}; a seed is 0 or a positive whole number.")
    counts = long_tail(images, classes, ratio)
    labels = np.repeat(np.arange(classes, dtype=np.int64), counts)  # (C,) -> (N,)
    names = tuple(DESIGNS)[:classes]
    reader = WheelReader(seed, labels)
    return ImageSet(
        name="wheels",
        spec=f"wheels:images={images},classes={classes},ratio={ratio:g},seed={seed}",
        description=(
            f"Rendered photographs of car wheels, {classes} rim designs with {counts[0]:,} to "
            f"{counts[-1]:,} images each, in random pose, light, finish, dirt and surroundings."
        ),
        files=tuple(f"{c:02d}_{names[c]}/{i:06d}.png" for i, c in enumerate(labels)),
        labels=labels,
        classes=names,
        stamps=tuple(reader.stamp(index) for index in range(images)),
        reader=reader,
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

"""Which class each class looks most like, from the images alone: no network has a say in it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import ledoit_wolf

from benchmark.storage.stored_array import StoredArray

MOST_IMAGES = 10_000  # that are looked at, of all classes together; it takes seconds
LEAST_PER_CLASS = 20  # that are looked at however many classes there are
_BATCH = 256  # images in memory at once
_PARTS = 4  # a side, of which the mean colour counts
_SIDE = 64  # pixels of the grey image whose spectrum is taken
_RINGS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)  # cycles in an image: edges of the frequency bands
_DIRECTIONS = 8


def most_similar_classes(
    pixels: StoredArray,
    labels: NDArray[np.int64],
    indices: NDArray[np.int64],
    classes: int,
) -> NDArray[np.int64]:
    """Return for each class the other class that is closest to it, (C,).

    Linear discriminant analysis of `describe_images`: the distance of two classes is that of their
    means in units of the spread within classes (Mahalanobis), whose covariance is shrunk (Ledoit &
    Wolf 2004). Between classes of the same size, LDA errs the more often the smaller it is. A mean
    of n images is off by the spread over n, which would keep rare classes far from all others, so
    this is taken out.

    On the built-in wheels (128 px, three draws of 1,100 images), a class so chosen gets 65 to 75 %
    of the images that the likeliest wrong class gets from LDA on 3,400 images' InceptionV3
    features; LDA on the features of the same 1,100 images chooses classes with 65 to 75 %, small
    colour thumbnails (8 x 8) with 24 to 51 %, chance with 24 %.

    Parameters
    ----------
    pixels, labels
        Images (N, H, W, 3), and their classes (N,).
    indices
        The images that may be looked at. A class without any is close to no other class.
    classes
        C, at least 2.
    """
    most = max(LEAST_PER_CLASS, MOST_IMAGES // classes)
    of_classes = [indices[labels[indices] == c] for c in range(classes)]
    chosen = np.concatenate([_evenly_spaced(own, most) for own in of_classes])
    x, y = describe_images(pixels, chosen), labels[chosen]  # (M, D), (M,)
    sizes = np.maximum(np.bincount(y, minlength=classes), 1)  # (C,)
    means = np.stack([x[y == c].sum(0) / sizes[c] for c in range(classes)])  # (C, D)
    within = x - means[y]  # (M, D)
    scale = within.std(0) + 1e-9
    covariance, _ = ledoit_wolf(within / scale, assume_centered=True)
    factor = np.linalg.cholesky(covariance + 1e-6 * np.eye(len(covariance)))
    means = np.linalg.solve(factor, (means / scale).T).T
    within = np.linalg.solve(factor, (within / scale).T).T  # of unit covariance, but for shrinkage
    squares = np.square(means).sum(1)
    distances = squares[:, None] + squares[None, :] - 2 * means @ means.T  # (C, C), squared
    distances -= np.square(within).sum() / len(within) / sizes[None, :]
    lacking = np.array([len(own) == 0 for own in of_classes])
    distances[:, lacking] = np.finfo(float).max
    np.fill_diagonal(distances, np.inf)
    return distances.argmin(axis=1).astype(np.int64)


def describe_images(pixels: StoredArray, indices: NDArray[np.int64]) -> NDArray[np.float64]:
    """Describe M of the images (N, H, W, 3) by colours and structure, (M, D).

    These are the mean colours of 4 x 4 parts, and the logarithm of the power spectrum of the grey
    image in bands of frequency and direction. The spectrum does not change when what is in the
    image moves.
    """
    batches = np.split(indices, range(_BATCH, len(indices), _BATCH))
    return np.concatenate([_describe(pixels[batch]) for batch in batches])


def _describe(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    small = _means(images, _SIDE)  # (B, S, S', 3)
    colours, grey = _means(small, _PARTS), small.mean(axis=3)  # (B, 4, 4, 3), (B, S, S')
    grey -= grey.mean(axis=(1, 2), keepdims=True)
    grey /= grey.std(axis=(1, 2), keepdims=True) + 1e-6  # contrast is light, not structure
    height, width = grey.shape[1:]
    window = np.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1])
    power = np.log1p(np.square(np.abs(np.fft.rfft2(grey * window))))
    vertical = np.fft.fftfreq(height, 1 / height)[:, None]
    horizontal = np.fft.rfftfreq(width, 1 / width)[None, :]
    ring = np.digitize(np.hypot(vertical, horizontal), _RINGS)
    angle = np.arctan2(vertical, horizontal) % np.pi  # of a line and of its opposite
    band = ring * _DIRECTIONS + np.minimum(angle / np.pi * _DIRECTIONS, _DIRECTIONS - 1).astype(int)
    inside = (ring > 0) & (ring < len(_RINGS))
    spectrum = [power[:, band == b].mean(1) for b in np.unique(band[inside])]
    # (B, 4, 4, 3) -> (B, 48)
    return np.column_stack([colours.reshape(len(images), -1), *spectrum]).astype(np.float64)


def _means(images: NDArray[Any], side: int) -> NDArray[np.float32]:
    """Return the mean colours of side x side parts of images (B, H, W, 3), fewer of small ones."""
    height, width = images.shape[1:3]
    rows, columns = (
        np.linspace(0, length, min(side, length) + 1).astype(int) for length in (height, width)
    )
    sums = np.add.reduceat(images, rows[:-1], axis=1, dtype=np.float32)
    sums = np.add.reduceat(sums, columns[:-1], axis=2)
    areas = np.outer(np.diff(rows), np.diff(columns))
    return np.asarray(sums / areas[None, :, :, None], np.float32)


def _evenly_spaced(indices: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    return indices[np.linspace(0, len(indices) - 1, min(most, len(indices))).astype(int)]

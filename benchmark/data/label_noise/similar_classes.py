"""Which class each class looks most like, from the images alone: no network has a say in it."""

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import ledoit_wolf

SIDE = 8  # pixels of a thumbnail


def most_similar_classes(
    pixels: NDArray[np.uint8],
    labels: NDArray[np.int64],
    indices: NDArray[np.int64],
    classes: int,
) -> NDArray[np.int64]:
    """Return for each class the other class that is closest to it, (C,).

    Linear discriminant analysis of small colour thumbnails (8 x 8 x 3): the distance of two classes
    is that of their mean thumbnails in units of the spread within classes (Mahalanobis), whose
    covariance is shrunk (Ledoit & Wolf 2004). By LDA, with classes of the same size, two classes
    are the more often taken for each other the smaller it is. What a mean of n images is off by
    adds to the distance of a rare class from all, so its expectation, the trace of the whitened
    covariance over n, is taken out.

    Parameters
    ----------
    pixels, labels
        Images (N, H, W, 3), and their classes (N,).
    indices
        Those of the images that are looked at.
    classes
        C, at least 2. One without an image is closest to the first other class.
    """
    x, labels = thumbnails(pixels, indices), labels[indices]  # (M, D), (M,)
    sizes = np.bincount(labels, minlength=classes)
    indicator = labels[:, None] == np.arange(classes)  # (N, C)
    means = indicator.T.astype(np.float64) @ x / sizes[:, None]
    within = x - means[labels]
    scale = within.std() or 1.0  # of grey images without any spread
    covariance, _ = ledoit_wolf(within / scale, assume_centered=True)
    covariance += 1e-6 * np.eye(len(covariance))
    # S = L L': the rows of means L'^-1 have Euclidean distances
    factor = np.linalg.cholesky(covariance)
    white = np.linalg.solve(factor, means.T / scale).T  # (C, D)
    gram = white @ white.T
    squares = np.diag(gram)
    distance = squares[:, None] + squares[None, :] - 2 * gram  # (C, C)
    spread = np.square(np.linalg.solve(factor, within.T / scale)).sum() / len(x)
    distance -= spread * (1 / sizes)[None, :]
    np.fill_diagonal(distance, np.inf)
    return distance.argmin(axis=1).astype(np.int64)


def thumbnails(pixels: NDArray[np.uint8], indices: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the mean colours of 8 x 8 parts of M of the images (N, H, W, 3), (M, 192)."""
    height, width = pixels.shape[1:3]
    rows = np.linspace(0, height, min(SIDE, height) + 1).astype(int)[:-1]
    columns = np.linspace(0, width, min(SIDE, width) + 1).astype(int)[:-1]
    parts = []
    for start in range(0, len(indices), 256):  # the images of a set may be larger than memory
        batch = pixels[indices[start : start + 256]].astype(np.float32)
        sums = np.add.reduceat(np.add.reduceat(batch, rows, axis=1), columns, axis=2)
        areas = np.outer(np.diff([*rows, height]), np.diff([*columns, width]))
        parts.append((sums / areas[None, :, :, None]).reshape(len(batch), -1))
    return np.concatenate(parts).astype(np.float64)

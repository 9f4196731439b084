"""Where synthetic features lie: between two neighbours of their class, or not."""

import numpy as np
from numpy.typing import NDArray

from benchmark.train.sample_pool import SamplePool

MOST_ROWS, CANDIDATES = 128, 16  # rows described; nearest images that may be one of its ends
_SAME = 1e-6  # relative distance of a row from the images that it is
_NO_SEGMENT = 1e6  # the detour where a class has no two images that differ
_UNKNOWN = (-1.0, -1.0)  # the ends where there are several


def describe_synthetic_rows(samples: SamplePool) -> list[list[float]]:
    """Describe some of the synthetic rows; see `benchmark.strategy.measurements.SyntheticRow`."""
    of_images = samples.labels[: samples.images][samples.kept]
    sizes = np.bincount(of_images)
    is_added = np.arange(len(samples.labels)) >= samples.images
    # a row that repeats an image is none, where the class has others to interpolate between
    chosen = np.flatnonzero(samples.synthetic | (is_added & (sizes[samples.labels] > 1)))
    if samples.features is None or not len(chosen):
        return []
    chosen = chosen[np.linspace(0, len(chosen) - 1, min(MOST_ROWS, len(chosen))).astype(int)]
    chosen = np.unique(chosen)
    rows = samples.features[chosen].cpu().numpy().astype(np.float64)
    known = samples.features[: samples.images].cpu().numpy()[samples.kept]
    labels, described = samples.labels, []
    for c in np.unique(labels[chosen]).tolist():
        own = known[of_images == c].astype(np.float64)  # (n, D)
        contents = set()
        for row in rows[labels[chosen] == c]:
            segment, ends = _nearest_segment(row, own)
            is_copy = row.tobytes() in contents and segment[-1] >= 0
            contents.add(row.tobytes())
            described.append([c, *segment, float(is_copy), *ends])
    return described


def _nearest_segment(
    row: NDArray[np.float64], own: NDArray[np.float64]
) -> tuple[tuple[float, float, float], tuple[float, float]]:
    """Return how far a row (D,) lies beside the segments between images (n, D) of its class.

    One end is among the nearest images, the other is any. Returns the detour by way of the row from
    one end to the other, relative to the segment; the rank of one end among the neighbours of the
    other; and where between them the row lies: nowhere, -1, if several images are the row. Then the
    positions of the ends in `own`; -1 where the row lies on several segments, as between copies.
    """
    to_images = np.linalg.norm(own - row, axis=1)  # (n,)
    if (to_images <= _SAME * np.linalg.norm(row)).sum() > 1:
        return (0.0, 1.0, -1.0), _UNKNOWN
    near = np.argsort(to_images, kind="stable")[:CANDIDATES]
    length = _distances(own[near], own)  # (k, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        detour = (to_images[near, None] + to_images) / length - 1
    detour[length == 0] = np.inf  # an image and itself, or its copy
    first, j = np.unravel_index(detour.argmin(), detour.shape)
    i, distance = near[first], float(length[first, j])
    if not np.isfinite(detour[first, j]):
        return (_NO_SEGMENT, 0.0, 0.0), _UNKNOWN
    ranks = [_rank(distances, distance) for distances in _distances(own[[i, j]], own)]
    as_near = zip(*np.nonzero(detour <= detour[first, j] + _SAME), strict=True)
    segments = {frozenset((int(near[a]), int(b))) for a, b in as_near}
    ends = (float(i), float(j)) if len(segments) == 1 else _UNKNOWN
    return (float(detour[first, j]), float(min(ranks)), float(to_images[i] / distance)), ends


def _distances(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distances between rows (k, D) and (n, D), (k, n); 0 for equal ones, up to rounding."""
    squares = [(rows**2).sum(1) for rows in (first, second)]
    square = squares[0][:, None] + squares[1] - 2 * first @ second.T
    square[square < 1e-12 * squares[1].max()] = 0
    return np.sqrt(square)


def _rank(distances: NDArray[np.float64], distance: float) -> int:
    """Return the rank, from 1, of a neighbour at some distance; copies of the image don't count."""
    return 1 + int(((distances > 0) & (distances < distance * (1 - 1e-6))).sum())

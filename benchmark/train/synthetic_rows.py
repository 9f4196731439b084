"""Where synthetic features lie: between two neighbours of their class, or not."""

import numpy as np
from numpy.typing import NDArray

from benchmark.train.sample_pool import SamplePool

MOST_ROWS, CANDIDATES = 256, 64  # rows described; images of a class that may be a row's two ends
_NO_SEGMENT = 1e6  # the detour where a class has no two images that differ


def describe_synthetic_rows(samples: SamplePool) -> list[list[float]]:
    """Describe some of the synthetic rows; see `benchmark.strategy.measurements.SyntheticRow`."""
    chosen = np.flatnonzero(samples.synthetic)
    if samples.features is None or not len(chosen):
        return []
    chosen = chosen[np.linspace(0, len(chosen) - 1, min(MOST_ROWS, len(chosen))).astype(int)]
    chosen = np.unique(chosen)
    rows = samples.features[chosen].cpu().numpy().astype(np.float64)
    known = samples.features[: samples.images].cpu().numpy()
    labels, described = samples.labels, []
    for c in np.unique(labels[chosen]).tolist():
        own = known[labels[: samples.images] == c].astype(np.float64)  # (n, D)
        contents = set()
        for row in rows[labels[chosen] == c]:
            is_copy = row.tobytes() in contents
            contents.add(row.tobytes())
            described.append([c, *_nearest_segment(row, own), float(is_copy)])
    return described


def _nearest_segment(
    row: NDArray[np.float64], own: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Return how far a row (D,) lies beside the segments between images (n, D) of its class.

    Returns the detour by way of the row from one end to the other, relative to the segment; the
    rank of one end among the neighbours of the other; and where between them the row lies.
    """
    to_images = np.linalg.norm(own - row, axis=1)  # (n,)
    near = np.argsort(to_images, kind="stable")[:CANDIDATES]
    first, second = np.triu_indices(len(near), k=1)
    length = np.linalg.norm(own[near[first]] - own[near[second]], axis=1)
    is_segment = length > 0
    if not is_segment.any():
        return _NO_SEGMENT, 0.0, 0.0
    first, second, length = near[first[is_segment]], near[second[is_segment]], length[is_segment]
    detour = (to_images[first] + to_images[second]) / length - 1
    best = int(detour.argmin())
    i, j, distance = first[best], second[best], length[best]
    rank = min(_rank(own, end, distance) for end in (i, j))
    return float(detour[best]), float(rank), float(to_images[i] / distance)


def _rank(own: NDArray[np.float64], end: int, distance: float) -> int:
    """Return the rank, from 1, of a neighbour at some distance from the image `end`."""
    distances = np.linalg.norm(own - own[end], axis=1)
    return 1 + int(((distances > 0) & (distances < distance * (1 - 1e-6))).sum())

"""Which thumbnails show the same picture: the differences between neighbouring pixels correlate.

Two images look the same if these differences correlate nearly perfectly at 8 x 8 pixels, and well
at 16 x 16. Differences, as smooth shades make all images of a kind alike. A perceptual hash keeps a
bit of each of 64 numbers; two photographs of skin then differ in as few bits as a photograph and
its copy do.

Where an image looks like many others, it has many copies, or all are of one scene. A copy must then
be close everywhere: what is encoded or resized again changes a little in all places, another moment
of a scene changes much in one.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from benchmark.data.duplicates.candidates import parallel_pairs
from benchmark.data.pixels.thumbnail import SIDE

# Thresholds are counted in tests/data/duplicates: planted copies of photographs, skin and drawings
COARSE = 0.98  # correlation at 8 x 8
FINE = 0.95  # correlation at 16 x 16
CLOSE = 0.985  # correlation at 16 x 16 of images that look like many others
LOCAL = 0.35  # most that one difference of theirs may change, in standard deviations
LOCAL_COARSE = 0.3  # at 8 x 8, if one of them is small
TINY = 32  # pixels a side; a smaller copy of a larger image has lost what the finer look needs
SMALL = 64  # pixels a side; a smaller image changes much at 16 x 16 when it is encoded again
DETAIL = 0.4  # levels of 255 that neighbours differ by; where they do less, copies are missed
NOISE = 0.1  # where they differ less than that, nothing is compared
MOST_ALIKE = 20  # with more look-alikes, an image must be closer to another one to be its copy
MOST_COPIES = 200  # of one picture, or a tenth of the images if that is more: a scene has more
CLOSER = (0.5, 0.25)  # of what may change, in a set with more than that
MOST_CLOSE = 2000  # images that are looked at once more for one: bounds the time
BLOCK = 512  # images that are compared with all others at once: bounds the memory
MOST_IN_ALL_PAIRS = 100_000  # images that are compared all with all, which takes two minutes
_ROWS, _PAIRS = 2**14, 2**16  # images, or pairs of them, in memory at once at 16 x 16


@dataclass(frozen=True, eq=False)
class ThumbnailComparison:
    """What comparing n thumbnails shows, by their indices."""

    pairs: np.ndarray  # (P, 2) int64: look the same; of many copies a tree alone
    too_alike: np.ndarray  # look like images of which can't be told whether they are copies
    flat: np.ndarray  # of nearly one colour, or dark: pairs of these may be missed


@dataclass(frozen=True, eq=False)
class _Neighbours:
    """Which of n images look like which."""

    pairs: np.ndarray  # (P, 2) int64, of images with few neighbours: the image, the other one
    numbers: np.ndarray  # (n,) int64: look-alikes of images with many neighbours, else 0
    links: np.ndarray  # (L, 2) int64: a forest of close pairs of images with many neighbours
    changes: np.ndarray  # (L,), see `_Looks.changes`
    has_too_many: np.ndarray  # (n,) bool: with more neighbours than were looked at


def compare_thumbnails(
    thumbnails: np.ndarray, sides: np.ndarray, unit: float = 1
) -> ThumbnailComparison:
    """Compare n images, all with all up to MOST_IN_ALL_PAIRS; of more, see `candidates`.

    Parameters
    ----------
    thumbnails
        (n, SIDE, SIDE), grey levels in parts of `unit`.
    sides
        The shorter side of each image in pixels, (n,).
    """
    detail, coarse = _details(thumbnails, unit)
    own = np.flatnonzero(detail >= NOISE)
    fine = _FineRows(thumbnails, unit, own)
    if len(own) > MOST_IN_ALL_PAIRS:
        looks = _Looks(fine, coarse[own], sides[own])
        neighbours = _neighbours_among(looks, parallel_pairs(looks.coarse, COARSE))
    else:
        looks = _Looks(fine[np.arange(len(own))], coarse[own], sides[own])
        neighbours = _find_neighbours(looks)
    in_crowd = (neighbours.numbers > 0)[neighbours.pairs].any(axis=1)
    changes = looks.changes(*neighbours.pairs[in_crowd].T)
    links, sets = _copies_in_crowds(
        np.concatenate([neighbours.links, neighbours.pairs[in_crowd][changes <= 1]]),
        np.concatenate([neighbours.changes, changes[changes <= 1]]),
        neighbours.has_too_many,
    )
    # an image is no look-alike of its own, but one of its set
    too_alike = neighbours.numbers >= np.bincount(sets)[sets]
    too_alike[neighbours.pairs[in_crowd][changes > 1]] = True
    pairs = np.concatenate([neighbours.pairs[~in_crowd], links])
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    return ThumbnailComparison(own[pairs], own[too_alike], np.flatnonzero(detail < DETAIL))


@dataclass(frozen=True, eq=False)
class _FineRows:
    """The differences at 16 x 16 of the images `own`, made when they are needed: 2 GB a million."""

    thumbnails: np.ndarray
    unit: float
    own: np.ndarray  # (n,) indices of thumbnails

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        return _normalise(_differences(_levels(self.thumbnails[self.own[rows]], self.unit)))


@dataclass(frozen=True, eq=False)
class _Looks:
    """The differences in n thumbnails, of which each row has mean 0 and length 1."""

    fine: Any  # (n, 480) float32, at 16 x 16: an array, or `_FineRows`
    coarse: np.ndarray  # (n, 112) float32, at 8 x 8
    sides: np.ndarray  # (n,)

    def alike(self, a: np.ndarray, b: np.ndarray, correlations: np.ndarray) -> np.ndarray:
        """Return whether images with these correlations at 16 x 16 look the same there."""
        return (correlations >= FINE) | ((self.sides[a] < TINY) != (self.sides[b] < TINY))

    def are_small(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return whether one of two images is small."""
        return np.minimum(self.sides[a], self.sides[b]) < SMALL

    def changes(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return how much images a, (m,), differ from b, (m,), where most: above 1 is no copy."""
        result = np.zeros(len(a))
        is_small = self.are_small(a, b)
        for rows, most, which in (
            (self.fine, LOCAL, ~is_small),
            (self.coarse, LOCAL_COARSE, is_small),
        ):
            change = np.abs(rows[a[which]] - rows[b[which]])
            result[which] = change.max(axis=1, initial=0) * np.sqrt(change.shape[1]) / most
        return result


def _find_neighbours(looks: _Looks) -> _Neighbours:
    """Compare all images with all others."""
    fine, coarse, n = looks.fine, looks.coarse, len(looks.sides)
    pairs = [np.empty((0, 2), np.int64)]
    numbers, has_too_many = np.zeros(n, np.int64), np.zeros(n, bool)
    links, changes = np.empty((0, 2), np.int64), np.empty(0)
    for begin in range(0, n, BLOCK):
        similar = coarse[begin : begin + BLOCK] @ coarse.T >= COARSE
        rows = np.arange(begin, begin + len(similar))
        similar[rows - begin, rows] = False
        in_crowd = similar.sum(axis=1) > MOST_ALIKE
        a, b = np.nonzero(similar & ~in_crowd[:, None])
        a += begin
        alike = looks.alike(a, b, np.einsum("pd,pd->p", fine[a], fine[b]))
        pairs.append(np.column_stack([a, b])[alike])
        if not in_crowd.any():
            continue
        rows, similar = rows[in_crowd], similar[in_crowd]
        correlations = fine[rows] @ fine.T
        all_images = np.arange(n)
        numbers[rows] = (similar & looks.alike(rows[:, None], all_images, correlations)).sum(axis=1)
        similar &= (correlations >= CLOSE) | looks.are_small(rows[:, None], all_images)
        has_too_many[rows] = similar.sum(axis=1) > MOST_CLOSE
        new, their_changes = [links], [changes]
        for row, others in zip(rows.tolist(), similar, strict=True):
            if not has_too_many[row]:
                b = np.flatnonzero(others)
                a = np.full(len(b), row)
                change = looks.changes(a, b)
                new.append(np.column_stack([a, b])[change <= 1])
                their_changes.append(change[change <= 1])
        links, changes = _spanning_forest(np.concatenate(new), np.concatenate(their_changes), n)
    return _Neighbours(np.concatenate(pairs), numbers, links, changes, has_too_many)


def _neighbours_among(looks: _Looks, pairs: np.ndarray) -> _Neighbours:
    """Return what `_find_neighbours` does of images of which `pairs` look the same at 8 x 8."""
    n = len(looks.sides)
    a, b = np.concatenate([pairs, pairs[:, ::-1]]).T
    correlations, changes = np.empty(len(a), np.float32), np.full(len(a), np.inf)
    in_crowd = (np.bincount(a, minlength=n) > MOST_ALIKE)[a]
    for part in np.array_split(np.arange(len(a)), len(a) // _PAIRS + 1):
        rows, others = looks.fine[a[part]], looks.fine[b[part]]
        correlations[part] = np.einsum("pd,pd->p", rows, others)
        part = part[in_crowd[part]]
        changes[part] = looks.changes(a[part], b[part])
    alike = looks.alike(a, b, correlations)
    numbers = np.bincount(a[in_crowd & alike], minlength=n)
    is_close = in_crowd & ((correlations >= CLOSE) | looks.are_small(a, b))
    has_too_many = np.bincount(a[is_close], minlength=n) > MOST_CLOSE
    linked = is_close & ~has_too_many[a] & (changes <= 1)
    links = np.column_stack([a, b])[linked]
    few = np.column_stack([a, b])[alike & ~in_crowd]
    return _Neighbours(few, numbers, *_spanning_forest(links, changes[linked], n), has_too_many)


def _copies_in_crowds(
    links: np.ndarray, changes: np.ndarray, has_too_many: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the links of sets of copies, and the number of each image's set, (n,).

    Frames that each differ little from the next make a chain. Where a set has more images than
    there are copies of a picture, its links must be closer, and none is left if this is not enough.
    """
    n = len(has_too_many)
    most = max(MOST_COPIES, n // 10)
    links, changes = _spanning_forest(links, changes, n)
    for limit in (*CLOSER, -1):
        sets = _components(links, n)
        is_scene = np.bincount(sets, minlength=n) > most
        is_scene[sets[has_too_many]] = True
        kept = ~is_scene[sets[links[:, 0]]] | (changes <= limit)
        links, changes = links[kept], changes[kept]
    return links, _components(links, n)


def _components(pairs: np.ndarray, n: int) -> np.ndarray:
    """Number the sets of images that are linked by pairs, (n,)."""
    graph = coo_array((np.ones(len(pairs)), tuple(pairs.T)), shape=(n, n))
    return connected_components(graph, directed=False)[1]


def _spanning_forest(
    pairs: np.ndarray, changes: np.ndarray, n: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return as few and as close pairs as link the same images: n copies have n² of them."""
    # a sparse array has no zeros
    graph = coo_array((1 + changes, tuple(pairs.T)), shape=(n, n))
    tree = minimum_spanning_tree(graph).tocoo()
    return np.column_stack([tree.row, tree.col]).astype(np.int64), tree.data - 1


def _details(thumbnails: np.ndarray, unit: float) -> tuple[np.ndarray, np.ndarray]:
    """Return how much neighbours differ, (n,), and the differences at 8 x 8, normalised, (n, 112).

    A part at a time: all differences of a million thumbnails would take 5 GB.
    """
    details, coarse = [np.empty(0, np.float32)], [np.empty((0, SIDE * (SIDE // 2 - 1)), np.float32)]
    for begin in range(0, len(thumbnails), _ROWS):
        levels = _levels(thumbnails[begin : begin + _ROWS], unit)
        halves = levels.reshape(-1, SIDE // 2, 2, SIDE // 2, 2).mean(axis=(2, 4))
        details.append(np.sqrt(np.mean(_differences(levels) ** 2, axis=1)))
        coarse.append(_normalise(_differences(halves)))
    return np.concatenate(details), np.concatenate(coarse)


def _levels(thumbnails: np.ndarray, unit: float) -> np.ndarray:
    return thumbnails.astype(np.float32) / np.float32(unit)


def _differences(levels: np.ndarray) -> np.ndarray:
    """Return the differences between neighbours of images (n, s, s), in a row each."""
    right, down, side = np.diff(levels, axis=2), np.diff(levels, axis=1), levels.shape[1]
    return np.concatenate([each.reshape(-1, side * (side - 1)) for each in (right, down)], axis=1)


def _normalise(rows: np.ndarray) -> np.ndarray:
    """Return rows with mean 0 and length 1: their products are correlations."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    return centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)

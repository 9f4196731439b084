"""Images that look the same: resized, re-encoded, made grey, brighter, or cropped a little.

Two images do if the differences between neighbouring pixels of their thumbnails correlate: nearly
perfectly at 8 x 8 pixels, and well at 16 x 16. Differences, as smooth shades make all images of a
kind alike. A perceptual hash keeps a bit of each of 64 numbers; two photographs of skin then differ
in as few bits as a photograph and its copy do.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from benchmark.data.imageset import ImageSet
from benchmark.data.pixels.image_info import ImageInfo
from benchmark.data.pixels.thumbnail import SIDE, read_thumbnails

# Thresholds are counted in tests/data/duplicates: planted copies of photographs, skin and drawings
COARSE = 0.98  # correlation at 8 x 8
FINE = 0.95  # correlation at 16 x 16
SMALLEST = 8  # pixels a side; of fewer, all images of a kind look the same
TINY = 32  # pixels a side; a smaller copy of a larger image has lost what the finer look needs
DETAIL = 1.5  # levels that neighbours differ by, of 255; where they differ less there is but noise
METHOD = 1  # raise it when the same images would give other thumbnails or pairs
MOST_ALIKE = 20  # an image with more look-alikes is one of a kind: frames, renderings, one template
BLOCK = 512  # images that are compared with all others at once: bounds the memory


@dataclass(frozen=True, eq=False)
class LookAlikes:
    """Which of N images look the same. Byte-identical images count as one here."""

    pairs: np.ndarray  # (P, 2) int64 indices, the first below the second
    sets: np.ndarray  # (N,) int64; equal numbers: linked by pairs or by identical bytes
    too_alike: np.ndarray  # indices of images with more than MOST_ALIKE look-alikes; in no pair


def find_look_alikes(images: ImageSet, infos: Mapping[int, ImageInfo]) -> LookAlikes:
    """Compare all readable images of each seed; `infos` has facts about the readable ones."""
    return link(images, infos, *compare(images, infos))


def compare(images: ImageSet, infos: Mapping[int, ImageInfo]) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs and too_alike, see `LookAlikes`: the time grows with the square of the images.

    50,000 images take half a minute.
    """
    seeds = np.zeros(len(images), np.int64) if images.seeds is None else images.seeds
    first: dict[tuple[int, str], int] = {}  # seed and content -> the first image with them
    for index, info in infos.items():
        first.setdefault((int(seeds[index]), info.digest), index)
    is_large = {i: min(info.width, info.height) >= SMALLEST for i, info in infos.items()}
    distinct = np.array([index for index in first.values() if is_large[index]], dtype=np.int64)
    pairs, too_alike = [np.empty((0, 2), np.int64)], [np.empty(0, np.int64)]
    for seed in np.unique(seeds[distinct]):
        own = distinct[seeds[distinct] == seed]
        facts = [infos[index] for index in own.tolist()]
        is_tiny = np.array([min(info.width, info.height) < TINY for info in facts])
        numbers, alike = _compare(read_thumbnails([info.thumbnail for info in facts]), is_tiny)
        pairs.append(own[numbers])
        too_alike.append(own[alike])
    return np.sort(np.concatenate(pairs), axis=1), np.sort(np.concatenate(too_alike))


def link(
    images: ImageSet, infos: Mapping[int, ImageInfo], pairs: np.ndarray, too_alike: np.ndarray
) -> LookAlikes:
    """Join pairs, and images of a seed with the same bytes, to sets."""
    seeds = [0] * len(images) if images.seeds is None else images.seeds.tolist()
    first: dict[tuple[int, str], int] = {}
    same = [(i, first.setdefault((seeds[i], info.digest), i)) for i, info in infos.items()]
    edges = np.concatenate([np.array(same, np.int64).reshape(-1, 2), pairs])
    graph = coo_array((np.ones(len(edges), bool), tuple(edges.T)), shape=(len(images),) * 2)
    sets = connected_components(graph, directed=False)[1].astype(np.int64)
    return LookAlikes(pairs, sets, too_alike)


def _compare(thumbnails: np.ndarray, is_tiny: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of images that look the same, (P, 2), and those with too many look-alikes.

    `thumbnails` are (n, SIDE, SIDE), `is_tiny` is (n,) bool.
    """
    levels = thumbnails.astype(np.float32)
    halves = levels.reshape(-1, SIDE // 2, 2, SIDE // 2, 2).mean(axis=(2, 4))
    fine, coarse = _differences(levels), _differences(halves)
    detailed = np.flatnonzero(np.sqrt(np.mean(fine**2, axis=1)) >= DETAIL)
    fine, coarse = _normalise(fine[detailed]), _normalise(coarse[detailed])
    is_tiny = is_tiny[detailed]
    alike = np.zeros(len(detailed), dtype=bool)
    pairs = [np.empty((0, 2), np.int64)]
    for begin in range(0, len(detailed), BLOCK):
        similar = coarse[begin : begin + BLOCK] @ coarse.T >= COARSE
        alike[begin : begin + BLOCK] = similar.sum(axis=1) > MOST_ALIKE + 1  # and itself
        similar[alike[begin : begin + BLOCK]] = False
        a, b = np.nonzero(similar)
        a, b = a[b > a + begin] + begin, b[b > a + begin]
        same = np.einsum("pd,pd->p", fine[a], fine[b]) >= FINE
        same |= is_tiny[a] != is_tiny[b]
        pairs.append(np.column_stack([a, b])[same])
    kept = np.concatenate(pairs)
    kept = kept[~alike[kept].any(axis=1)]
    return detailed[kept], detailed[alike]


def _differences(levels: np.ndarray) -> np.ndarray:
    """Return the differences between neighbours of images (n, s, s), in a row each."""
    right, down = np.diff(levels, axis=2), np.diff(levels, axis=1)
    return np.concatenate([right.reshape(len(levels), -1), down.reshape(len(levels), -1)], axis=1)


def _normalise(rows: np.ndarray) -> np.ndarray:
    """Return rows with mean 0 and length 1: their products are correlations."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    return centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)

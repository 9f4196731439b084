"""Images that look the same: resized, re-encoded, made grey or brighter; see `correlation`.

A crop or a border moves all that is seen. What lost 1 % of each side is found nearly always, what
lost 2 % half of the time, what lost 3 %, got a border, was mirrored or turned hardly ever.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from benchmark.data.content_digests import number_contents
from benchmark.data.duplicates.correlation import ThumbnailComparison, compare_thumbnails
from benchmark.data.imageset import ImageSet
from benchmark.data.pixels.image_facts import ImageFacts
from benchmark.data.pixels.image_info import ImageInfo
from benchmark.data.pixels.thumbnail import STEPS

SMALLEST = 8  # pixels a side; of fewer, all images of a kind look the same
METHOD = 2  # raise it when the same images would give other thumbnails or pairs


@dataclass(frozen=True, eq=False)
class LookAlikes:
    """Which of N images look the same. Byte-identical images count as one in `pairs`."""

    pairs: np.ndarray  # (P, 2) int64 indices, the first below the second
    sets: np.ndarray  # (N,) int64; equal numbers: linked by pairs or by identical bytes
    too_alike: np.ndarray  # indices of images that look like others of one scene, see `correlation`
    flat_or_small: np.ndarray  # indices of images of which copies may be missed


def find_look_alikes(images: ImageSet, infos: Mapping[int, ImageInfo]) -> LookAlikes:
    """Compare all readable images of each seed; `infos` has facts about the readable ones."""
    return link(images, infos, compare(images, infos))


def compare(images: ImageSet, infos: Mapping[int, ImageInfo]) -> ThumbnailComparison:
    """Compare the first image of each content.

    50,000 images take half a minute, a million some minutes. Too small ones count as flat.
    """
    seeds, facts = _seeds(images), ImageFacts.from_infos(infos)
    distinct = np.unique(_first_of_content(images, facts)[facts.index])
    is_large = facts.shorter_sides[facts.positions(distinct)] >= SMALLEST
    none = np.empty(0, np.int64)
    pairs, too_alike, flat = [np.empty((0, 2), np.int64)], [none], [distinct[~is_large]]
    distinct = distinct[is_large]
    for seed in np.unique(seeds[distinct]):
        own = distinct[seeds[distinct] == seed]
        rows = facts.positions(own)
        thumbnails, sides = facts.open_thumbnails()[rows], facts.shorter_sides[rows]
        comparison = compare_thumbnails(thumbnails, sides, STEPS)
        pairs.append(own[comparison.pairs])
        too_alike.append(own[comparison.too_alike])
        flat.append(own[comparison.flat])
    return ThumbnailComparison(*(np.concatenate(each) for each in (pairs, too_alike, flat)))


def link(
    images: ImageSet, infos: Mapping[int, ImageInfo], comparison: ThumbnailComparison
) -> LookAlikes:
    """Join pairs, and images of a seed with the same bytes, to sets."""
    first = _first_of_content(images, infos)
    same = np.column_stack([np.arange(len(images)), first])
    edges = np.concatenate([same, comparison.pairs])
    graph = coo_array((np.ones(len(edges), bool), tuple(edges.T)), shape=(len(images),) * 2)
    sets = connected_components(graph, directed=False)[1].astype(np.int64)
    too_alike, flat_or_small = (
        np.flatnonzero(np.isin(first, each)) for each in (comparison.too_alike, comparison.flat)
    )
    return LookAlikes(comparison.pairs, sets, too_alike, flat_or_small)


def _seeds(images: ImageSet) -> np.ndarray:
    return np.zeros(len(images), np.int64) if images.seeds is None else images.seeds


def _first_of_content(images: ImageSet, infos: Mapping[int, ImageInfo]) -> np.ndarray:
    """Return the first image of the same seed and bytes, (N,): of many images their own index."""
    facts, firsts = ImageFacts.from_infos(infos), np.arange(len(images))
    keys = np.column_stack([_seeds(images)[facts.index], number_contents(facts.digests)])
    keys = keys if images.seeds is not None else keys[:, 1:]
    _, first, number = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    firsts[facts.index] = facts.index[first[number.reshape(-1)]]
    return firsts

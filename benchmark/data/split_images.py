"""The splits of an image set for one seed: made, given, drawn or made again, then thinned."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from benchmark.data.content_digests import number_contents
from benchmark.data.imageset import SPLITS, ImageSet
from benchmark.data.imbalance import apply_imbalance
from benchmark.data.splits import (
    Splits,
    check_splits,
    make_splits,
    require_evaluation_images,
)
from benchmark.system.text import join_names


def split_images(
    images: ImageSet,
    seed: int,
    *,
    digests: Sequence[str],
    readable: np.ndarray,
    imbalance: str = "natural",
    resplit: bool = False,
    look_alikes: np.ndarray | None = None,
) -> Splits:
    """Split the images of one seed, make them as imbalanced as asked, and check the result.

    Parameters
    ----------
    digests, readable
        (N,) digest of the content of each image, '' if not known; (N,) bool.
    imbalance
        See `apply_imbalance`.
    resplit
        Whether each seed makes splits of all images though the data come with a split. They are
        as large as the given ones.
    look_alikes
        (N,) int, the same for images that look the same, to keep these in one split.

    Raises
    ------
    ValueError
        If there is no image to train, validate or test on, or no given split to replace.
    """
    if resplit:
        require_given_split(images)
    own, given, fractions = _images_of(images, seed), images.split, images.fractions
    contents = number_contents(digests)
    labels, messages = images.labels[own], []
    if resplit and given is not None:
        messages.append(_resplit_message(given))
        fractions = _given_fractions(given, fractions)
        given = None
    split = make_splits(
        labels,
        images.classes,
        seed,
        groups=None if images.groups is None else images.groups[own],
        digests=contents[own],
        look_alikes=None if look_alikes is None else look_alikes[own],
        given=None if given is None else given[own],
        usable=readable[own],
        fractions=fractions,
    )
    if images.seeds is None and (shared := [name for name in split.given if name != "train"]):
        messages.append(_shared_message(shared))
    split = replace(split, messages=(*split.messages, *messages))
    split = apply_imbalance(imbalance, split, labels, images.classes, seed)
    indices: dict[str, Any] = {name: own[getattr(split, name)] for name in SPLITS}
    split = replace(split, **indices)
    check_splits(split, groups=images.groups, digests=digests, look_alikes=look_alikes)
    require_evaluation_images(split, seed)
    return split


def require_given_split(images: ImageSet) -> None:
    """Raise ValueError if there is no given split that splits of each seed could replace."""
    if images.seeds is None and images.split is not None and set(images.split.tolist()) - {""}:
        return
    why = "come without a split, so each seed makes one of its own already"
    if images.seeds is not None:
        why = "are drawn anew by each seed already"
    raise ValueError(f"resplit is not allowed: the images of {images.spec} {why}")


def _images_of(images: ImageSet, seed: int) -> np.ndarray:
    """Return the indices of the images that a seed splits."""
    if images.seeds is None:
        return np.arange(len(images))
    if not len(own := np.flatnonzero(images.seeds == seed)):
        known = ", ".join(map(str, np.unique(images.seeds).tolist()))
        raise ValueError(
            f"{images.spec}: there are images of seed {known}, none of seed {seed}; name the data "
            "by text, so that images of every seed are drawn"
        )
    return own


def _given_fractions(
    given: np.ndarray, usual: tuple[float, float, float]
) -> tuple[float, float, float]:
    """Return the fractions of train, val and test in a given split.

    A split that it lacks is taken from train at its usual fraction, as `make_splits` takes it.
    """
    counts = np.array([np.sum(given == name) for name in SPLITS], dtype=float)
    counts[0] = len(given) - counts[1:].sum()
    taken = np.array([True, *(counts[1:] == 0)])
    if counts[0]:
        counts[taken] = counts[0] * np.array(usual)[taken] / np.array(usual)[taken].sum()
    train, val, test = counts / len(given)
    return (train, val, test) if counts.all() else usual


def _resplit_message(given: np.ndarray) -> str:
    counts = [f"{int(np.sum(given == name)):,} {name}" for name in SPLITS if name in given]
    return (
        f"The given split ({join_names(counts)} images) is not used: each seed makes splits of all "
        "images, as large as the given ones. An image that was given for the test may be trained "
        "on, so results can't be compared with those on the given split."
    )


def _shared_message(shared: Sequence[str]) -> str:
    """Say what seeds have in common where `shared` splits came with the data."""
    if "test" not in shared:
        return "The validation images came with the data: all seeds share them."
    also = "" if "val" in shared else "; of the others, each seed chooses its validation images"
    other = "initialisations and orders of the images" if "val" in shared else "trainings"
    return (
        f"The test images came with the data: all seeds share them{also}. Several seeds are other "
        f"{other}, not other test images; --resplit makes splits of all images for each seed."
    )

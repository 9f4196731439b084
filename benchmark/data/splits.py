"""Training, validation and test sides: stratified, groups and identical files kept together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from benchmark.data.group_assignment import RECOMPUTE, TEST, TRAIN, VAL, assign_groups
from benchmark.data.imageset import SPLITS

TOLERANCE = 0.03  # a share further from what was asked is told


class LeakError(ValueError):
    """The same image, group or file content is on two sides of the split."""


@dataclass(frozen=True, eq=False)
class Splits:
    """Which images are on which side; every array holds sorted int64 indices."""

    train: np.ndarray
    val: np.ndarray
    test: np.ndarray
    messages: tuple[str, ...] = ()  # what the user must be told


def make_splits(
    labels: np.ndarray,
    classes: Sequence[str],
    seed: int,
    *,
    groups: np.ndarray | None = None,
    digests: Sequence[str] | None = None,
    given: np.ndarray | None = None,
    usable: np.ndarray | None = None,
    fractions: tuple[float, float, float] = (0.8, 0.1, 0.1),
) -> Splits:
    """Put N images on three sides, the same way for the same arguments.

    A class of n images gets max(1, n x fraction rounded) validation and test images and trains on
    the rest. Images that share a group or a digest form a unit that is never parted. Units are
    laid out, those that hold most of a class first, where the chi-square distance to those counts
    grows least, and then moved while that lessens it. A class of three or more units is on every
    side if moving single units can bring it there; of two, one is for training and one for test;
    a class of one unit is only trained on.

    Args:
        labels: class of each image, (N,) int.
        classes: names, (C,); only for messages.
        seed: decides which images go where.
        groups: (N,) int, or None if not known.
        digests: (N,) identity of the content, '' if not known.
        given: (N,) 'train', 'val', 'test' or '' as the owner of the data says. '' counts as
            train. A side that the owner has left out is taken from train, at its fraction.
        usable: (N,) bool, False for images to leave out everywhere.
        fractions: shares of train, val and test; positive, their sum is 1.

    Raises:
        ValueError: fractions out of range, or a class without any image for training.
    """
    if min(fractions) <= 0 or abs(sum(fractions) - 1) > 1e-9:
        raise ValueError(f"Split fractions must be positive with sum 1, not {fractions}.")
    labels = np.asarray(labels, dtype=np.int64)
    messages: list[str] = []
    keep = np.ones(len(labels), dtype=bool) if usable is None else np.asarray(usable, dtype=bool)
    if not keep.all():
        messages.append(f"{(~keep).sum()} unreadable images are left out.")
    units = _units(len(labels), groups, digests)
    messages += _twins(labels, digests, keep)

    side = np.full(len(labels), RECOMPUTE, dtype=np.int64)
    if given is None or not np.any(np.asarray(given) != ""):
        side[keep] = assign_groups(labels[keep], units[keep], len(classes), fractions, seed)
        asked = list(fractions)
    else:
        side[keep] = [SPLITS.index(word) if word else TRAIN for word in given[keep]]
        messages += _part_leaks(side, units)
        asked = [fractions[s] if s == TRAIN or not np.any(side == s) else 0.0 for s in range(3)]
        if any(asked[1:]):
            pool = side == TRAIN
            shares = tuple(share / sum(asked) for share in asked)
            side[pool] = assign_groups(labels[pool], units[pool], len(classes), shares, seed)
            taken = " and ".join(SPLITS[s] for s in (VAL, TEST) if asked[s])
            messages.append(f"The data come without {taken} images: taken from the training part.")
    _require_training(labels, classes, side)
    messages += _absences(labels, classes, side, units)
    if groups is not None and all(asked):
        messages += _shares(labels, classes, side, fractions)
    indices = [np.flatnonzero(side == s) for s in (TRAIN, VAL, TEST)]
    return Splits(indices[TRAIN], indices[VAL], indices[TEST], tuple(messages))


def check_splits(
    splits: Splits, *, groups: np.ndarray | None = None, digests: Sequence[str] | None = None
) -> None:
    """Raise LeakError if an image, a group or a file content is on two sides, or listed twice."""
    sides = (splits.train, splits.val, splits.test)
    images = np.concatenate(sides)
    side = np.repeat([TRAIN, VAL, TEST], [len(each) for each in sides])
    if len(np.unique(images)) < len(images):
        image = next(index for index, times in Counter(images.tolist()).items() if times > 1)
        raise LeakError(f"Image {image} is in the split twice.")
    identities = {"group": groups, "file content": None if digests is None else np.array(digests)}
    for what, identity in identities.items():
        if identity is None:
            continue
        known = identity[images] != "" if identity.dtype.kind == "U" else np.full(len(side), True)
        values, number = np.unique(identity[images][known], return_inverse=True)
        first = np.full(len(values), TEST)
        last = np.full(len(values), TRAIN)
        np.minimum.at(first, number, side[known])
        np.maximum.at(last, number, side[known])
        if len(leaking := np.flatnonzero(first < last)):
            at = leaking[0]
            raise LeakError(
                f"{len(leaking)} {what}s are on two sides of the split, e.g. {what} {values[at]} "
                f"in {SPLITS[first[at]]} and {SPLITS[last[at]]}."
            )


def _units(n: int, groups: np.ndarray | None, digests: Sequence[str] | None) -> np.ndarray:
    """Number the sets of images that hang together by a group or a digest, (N,)."""
    unit: np.ndarray = np.arange(n)
    for identity in (groups, digests):
        if identity is None:
            continue
        values = np.array(identity)
        _, number = np.unique(values, return_inverse=True)
        if values.dtype.kind == "U":  # an unknown digest binds nothing
            unknown = values == ""
            number[unknown] = number.max() + 1 + np.arange(unknown.sum())
        # A graph of units and values: two images of one unit or of one value are linked through it.
        nodes = n + int(number.max()) + 1
        links = coo_array((np.ones(n, dtype=bool), (unit, n + number)), shape=(nodes, nodes))
        unit = connected_components(links, directed=False)[1][unit]
    return unit


def _twins(labels: np.ndarray, digests: Sequence[str] | None, keep: np.ndarray) -> list[str]:
    """Tell of byte-identical images, and of those among them whose labels differ."""
    if digests is None:
        return []
    known = keep & (np.array(digests) != "")
    values, number = np.unique(np.array(digests)[known], return_inverse=True)
    if len(values) == known.sum():
        return []
    low = np.full(len(values), labels.max())
    high = np.zeros(len(values), dtype=np.int64)
    np.minimum.at(low, number, labels[known])
    np.maximum.at(high, number, labels[known])
    copies = known.sum() - len(values)
    told = [f"{copies} images are byte-identical copies of others: kept on the same side."]
    if differing := int((low < high).sum()):
        message = (
            f"{differing} contents appear under more than one class: byte-identical images with "
            "different labels."
        )
        told.append(message)
    return told


def _part_leaks(side: np.ndarray, units: np.ndarray) -> list[str]:
    """Take images off train, then val, that belong together with val or test ones; in place."""
    last = np.full(int(units.max()) + 1, RECOMPUTE)
    np.maximum.at(last, units, side)
    leaking = (side != RECOMPUTE) & (side < last[units])
    counts = {SPLITS[s]: int((leaking & (side == s)).sum()) for s in (TRAIN, VAL)}
    side[leaking] = RECOMPUTE
    told = " and ".join(f"{count} {name}" for name, count in counts.items() if count)
    message = (
        f"The given split leaks: {told} images share a group or their content with images on "
        "another side; they are left out."
    )
    return [message] if told else []


def _require_training(labels: np.ndarray, classes: Sequence[str], side: np.ndarray) -> None:
    trained = np.bincount(labels[side == TRAIN], minlength=len(classes))
    if lacking := [classes[c] for c in np.flatnonzero(trained == 0).tolist()]:
        raise ValueError(
            f"No image to train on for {len(lacking)} of {len(classes)} classes: "
            f"{_some(lacking)}. Every class needs a readable training image: add some, move them "
            "to the training side of the given split, or remove these classes."
        )


def _absences(
    labels: np.ndarray, classes: Sequence[str], side: np.ndarray, units: np.ndarray
) -> list[str]:
    """Name the classes that a side lacks, with the number of their independent units."""
    told = []
    for s in (VAL, TEST):
        present = np.bincount(labels[side == s], minlength=len(classes)) > 0
        if absent := np.flatnonzero(~present).tolist():
            apart = [len(np.unique(units[(labels == c) & (side != RECOMPUTE)])) for c in absent]
            names = [f"{classes[c]} ({n})" for c, n in zip(absent, apart, strict=True)]
            told.append(
                f"No {SPLITS[s]} image of {len(absent)} classes: {_some(names)}. In brackets, how "
                "many images or groups can be parted; to be on every side a class needs three."
            )
    return told


def _shares(
    labels: np.ndarray, classes: Sequence[str], side: np.ndarray, fractions: Sequence[float]
) -> list[str]:
    """Tell where groups, kept whole, push the shares away from what was asked."""
    counts = np.stack([np.bincount(labels[side == s], minlength=len(classes)) for s in range(3)])
    asked = _percent(fractions)
    told = []
    total = counts.sum(axis=1) / counts.sum()
    if np.abs(total - fractions).max() > TOLERANCE:
        told.append(f"Groups are kept whole: the shares are {_percent(total)} %, not {asked} %.")
    sizes = counts.sum(axis=0)
    off = np.abs(counts - np.outer(fractions, sizes)).max(axis=0)
    far = np.flatnonzero((off > TOLERANCE * sizes) & (off > 1))
    if len(far):
        far = far[np.argsort(-(off / sizes)[far], kind="stable")]
        names = [f"{classes[c]} {_percent(counts[:, c] / sizes[c])}" for c in far.tolist()]
        message = f"Groups are kept whole: not every class is parted {asked} %: {_some(names)}."
        told.append(message)
    return told


def _percent(shares: Sequence[float] | np.ndarray) -> str:
    return "/".join(f"{100 * share:.0f}" for share in shares)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")

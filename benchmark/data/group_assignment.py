"""Assignment of units of images to three splits, so that each class has the wanted fractions.

A unit is a set of images that must stay together. The rule is that of `make_splits`. Most units are
single images. Those of one class differ in nothing, so they are dealt out all at once: units that
are no single image take the time.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

TRAIN, VAL, TEST, UNASSIGNED = 0, 1, 2, -1

MAX_ROUNDS = 10  # of improvement; a few are enough
LESS = -1e-9  # change of the distance from which a move counts
_SCANNED = 2**16  # units that are looked at together


def assign_groups(
    labels: np.ndarray, units: np.ndarray, n_classes: int, fractions: tuple[float, ...], seed: int
) -> np.ndarray:
    """Return the split (TRAIN, VAL or TEST) of each of N images; a unit is never divided.

    Parameters
    ----------
    labels, units
        Class and unit of each image, (N,) int.
    fractions
        Of train, val and test. A split with fraction 0 stays empty.
    seed
        Breaks ties.
    """
    sizes = np.bincount(labels, minlength=n_classes)
    wanted = np.zeros((3, n_classes), dtype=np.int64)
    evaluated = [split for split in (TEST, VAL) if fractions[split] > 0]
    for split in evaluated:
        rounded = np.floor(sizes * fractions[split] + 0.5).astype(np.int64)
        left = np.maximum(sizes - wanted.sum(axis=0) - 1, 0)  # one image is for training
        wanted[split] = np.minimum(np.maximum(rounded, 1), left)
    wanted[TRAIN] = sizes - wanted.sum(axis=0)

    ids, unit_of_image = np.unique(units, return_inverse=True)
    label_of, contents = _contents(unit_of_image, labels, len(ids))
    # a unit's largest share of a class
    share = 1 / np.maximum(sizes, 1)[label_of]
    for unit, content in contents.items():
        share[unit] = max(n / sizes[c] for c, n in content.items())
    assignment = SplitAssignment(wanted, label_of, contents, [TRAIN, *evaluated])
    shuffled = np.random.default_rng([seed, len(labels)]).permutation(len(ids))
    assignment.assign_in_turn(shuffled[np.argsort(-share[shuffled], kind="stable")])
    assignment.improve()
    assignment.bring_every_class_to_every_split()
    return assignment.split_of[unit_of_image]


def _contents(
    unit_of_image: NDArray[np.int64], labels: NDArray[np.int64], units: int
) -> tuple[NDArray[np.int64], dict[int, Counter[int]]]:
    """Return a class of each unit, (U,), and class -> images of each that is no single image."""
    label_of = np.empty(units, np.int64)
    label_of[unit_of_image] = labels
    several = np.flatnonzero(np.bincount(unit_of_image, minlength=units)[unit_of_image] > 1)
    contents: dict[int, Counter[int]] = {}
    for unit, label in zip(unit_of_image[several].tolist(), labels[several].tolist(), strict=True):
        contents.setdefault(unit, Counter())[label] += 1
    return label_of, dict(sorted(contents.items()))


class SplitAssignment:
    """The splits of U units, while they are decided.

    Parameters
    ----------
    wanted
        Images of each class in each split, (3, C).
    label_of
        Class of each unit that is a single image, (U,); of others it means nothing.
    contents
        Unit that is no single image -> class -> images, by the number of the unit.
    splits
        Those in use, in the order in which a class needs them.
    """

    def __init__(
        self,
        wanted: NDArray[np.int64],
        label_of: NDArray[np.int64],
        contents: dict[int, Counter[int]],
        splits: Sequence[int],
    ) -> None:
        self.label_of, self.contents, self.splits = label_of, contents, splits
        self.split_of = np.full(len(label_of), UNASSIGNED, np.int64)
        # plain lists, [split][class], which are read a number at a time
        self.missing = wanted.tolist()  # images still wanted there
        self.weight = (1 / np.maximum(wanted, 0.5)).tolist()
        self.holders = np.zeros_like(wanted).tolist()  # units that have the class
        self._moves_of_singles: tuple[NDArray[np.float64], NDArray[np.int64]] | None = None
        self.is_single = np.ones(len(label_of), bool)
        self.is_single[list(contents)] = False

    def cost(self, unit: int, split: int) -> float:
        """Return by how much `unit` in `split` raises the chi-square distance to the counts."""
        missing, weight = self.missing[split], self.weight[split]
        return sum(n * (n - 2 * missing[c]) * weight[c] for c, n in self._content(unit).items())

    def assign(self, unit: int, split: int) -> None:
        """Move `unit` to `split`."""
        old = int(self.split_of[unit])
        self._moves_of_singles = None
        for c, images in self._content(unit).items():
            self.missing[split][c] -= images
            self.holders[split][c] += 1
            if old != UNASSIGNED:
                self.missing[old][c] += images
                self.holders[old][c] -= 1
        self.split_of[unit] = split

    def assign_in_turn(self, order: NDArray[np.int64]) -> None:
        """Assign all units in an order, (U,), each where it costs least."""
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        singles = order[self.is_single[order]]
        singles = singles[np.argsort(self.label_of[singles], kind="stable")]
        counts = np.bincount(self.label_of[singles], minlength=len(self.missing[0]))
        of_class = np.split(singles, np.cumsum(counts)[:-1])  # (n,) units, in their order
        dealt = [0] * len(of_class)
        for unit in sorted(self.contents, key=rank.__getitem__):
            for c in self.contents[unit]:
                before = int(np.searchsorted(rank[of_class[c]], rank[unit]))
                self._deal(c, of_class[c][dealt[c] : before])
                dealt[c] = before
            self.assign(unit, min(self.splits, key=partial(self.cost, unit)))
        for c, units in enumerate(of_class):
            self._deal(c, units[dealt[c] :])

    def _deal(self, c: int, units: NDArray[np.int64]) -> None:
        """Assign single images of a class one after another, each where it costs least.

        The costs of a split rise with each image that it gets, so the order of all of them is that
        in which the splits are chosen; of equal ones the split that comes first.
        """
        if not len(units):
            return
        steps = np.arange(len(units))
        costs = [
            (1 - 2 * (self.missing[split][c] - steps)) * self.weight[split][c]
            for split in self.splits
        ]
        cheapest = np.argsort(np.concatenate(costs), kind="stable")[: len(units)]
        self.split_of[units] = chosen = np.array(self.splits)[cheapest // len(units)]
        for split, images in enumerate(np.bincount(chosen, minlength=3).tolist()):
            self.missing[split][c] -= images
            self.holders[split][c] += images

    def improve(self) -> None:
        """Move single units while that brings the counts nearer to the wanted ones."""
        for _ in range(MAX_ROUNDS):
            moved = False
            for unit, split in self._moves():
                self.assign(unit, split)
                moved = True
            if not moved:
                return

    def _moves(self) -> Iterator[tuple[int, int]]:
        """Yield in turn each unit that is to move as things are then, and where to."""
        begin, larger = 0, iter([*self.contents, len(self.label_of)])
        unit = next(larger)
        while True:
            # a move changes what single images gain, so that these are looked at again
            while (single := self._first_single(begin, unit)) is not None:
                yield single
                begin = single[0] + 1
            if unit == len(self.label_of):
                return
            others = [split for split in self.splits if split != self.split_of[unit]]
            change, split = min((self._change(unit, split), split) for split in others)
            if change < LESS:
                yield unit, split
            begin, unit = unit + 1, next(larger)

    def _first_single(self, begin: int, end: int) -> tuple[int, int] | None:
        """Return the first of the units `begin` to `end` that is a single image and is to move."""
        change, target = self._changes_of_singles()
        if change.min() >= LESS:
            return None
        for start in range(begin, end, _SCANNED):
            part = slice(start, min(start + _SCANNED, end))
            split, label = self.split_of[part], self.label_of[part]
            moves = (change[split, label] < LESS) & self.is_single[part]
            if moves.any():
                first = int(moves.argmax())
                return start + first, int(target[split[first], label[first]])
        return None

    def _changes_of_singles(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the best move of a single image of each split and class: change, split, (3, C)."""
        if self._moves_of_singles is not None:
            return self._moves_of_singles
        splits, missing, weight = sorted(self.splits), np.array(self.missing), np.array(self.weight)
        leaving = (1 + 2 * missing) * weight
        coming = (1 - 2 * missing[splits]) * weight[splits]
        changes = leaving[:, None] + coming[None]  # (3, splits, C)
        for position, split in enumerate(splits):
            changes[split, position] = np.inf
        self._moves_of_singles = changes.min(axis=1), np.array(splits)[changes.argmin(axis=1)]
        return self._moves_of_singles

    def bring_every_class_to_every_split(self) -> None:
        """Move single units to splits that lack a class, training first.

        A move to training may take the last unit of a class from another split. A later move takes
        no last unit that is needed. So every step leaves less to do.
        """
        units = [sum(of_splits) for of_splits in zip(*self.holders, strict=True)]
        needs = {(split, c) for c, count in enumerate(units) for split in self.splits[:count]}
        for split, c in sorted(needs, key=lambda need: (need[0] != TRAIN, units[need[1]], need)):
            if self.holders[split][c]:
                continue
            if movable := self._movable(split, c, needs):
                unit = min(movable, key=lambda unit: (self._change(unit, split), unit))
                self.assign(unit, split)

    def _movable(self, split: int, label: int, needs: set[tuple[int, int]]) -> list[int]:
        """Return the units with class `label` that may move to `split`."""
        singles = np.flatnonzero(self.is_single & (self.label_of == label)).tolist()
        units = [*singles, *(unit for unit, content in self.contents.items() if label in content)]
        return [
            unit
            for unit in units
            if split == TRAIN
            or all(
                self.holders[self.split_of[unit]][c] > 1
                or (int(self.split_of[unit]), c) not in needs
                for c in self._content(unit)
            )
        ]

    def _content(self, unit: int) -> dict[int, int]:
        """Return class -> images of a unit."""
        content = self.contents.get(unit)
        return {int(self.label_of[unit]): 1} if content is None else content

    def _change(self, unit: int, split: int) -> float:
        """Return the change of the distance if `unit` moves to `split`."""
        old = self.split_of[unit]
        missing, weight, content = self.missing[old], self.weight[old], self._content(unit)
        leaving = sum(n * (n + 2 * missing[c]) * weight[c] for c, n in content.items())
        return leaving + self.cost(unit, split)

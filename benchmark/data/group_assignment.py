"""Laying units of images out on three sides so that every class is parted as asked.

A unit is a set of images that must stay together. The rule is that of `make_splits`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

TRAIN, VAL, TEST, RECOMPUTE = 0, 1, 2, -1

ROUNDS = 10  # of improvement at most; a few are enough


def assign_groups(
    labels: np.ndarray,
    units: np.ndarray,
    n_classes: int,
    fractions: tuple[float, ...],
    seed: int,
) -> np.ndarray:
    """Return the side (TRAIN, VAL or TEST) of each of N images, units never parted.

    Args:
        labels: class of each image, (N,) int.
        units: number of each image's unit, (N,) int.
        n_classes: C.
        fractions: shares of train, val and test; a side with fraction 0 stays empty.
        seed: breaks ties.
    """
    sizes = np.bincount(labels, minlength=n_classes)
    wanted = np.zeros((3, n_classes), dtype=np.int64)
    others = [s for s in (TEST, VAL) if fractions[s] > 0]
    for s in others:
        rounded = np.floor(sizes * fractions[s] + 0.5).astype(np.int64)
        left = np.maximum(sizes - wanted.sum(axis=0) - 1, 0)  # one image is for training
        wanted[s] = np.minimum(np.maximum(rounded, 1), left)
    wanted[TRAIN] = sizes - wanted.sum(axis=0)

    ids, number = np.unique(units, return_inverse=True)
    contents: list[Counter[int]] = [Counter() for _ in ids]
    for unit, label in zip(number.tolist(), labels.tolist(), strict=True):
        contents[unit][label] += 1
    share = np.array([max(n / sizes[c] for c, n in held.items()) for held in contents])
    board = SplitAssignment(wanted, contents, [TRAIN, *others])
    shuffled = np.random.default_rng([seed, len(labels)]).permutation(len(ids))
    for unit in shuffled[np.argsort(-share[shuffled], kind="stable")].tolist():
        board.put(unit, board.best(unit))
    board.improve()
    board.bring_every_class_to_every_side()
    return np.array(board.side)[number]


class SplitAssignment:
    """Units being laid out on sides. Plain lists: 50,000 units in less than a second."""

    def __init__(
        self, wanted: np.ndarray, contents: list[Counter[int]], sides: Sequence[int]
    ) -> None:
        self.contents = contents  # per unit: class -> images
        self.sides = sides  # those in use, in the order in which a class needs them
        self.side = [RECOMPUTE] * len(contents)
        self.missing = wanted.tolist()  # [side][class] images still wanted there
        self.weight = (1 / np.maximum(wanted, 0.5)).tolist()
        self.holders: list[list[set[int]]] = [[set() for _ in row] for row in self.missing]

    def cost(self, unit: int, s: int) -> float:
        """How much the chi-square distance to the wanted counts grows with `unit` on side `s`."""
        missing, weight = self.missing[s], self.weight[s]
        return sum(
            images * (images - 2 * missing[c]) * weight[c]
            for c, images in self.contents[unit].items()
        )

    def best(self, unit: int) -> int:
        return min(self.sides, key=lambda s: self.cost(unit, s))

    def put(self, unit: int, s: int) -> None:
        """Put `unit` on side `s`, taking it from where it was."""
        old = self.side[unit]
        for c, images in self.contents[unit].items():
            self.missing[s][c] -= images
            self.holders[s][c].add(unit)
            if old != RECOMPUTE:
                self.missing[old][c] += images
                self.holders[old][c].remove(unit)
        self.side[unit] = s

    def improve(self) -> None:
        """Move single units while that brings the counts nearer to the wanted ones."""
        for _ in range(ROUNDS):
            moved = False
            for unit, old in enumerate(self.side):
                change, s = min((self._change(unit, s), s) for s in self.sides if s != old)
                if change < -1e-9:
                    self.put(unit, s)
                    moved = True
            if not moved:
                return

    def bring_every_class_to_every_side(self) -> None:
        """Move single units to sides that lack a class, training first.

        A move to training may empty another side of a class, a later move may empty none that is
        needed; so every step leaves less to do.
        """
        units = [sum(len(row[c]) for row in self.holders) for c in range(len(self.missing[0]))]
        needs = {
            (s, c)
            for c, count in enumerate(units)
            for rank, s in enumerate(self.sides)
            if rank < count
        }
        for s, c in sorted(needs, key=lambda need: (need[0] != TRAIN, units[need[1]], need)):
            if self.holders[s][c]:
                continue
            movable = [
                unit
                for donor in self.sides
                for unit in self.holders[donor][c]
                if s == TRAIN
                or all(
                    len(self.holders[donor][each]) > 1 or (donor, each) not in needs
                    for each in self.contents[unit]
                )
            ]
            if movable:
                self.put(min(movable, key=lambda unit: (self._change(unit, s), unit)), s)

    def _change(self, unit: int, s: int) -> float:
        """Change of the distance if `unit` moves to side `s`."""
        old = self.side[unit]
        missing, weight = self.missing[old], self.weight[old]
        leaving = sum(
            images * (images + 2 * missing[c]) * weight[c]
            for c, images in self.contents[unit].items()
        )
        return leaving + self.cost(unit, s)

"""The rule of `assign_groups`, one unit after another: slow, and easy to check."""

from collections import Counter
from collections.abc import Sequence
from functools import partial

import numpy as np

from benchmark.data.group_assignment import MAX_ROUNDS, TEST, TRAIN, UNASSIGNED, VAL


def assign_one_by_one(
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
    contents: list[Counter[int]] = [Counter() for _ in ids]
    for unit, label in zip(unit_of_image.tolist(), labels.tolist(), strict=True):
        contents[unit][label] += 1
    # a unit's largest share of a class
    share = np.array([max(n / sizes[c] for c, n in counts.items()) for counts in contents])
    assignment = OneByOne(wanted, contents, [TRAIN, *evaluated])
    shuffled = np.random.default_rng([seed, len(labels)]).permutation(len(ids))
    for unit in shuffled[np.argsort(-share[shuffled], kind="stable")].tolist():
        assignment.assign(unit, min(assignment.splits, key=partial(assignment.cost, unit)))
    assignment.improve()
    assignment.bring_every_class_to_every_split()
    return np.array(assignment.split_of)[unit_of_image]


class OneByOne:
    """The splits of units, while they are decided.

    `wanted` are the images of each class in each split, (3, C).
    """

    def __init__(
        self, wanted: np.ndarray, contents: list[Counter[int]], splits: Sequence[int]
    ) -> None:
        self.contents = contents  # of each unit: class -> images
        self.splits = splits  # those in use, in the order in which a class needs them
        self.split_of = [UNASSIGNED] * len(contents)  # by unit
        self.missing = wanted.tolist()  # [split][class] images still wanted there
        self.weight = (1 / np.maximum(wanted, 0.5)).tolist()
        # [split][class] units that have the class
        self.holders: list[list[set[int]]] = [[set() for _ in row] for row in self.missing]

    def cost(self, unit: int, split: int) -> float:
        """Return by how much `unit` in `split` raises the chi-square distance to the counts."""
        missing, weight, content = self.missing[split], self.weight[split], self.contents[unit]
        return sum(n * (n - 2 * missing[c]) * weight[c] for c, n in content.items())

    def assign(self, unit: int, split: int) -> None:
        """Move `unit` to `split`."""
        old = self.split_of[unit]
        for c, images in self.contents[unit].items():
            self.missing[split][c] -= images
            self.holders[split][c].add(unit)
            if old != UNASSIGNED:
                self.missing[old][c] += images
                self.holders[old][c].remove(unit)
        self.split_of[unit] = split

    def improve(self) -> None:
        """Move single units while that brings the counts nearer to the wanted ones."""
        for _ in range(MAX_ROUNDS):
            moved = False
            for unit, old in enumerate(self.split_of):
                change, split = min((self._change(unit, s), s) for s in self.splits if s != old)
                if change < -1e-9:
                    self.assign(unit, split)
                    moved = True
            if not moved:
                return

    def bring_every_class_to_every_split(self) -> None:
        """Move single units to splits that lack a class, training first.

        A move to training may take the last unit of a class from another split. A later move takes
        no last unit that is needed. So every step leaves less to do.
        """
        units = [sum(len(row[c]) for row in self.holders) for c in range(len(self.missing[0]))]
        needs = {(split, c) for c, count in enumerate(units) for split in self.splits[:count]}
        for split, c in sorted(needs, key=lambda need: (need[0] != TRAIN, units[need[1]], need)):
            if self.holders[split][c]:
                continue
            if movable := self._movable(split, c, needs):
                unit = min(movable, key=lambda unit: (self._change(unit, split), unit))
                self.assign(unit, split)

    def _movable(self, split: int, label: int, needs: set[tuple[int, int]]) -> list[int]:
        """Return the units with class `label` that may move to `split`."""
        return [
            unit
            for donor in self.splits
            for unit in self.holders[donor][label]
            if split == TRAIN
            or all(
                len(self.holders[donor][c]) > 1 or (donor, c) not in needs
                for c in self.contents[unit]
            )
        ]

    def _change(self, unit: int, split: int) -> float:
        """Return the change of the distance if `unit` moves to `split`."""
        old = self.split_of[unit]
        missing, weight, content = self.missing[old], self.weight[old], self.contents[unit]
        leaving = sum(n * (n + 2 * missing[c]) * weight[c] for c, n in content.items())
        return leaving + self.cost(unit, split)

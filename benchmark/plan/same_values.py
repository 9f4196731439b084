"""Values of a setting under which a sweep trains the same, as depths under a recipe of heads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar

from benchmark.plan.sweep import run_name

Run = TypeVar("Run")


@dataclass(frozen=True)
class SameValues:
    """Two values of a setting that lead to the same training, in all runs or in some."""

    setting: str
    values: tuple[str, str]
    runs: tuple[tuple[str, str], ...]  # names of the runs of each pair that train the same
    in_all: bool  # whether every run under one value has a run under the other that is the same


def same_values(
    settings: Sequence[str],
    runs: Mapping[tuple[str, ...], Run],
    are_same: Callable[[Run, Run], bool],
) -> list[SameValues]:
    """Return the pairs of values that lead to the same training, all other settings being equal.

    `runs` are those of a sweep by their values of all settings.
    """
    same_pairs = []
    for k, setting in enumerate(settings):
        for a, b in combinations(dict.fromkeys(values[k] for values in runs), 2):
            pairs = [
                (values, (*values[:k], b, *values[k + 1 :]))
                for values in runs
                if values[k] == a and (*values[:k], b, *values[k + 1 :]) in runs
            ]
            same = [pair for pair in pairs if are_same(runs[pair[0]], runs[pair[1]])]
            if same:
                names = [[run_name(tuple(settings), own) for own in pair] for pair in same]
                both, in_all = tuple((x, y) for x, y in names), len(same) == len(pairs)
                same_pairs.append(SameValues(setting, (a, b), both, in_all))
    return same_pairs

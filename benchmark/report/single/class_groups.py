"""Many classes: groups of about equal size are drawn and averaged, the worst and best are listed.

A row of a heat map takes 19 pixels, so that 100 classes are two screens, and about what a reader
scrolls through to find one. A thousand are twenty, with a cell for each strategy in the file.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.scores import recall_table
from benchmark.evaluation.metrics.class_counts import SHOT_GROUPS, shot_groups
from benchmark.report.render.blocks import as_code
from benchmark.report.render.formats import format_count
from benchmark.report.single.shot_groups import shot_groups_sentence

MOST_SHOWN = 100  # classes that are shown one by one
DRAWN = 24  # groups of classes in a drawing, about
LISTED = 5  # classes of many, medium and few training images: so many worst, and so many best

Indices = NDArray[np.int64]


def are_many(comparison: Comparison) -> bool:
    """Return whether there are more classes than are shown one by one."""
    return len(comparison.classes) > MOST_SHOWN


def by_shots(comparison: Comparison) -> dict[str, Indices]:
    """Return "many", "medium" and "few" -> their classes; without groups that have none."""
    group = shot_groups(np.asarray(comparison.train_counts))
    indices = {name: np.flatnonzero(group == k) for k, name in enumerate(SHOT_GROUPS)}
    return {name: classes for name, classes in indices.items() if len(classes)}


def by_shots_and_all(comparison: Comparison) -> dict[str, Indices]:
    """Return the groups of `by_shots` and, where there are several, "all" classes."""
    groups = by_shots(comparison)
    everyone = {"all": np.arange(len(comparison.classes))} if len(groups) > 1 else {}
    return groups | everyone


def neighbours(comparison: Comparison) -> list[Indices]:
    """Return groups of classes of neighbouring size, none across many, medium and few."""
    total, groups = len(comparison.classes), list[Indices]()
    for classes in by_shots(comparison).values():
        groups += np.array_split(classes, max(round(DRAWN * len(classes) / total), 1))
    return groups


def neighbour_names(comparison: Comparison) -> list[str]:
    """Return names of `neighbours`: ranks by size and training images, "1–42: 1,280 to 1,009"."""
    names = []
    for classes in neighbours(comparison):
        largest, smallest = (
            format_count(comparison.train_counts[c]) for c in (classes[0], classes[-1])
        )
        sizes = largest if largest == smallest else f"{largest} to {smallest}"
        names.append(f"{classes[0] + 1}–{classes[-1] + 1}: {sizes}")
    return names


def listed_classes(comparison: Comparison) -> Indices:
    """Return the classes that are listed, in their order: all, or of many the worst and best.

    Of each group of `by_shots` these are the lowest and the highest recalls, by `judge`. Of equal
    ones the largest is the worst and the rarest the best.
    """
    strategy = judge(comparison)
    if not are_many(comparison) or strategy is None:
        return np.arange(len(comparison.classes))
    recall = recall_table(comparison)[strategy].to_numpy(float)
    chosen = list[int]()
    for classes in by_shots(comparison).values():
        tested = classes[np.isfinite(recall[classes])]
        order = tested[np.argsort(recall[tested], kind="stable")].tolist()
        chosen += [*order[:LISTED], *order[-LISTED:]]
    return np.unique(np.array(chosen, np.int64))


def judge(comparison: Comparison) -> str | None:
    """Return the strategy whose recalls choose what is listed: the baseline, or else the first."""
    finished = comparison.finished_in_any_seed
    return comparison.baseline if comparison.baseline in finished else next(iter(finished), None)


def listed_sentence(comparison: Comparison, file: str) -> str:
    """Say which classes a table lists, and where the others are; empty where it lists all."""
    total, listed = len(comparison.classes), len(listed_classes(comparison))
    if listed == total:
        return ""
    groups = "many, medium and few training images"
    return (
        f" Of {total:,} classes the table lists {listed}: of those with {groups} the {LISTED} that "
        f"{as_code(str(judge(comparison)))} recognises worst and the {LISTED} that it recognises "
        f"best. The other {total - listed:,} are in {file}. {shot_groups_sentence(comparison)}"
    )


def drawn_sentence(comparison: Comparison) -> str:
    """Say that a drawing has groups of classes; empty where it has each class."""
    if not are_many(comparison):
        return ""
    sizes = [len(classes) for classes in neighbours(comparison)]
    few, most = min(sizes), max(sizes)
    each = str(few) if few == most else f"{few} to {most}"
    return (
        f" {len(comparison.classes):,} classes in {len(sizes)} groups of {each} of about the same "
        "size, the largest first."
    )


def means(comparison: Comparison, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average values (C, ...) over `neighbours` -> (groups, ...); NaN where all are NaN."""
    return np.stack([_mean(values[classes]) for classes in neighbours(comparison)])


def sums(comparison: Comparison, matrix: NDArray[np.int64]) -> NDArray[np.int64]:
    """Add up a confusion matrix (C, C) over `neighbours` -> (groups, groups)."""
    starts = [int(classes[0]) for classes in neighbours(comparison)]
    return np.add.reduceat(np.add.reduceat(matrix, starts, axis=0), starts, axis=1)


def group_of(comparison: Comparison) -> pd.Series:
    """Return class -> the index of its group among `neighbours`."""
    sizes = [len(classes) for classes in neighbours(comparison)]
    return pd.Series(np.repeat(np.arange(len(sizes)), sizes), index=comparison.classes)


def _mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(0)
    return np.where(known.any(0), total / np.maximum(known.sum(0), 1), np.nan)

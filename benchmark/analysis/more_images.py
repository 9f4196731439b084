"""What more images of a class would bring, as tables: of every seed, and what all seeds say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from benchmark.evaluation.learning_curve.class_curve import FACTORS, ClassCurve
from benchmark.execution.class_curves import ClassCurves
from benchmark.execution.manifest_schema import RunManifest
from benchmark.execution.run_folder import RunFolder

MORE_IMAGES = [
    *("seed", "class", "train_count", "test_count", "kind", "images"),
    *("recall", "recall_low", "recall_high", "f1", "macro_f1", "macro_f1_low", "macro_f1_high"),
    *("half", "half_low", "half_high", "confuser"),
]
FEWEST_TEST, FEWEST_TRAIN = 8, 3  # images, below which nothing can be told

Answer = Literal["few test images", "few training images", "enough", "more", "never", "unknown"]


@dataclass(frozen=True)
class ClassAnswer:
    """What the seeds say of one class; bounds are those of a seed, in the middle of all seeds.

    `half`, `low` and `high` are training images with which half of the class is recognised,
    infinite where that is more than the largest of FACTORS times those that there are.
    """

    name: str
    train_count: float
    test_count: float
    recalls: tuple[float, ...]  # expected, for each of FACTORS
    bounds: tuple[tuple[float, float], ...]  # of these
    macro_f1: tuple[float, ...]  # for each of FACTORS
    half: float
    low: float
    high: float
    confuser: str | None

    @property
    def answer(self) -> Answer:
        """Whether more images are needed for half of the class to be recognised, and would do."""
        most = FACTORS[-1] * self.train_count
        if self.test_count < FEWEST_TEST:
            return "few test images"
        if self.train_count < FEWEST_TRAIN:
            return "few training images"
        if self.half <= self.train_count:
            return "enough"
        if self.low > most:
            return "never"
        is_open = not np.isfinite(self.half) or (self.low <= self.train_count and self.high > most)
        return "unknown" if is_open else "more"


def read_more_images(
    files: RunFolder, manifest: RunManifest, ordered: Sequence[str]
) -> pd.DataFrame:
    """Return MORE_IMAGES of a run's folder, classes in the order of the report."""
    classes = manifest.data.classes
    index = {name: k for k, name in enumerate(classes)}
    order = [index[name] for name in ordered]
    return more_images_frame(ClassCurves.read(files), classes, order, manifest.seeds)


def more_images_frame(
    curves: ClassCurves, classes: Sequence[str], order: Sequence[int], seeds: Sequence[int]
) -> pd.DataFrame:
    """Return MORE_IMAGES: one row per seed, class and number of training images.

    `kind` "measured": heads on nested subsets of the images; "expected": what they say of as many
    and of more. Of `half`, the images with which half of the class is recognised, an infinite one
    is more than are considered.
    """
    rank = {label: k for k, label in enumerate(order)}
    rows = [
        row
        for own in curves.seeds
        if own.seed in seeds
        for curve in sorted(own.curves, key=lambda curve: rank[curve.label])
        for row in _rows(own.seed, curve, classes)
    ]
    return pd.DataFrame(rows, columns=MORE_IMAGES)


def _rows(seed: int, curve: ClassCurve, classes: Sequence[str]) -> Iterator[dict[str, Any]]:
    half = {
        name: np.inf if number is None else number
        for name, number in zip(
            ("half", "half_low", "half_high"), asdict(curve.half).values(), strict=True
        )
    }
    key = {
        **{"seed": seed, "class": classes[curve.label]},
        **{"train_count": curve.train_images, "test_count": curve.test_images, **half},
        "confuser": None if curve.confuser is None else classes[curve.confuser],
    }
    for kind, points in (("measured", curve.measured), ("expected", curve.expected)):
        yield from (key | {"kind": kind} | asdict(point) for point in points)


def class_answers(frame: pd.DataFrame) -> dict[str, ClassAnswer]:
    """Return class -> what MORE_IMAGES says of it, in the order of the frame."""
    rows: dict[str, dict[int, list[dict[Any, Any]]]] = {}  # by class and seed
    for row in frame[frame["kind"] == "expected"].to_dict("records"):
        rows.setdefault(str(row["class"]), {}).setdefault(row["seed"], []).append(row)
    return {name: _answer(name, list(seeds.values())) for name, seeds in rows.items()}


def _answer(name: str, seeds: Sequence[Sequence[Mapping[Any, Any]]]) -> ClassAnswer:
    """Return what the rows of each seed say, which stand in the order of FACTORS."""
    first = [rows[0] for rows in seeds]  # of numbers that are the same in all rows of a seed

    def means(column: str) -> list[float]:
        return [_mean([row[column] for row in rows]) for rows in zip(*seeds, strict=True)]

    def middle(column: str) -> float:
        """Return the median over seeds; of two in the middle the larger, which may be infinite."""
        return float(np.quantile([float(row[column]) for row in first], 0.5, method="higher"))

    confusers = Counter(str(row["confuser"]) for row in first if not pd.isna(row["confuser"]))
    most = max(confusers.values(), default=0)
    return ClassAnswer(
        name=name,
        train_count=_mean([row["train_count"] for row in first]),
        test_count=_mean([row["test_count"] for row in first]),
        recalls=tuple(means("recall")),
        bounds=tuple(zip(means("recall_low"), means("recall_high"), strict=True)),
        macro_f1=tuple(means("macro_f1")),
        half=middle("half"),
        low=middle("half_low"),
        high=middle("half_high"),
        confuser=min((label for label, n in confusers.items() if n == most), default=None),
    )


def _mean(values: Sequence[float]) -> float:
    """Average the numbers that are known; NaN where none is."""
    known = [float(value) for value in values if not pd.isna(value)]
    return float(np.mean(known)) if known else float("nan")

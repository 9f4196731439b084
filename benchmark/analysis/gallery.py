"""Which images of a run are worth a look: of ignored classes, the surest errors, confused pairs.

They are those of one seed, the first, under the baseline and under the strategy that is best on
validation. Who chooses by what they show has chosen by the test images.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmark.analysis.choice import best_on_validation, validation_scores
from benchmark.analysis.comparison import Comparison
from benchmark.analysis.shown_images import (
    BASELINE,
    BEST,
    OTHER,
    Gallery,
    Prediction,
    ShownClass,
    ShownImage,
    ShownPair,
    ShownStrategy,
)
from benchmark.evaluation.diagnosis.neighbourhood import evenly_spaced
from benchmark.execution.manifest_schema import SplitManifest, SplitPart

MOST_CLASSES = 20
FEW_CLASSES = 3  # shown where none is ignored: those of the lowest recall
MOST_TEST_IMAGES, ALL_TEST_IMAGES = 12, 150  # of a class, and of all classes together
MOST_GAINED = 1 / 3  # of those of a class: that only the best strategy recognises
TRAINING_IMAGES = 6  # of a class
CONFUSER_IMAGES = 3  # training images of the class that it is taken for
MOST_ERRORS = 12
MOST_PAIRS, PAIR_IMAGES = 6, 3


def shown_seed(comparison: Comparison) -> int | None:
    """Return the first seed that the baseline finished, or else the best; None without one."""
    finished = comparison.seed_rows[comparison.seed_rows["status"] == "ok"]
    for name in _roles(comparison):
        seeds = finished["seed"][finished["strategy"] == name]
        if len(seeds):
            return int(seeds.iloc[0])
    return None


def choose_images(comparison: Comparison, seed: int, split: SplitManifest) -> Gallery:
    """Choose what is shown of a seed that `shown_seed` names; `split` are its images."""
    return _Choice(comparison, seed, split).gallery()


class _Choice:
    """The tables of one seed from which images are chosen."""

    def __init__(self, comparison: Comparison, seed: int, split: SplitManifest) -> None:
        self.run, self.seed = comparison, seed
        self.names = np.array(comparison.manifest.data.classes, dtype=object)
        self.strategies = tuple(_shown_strategies(comparison, seed))
        self.test = self._test_table(split.test)
        self.train = _labelled(split.train, self.names)
        self.counts = dict(zip(self.names, split.train.counts, strict=True))
        self.number = {name: k for k, name in enumerate(self.names)}
        self.has_wrong_labels = any(
            part.right_labels is not None for part in (split.train, split.test)
        )
        of_class = self.test.groupby("label", sort=False)
        self.test_counts = {str(name): int(n) for name, n in of_class.size().items()}
        columns = [f"predicted{k or ''}" for k in range(len(self.strategies))]
        right = self.test[columns].eq(self.test["label"], axis=0)
        hits = right.groupby(self.test["label"], sort=False).sum()  # a row a class
        self.hits = {str(n): tuple(map(int, own)) for n, *own in hits.itertuples(name=None)}
        wrong = self.test[self.test["predicted"] != self.test["label"]]
        self.errors = wrong.sort_values("confidence", ascending=False, kind="stable")
        pairs = wrong.groupby(["label", "predicted"]).size()
        self.confused: dict[tuple[str, str], int] = dict(zip(pairs.index, pairs, strict=True))

    def gallery(self) -> Gallery:
        """Choose."""
        classes, ignored = self._class_names()
        most = MOST_TEST_IMAGES
        if classes:
            most = min(MOST_TEST_IMAGES, max(ALL_TEST_IMAGES // len(classes), 1))
        return Gallery(
            self.seed,
            self.strategies,
            ignored,
            tuple(self._shown_class(name, most) for name in classes),
            self._images(self.errors.head(MOST_ERRORS)),
            len(self.errors),
            tuple(self._pairs()),
            len(self.test),
            self.has_wrong_labels,
        )

    def _test_table(self, part: SplitPart) -> pd.DataFrame:
        """Return a row a test image: file, label, right_label, predicted, confidence; and others'.

        The columns `predicted` and `confidence` are those of the first strategy; a number behind
        them is that of another.
        """
        table = _labelled(part, self.names)
        every = self.run.predicted_images
        tested = [each for each in every if (each.seed, each.split) == (self.seed, "test")]
        for k, strategy in enumerate(self.strategies):
            own = next(each for each in tested if each.strategy == strategy.name).frame()
            table[f"predicted{k or ''}"] = own["predicted"].to_numpy()
            table[f"confidence{k or ''}"] = own["confidence"].to_numpy(float)
        return table

    def _class_names(self) -> tuple[list[str], int]:
        """Return the classes to show, largest first, and how many are ignored.

        Of too many those of the lowest recall, then with the most test images; where none is
        ignored, a few of the lowest recall that are taken for others at all.
        """
        diagnoses = self.run.findings.diagnoses
        mine = diagnoses["strategy"] == self.strategies[0].name
        listed = set(diagnoses["class"][mine & (diagnoses["seed"] == self.seed)])
        ignored = [name for name in self.test_counts if name in listed]
        recall = {name: self._hits(name)[0] / count for name, count in self.test_counts.items()}
        some = ignored or [name for name in self.test_counts if recall[name] < 1]
        some.sort(key=lambda name: (recall[name], -self.test_counts[name], name))
        chosen = set(some[: MOST_CLASSES if ignored else FEW_CLASSES])
        return [name for name in self.run.classes if name in chosen], len(ignored)

    def _hits(self, name: str) -> tuple[int, ...]:
        return self.hits.get(name, (0,) * len(self.strategies))

    def _shown_class(self, name: str, most: int) -> ShownClass:
        own = self.test[self.test["label"] == name]
        predicted = [(str(label), int(n)) for label, n in own["predicted"].value_counts().items()]
        confuser = next((label for label, _ in predicted if label != name), "")
        diagnoses = self.run.findings.diagnoses
        rows = diagnoses[(diagnoses["class"] == name) & (diagnoses["seed"] == self.seed)]
        cause = rows["cause"][rows["strategy"] == self.strategies[0].name]
        return ShownClass(
            self.number[name],
            name,
            int(self.counts[name]),
            len(own),
            self._hits(name),
            str(cause.iloc[0]) if len(cause) else "",
            tuple(predicted),
            self._images(self._of_class(own, most)),
            self._training(name, TRAINING_IMAGES),
            confuser,
            self._training(confuser, CONFUSER_IMAGES),
        )

    def _of_class(self, own: pd.DataFrame, most: int) -> pd.DataFrame:
        """Return so many test images of a class: the surest errors first, then what is right.

        Among them are some that only the second strategy recognises, if there are any.
        """
        wrong = own["predicted"] != own["label"]
        errors = own[wrong].sort_values("confidence", ascending=False, kind="stable")
        gained = errors[:0]
        if len(self.strategies) > 1:
            gained = errors[errors["predicted1"] == errors["label"]].head(int(most * MOST_GAINED))
        others = errors.drop(gained.index).head(most - len(gained))
        chosen = errors[errors.index.isin(others.index.union(gained.index))]
        return pd.concat([chosen, own[~wrong]]).head(most)

    def _pairs(self) -> Iterator[ShownPair]:
        """Yield the pairs of classes with the most errors between them."""
        both: dict[tuple[str, str], int] = {}
        for (label, predicted), number in self.confused.items():
            pair = (label, predicted) if label < predicted else (predicted, label)
            both[pair] = both.get(pair, 0) + int(number)
        order = sorted(both, key=lambda pair: (-both[pair], pair))
        for pair in order[:MOST_PAIRS]:
            size = [self.confused.get(way, 0) for way in (pair, pair[::-1])]
            a, b = pair if size[0] >= size[1] else pair[::-1]  # the more frequent error first
            errors = (int(max(size)), int(min(size)))
            counts = (self.test_counts.get(a, 0), self.test_counts.get(b, 0))
            test = (self._confused_images(a, b), self._confused_images(b, a))
            training = (self._training(a, PAIR_IMAGES), self._training(b, PAIR_IMAGES))
            yield ShownPair((a, b), errors, counts, test, training)

    def _confused_images(self, label: str, predicted: str) -> tuple[ShownImage, ...]:
        rows = (self.errors["label"] == label) & (self.errors["predicted"] == predicted)
        return self._images(self.errors[rows].head(PAIR_IMAGES))

    def _training(self, name: str, most: int) -> tuple[ShownImage, ...]:
        """Return training images of a class, evenly spaced in the order of the data."""
        own = self.train[self.train["label"] == name]
        return tuple(
            ShownImage(str(row["file"]), str(row["label"]), str(row["right_label"]))
            for row in own.iloc[evenly_spaced(np.arange(len(own)), most)].to_dict("records")
        )

    def _images(self, rows: pd.DataFrame) -> tuple[ShownImage, ...]:
        images = []
        for row in rows.to_dict("records"):
            predictions = tuple(
                Prediction(row[f"predicted{k or ''}"], float(row[f"confidence{k or ''}"]))
                for k in range(len(self.strategies))
            )
            images.append(ShownImage(row["file"], row["label"], row["right_label"], predictions))
        return tuple(images)


def _roles(comparison: Comparison) -> dict[str, str]:
    """Return what is shown if it finished: the baseline, the best on validation, or else any."""
    finished = comparison.finished_in_any_seed
    roles = dict.fromkeys(finished[:1], OTHER)
    if best := best_on_validation(comparison):
        roles = {best: BEST}
    if comparison.baseline in finished:
        others = {name: role for name, role in roles.items() if role == BEST}
        roles = {comparison.baseline: BASELINE, **others, comparison.baseline: BASELINE}
    return roles


def _shown_strategies(comparison: Comparison, seed: int) -> Iterator[ShownStrategy]:
    rows = comparison.seed_rows
    finished = set(rows["strategy"][(rows["seed"] == seed) & (rows["status"] == "ok")])
    scores = validation_scores(comparison)
    keys = {info.name: info.networks[seed] for info in comparison.manifest.competing}
    for name, role in _roles(comparison).items():
        if name in finished:
            yield ShownStrategy(name, role, keys[name], scores.get(name, float("nan")))


def _labelled(part: SplitPart, names: NDArray[Any]) -> pd.DataFrame:
    """Return a row an image of a split: file, label, right_label."""
    labels = np.asarray(part.labels, np.int64)
    right = labels if part.right_labels is None else np.asarray(part.right_labels, np.int64)
    columns = {"file": list(part.files), "label": names[labels], "right_label": names[right]}
    return pd.DataFrame(columns)

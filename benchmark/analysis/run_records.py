"""The records of a run as tables, with rows for strategies, seeds, classes, images or steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmark.analysis.confidence import SeedPredictions
from benchmark.evaluation.metrics.registry import METRICS, main_metrics
from benchmark.evaluation.per_class import class_scores
from benchmark.execution.manifest_schema import SplitManifest
from benchmark.execution.record_schema import CurvePoint, FailedRecord, Record

PER_CLASS = [
    *("strategy", "seed", "class", "train_count", "test_count"),
    *("recall", "precision", "f1", "predicted", "recall_low", "recall_high"),
    *("auroc", "average_precision"),
]
PREDICTIONS = ["strategy", "seed", "split", "file", "label", "predicted", "confidence"]
CURVES = [
    *("strategy", "seed", "step", "phase", "train_from", "train_loss"),
    *("val_loss", "val_loss_over_classes"),
    *("val_accuracy", "val_macro_f1", "val_never_predicted"),
]
LOSSES = ["strategy", "seed", "step", "start", "schedule_start", "loss", "learning"]
FIT = ["train_accuracy", "train_macro_f1", "train_log_loss"]  # of training images, not augmented
FAILURES = ["strategy", "seed", "error", "traceback"]


def summary_columns() -> list[str]:
    """Return the columns of summary.csv after the strategy: main metrics, cost and status."""
    main = [metric.name for metric in main_metrics()]
    return [*main, "steps", "seconds", "status"]


def seed_columns() -> list[str]:
    """Return the columns of seeds.csv: those of summary.csv, further metrics and images."""
    further = [metric.name for metric in METRICS.values() if not metric.main]
    images = ("images_seen", "distinct_images", "batch_size", "micro_batch")
    return ["strategy", "seed", *summary_columns(), "val_macro_f1", *further, *images, *FIT]


@dataclass(frozen=True, eq=False)
class PredictedImages:
    """The N images of one split of one seed, and what one strategy predicts of them."""

    strategy: str
    seed: int
    split: str
    classes: tuple[str, ...]  # (C,)
    files: tuple[str, ...]  # (N,)
    labels: NDArray[np.int32]  # (N,)
    predicted: NDArray[np.int32]  # (N,)
    confidence: NDArray[np.float64]  # (N,) NaN where it is unknown

    def frame(self) -> pd.DataFrame:
        """Return PREDICTIONS, a row for each image."""
        names = np.array(self.classes, dtype=object)
        texts = {
            "file": self.files,
            "label": names[self.labels],
            "predicted": names[self.predicted],
        }
        key = {"strategy": self.strategy, "seed": self.seed, "split": self.split}
        return pd.DataFrame({**key, **texts, "confidence": self.confidence})

    @staticmethod
    def stack(images: Iterable[PredictedImages]) -> pd.DataFrame:
        """Return PREDICTIONS of all, one row per strategy, seed and image."""
        tables = [each.frame() for each in images]
        return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=PREDICTIONS)


@dataclass(frozen=True)
class RunRecords:
    """The records of a run, and the images that they are about. C classes."""

    classes: Sequence[str]  # (C,) in the order of the records
    order: Sequence[int]  # (C,) class indices by training size, largest first, as in all tables
    splits: Mapping[int, SplitManifest]  # seed -> its images
    records: Sequence[Record | FailedRecord]  # by strategy, then by seed

    @cached_property
    def finished(self) -> list[Record]:
        """The records without those of failures."""
        return [record for record in self.records if isinstance(record, Record)]

    def failures(self) -> pd.DataFrame:
        """One row per strategy and seed that failed: FAILURES."""
        failed = [record for record in self.records if isinstance(record, FailedRecord)]
        rows = [{**asdict(record), "error": record.sentence} for record in failed]
        return pd.DataFrame(rows, columns=FAILURES)

    def seed_rows(self) -> pd.DataFrame:
        """One row per strategy and seed: `seed_columns`."""
        rows: list[dict[str, Any]] = []
        for record in self.records:
            row = {**_key(record), "status": record.status}
            if isinstance(record, Record):
                row |= {**record.metrics["test"], **asdict(record.budget)}
                row["val_macro_f1"] = record.metrics["val"]["macro_f1"]
                row |= {
                    name: getattr(record.training_fit, name.removeprefix("train_")) for name in FIT
                }
            rows.append(row)
        return pd.DataFrame(rows, columns=seed_columns())

    def curves(self) -> pd.DataFrame:
        """One row per strategy, seed and validation: CURVES."""
        rows = [
            {**_key(record), **asdict(point), "val_loss_over_classes": _mean_over_classes(point)}
            for record in self.finished
            for point in record.curve
        ]
        return pd.DataFrame(rows, columns=CURVES)

    def losses(self) -> pd.DataFrame:
        """One row per strategy, seed and tenth of a step range: LOSSES, see `LossPoint`."""
        rows = [{**_key(r), **asdict(point)} for r in self.finished for point in r.losses]
        return pd.DataFrame(rows, columns=LOSSES)

    def per_class(self) -> pd.DataFrame:
        """One row per strategy, seed and class: PER_CLASS."""
        tables = [self._per_class(record) for record in self.finished]
        return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=PER_CLASS)

    def _per_class(self, record: Record) -> pd.DataFrame:
        split, order = self.splits[record.seed], np.asarray(self.order)
        labels, predicted = np.asarray(split.test.labels), _predicted(record)
        scores = class_scores(labels, predicted, len(self.classes), split.test.groups)
        columns = {
            "class": np.array(self.classes, dtype=object),
            "train_count": np.array(split.train.counts),
            "test_count": scores.pop("support"),
            **scores,
            **{name: np.array(own, float) for name, own in record.one_against_rest.items()},
        }
        ordered = {name: values[order] for name, values in columns.items()}
        return pd.DataFrame({**_key(record), **ordered}, columns=PER_CLASS)

    def predicted_images(self) -> list[PredictedImages]:
        """Return what each record predicts of the validation and of the test images."""
        classes, result = tuple(self.classes), []
        labels = {
            (seed, name): np.asarray(getattr(split, name).labels, np.int32)
            for seed, split in self.splits.items()
            for name in ("val", "test")
        }
        for record in self.finished:
            for name in ("val", "test"):
                files = getattr(self.splits[record.seed], name).files
                predicted = np.asarray(record.predicted[name], np.int32)
                confidence = np.array(record.confidence[name], float)  # None becomes NaN
                images = (files, labels[record.seed, name], predicted, confidence)
                key = (record.strategy, record.seed, name, classes)
                result.append(PredictedImages(*key, *images))
        return result

    def seed_predictions(self) -> list[SeedPredictions]:
        """Return what all strategies predicted of the test images of each seed, in seed order."""
        position = np.argsort(self.order)  # (C,) of each class in the tables
        classes, seeds = tuple(self.classes[c] for c in self.order), []
        for seed in sorted(self.splits):
            test, train = self.splits[seed].test, self.splits[seed].train
            predicted = {
                record.strategy: position[_predicted(record)]
                for record in self.finished
                if record.seed == seed
            }
            if predicted:
                labels = position[np.asarray(test.labels)]
                groups = None if test.groups is None else np.asarray(test.groups)
                images = (test.files, labels, predicted, classes, groups, train.files)
                seeds.append(SeedPredictions(seed, *images))
        return seeds


def mean_over_seeds(seed_rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per strategy: means over the seeds that finished, and its status."""
    columns, rows = summary_columns(), []
    for strategy, group in seed_rows.groupby("strategy", sort=False):
        finished = group[group["status"] == "ok"]
        whole = len(finished) == len(group)
        status = "ok" if whole else "partly failed" if len(finished) else "failed"
        means = finished[columns[:-1]].astype(float).mean()
        rows.append({"strategy": strategy, **means, "status": status})
    return pd.DataFrame(rows, columns=["strategy", *columns])


def _key(record: Record | FailedRecord) -> dict[str, Any]:
    return {"strategy": record.strategy, "seed": record.seed}


def _mean_over_classes(point: CurvePoint) -> float:
    """Return the mean of the classes' losses, each the same; NaN if they are unknown."""
    known = [loss for loss in point.val_loss_by_class if loss is not None]
    return float(np.mean(known)) if known else float("nan")


def _predicted(record: Record) -> NDArray[np.int64]:
    return np.asarray(record.predicted["test"], np.int64)

"""A finished run as tables: what the report shows, the CSV files hold and a notebook works with.

Read from records and splits alone. `run` renews the records whose metrics have changed since, from
stored outputs: a new metric needs no new training.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmark.analysis.confidence import SeedPredictions, intervals, paired, seeds_of
from benchmark.analysis.findings import Collector, Findings
from benchmark.analysis.per_class import class_changes, class_recalls
from benchmark.evaluation.metrics.per_class import class_scores
from benchmark.plan.run_options import require_baseline
from benchmark.run.run_folder import RunFolder
from benchmark.storage.atomic import read_json

SUMMARY = [
    "macro_f1",
    "never_predicted",
    "zero_recall",
    "balanced_accuracy",
    "accuracy",
    "worst_recall",
    "steps",
    "seconds",
    "status",
]
EXTRA = [
    "val_macro_f1",
    "g_mean",
    "mcc",
    "log_loss",
    "ece",
    "classwise_ece",
    "macro_f1_balanced",
    "log_loss_balanced",
    "ece_balanced",
    "many_recall",
    "medium_recall",
    "few_recall",
    "images_seen",
    "distinct_images",
    "batch_size",
    "micro_batch",
]


@dataclass(frozen=True)
class Comparison:
    """Every strategy of one run side by side. C classes, S strategies.

    Classes are everywhere in one order: by training size, largest first, ties by name.
    """

    folder: Path
    manifest: dict[str, Any]  # run.json: experiment, data, weights, environment
    classes: list[str]
    train_counts: list[int]  # (C,) mean over seeds, before any resampling
    test_counts: list[int]  # (C,) sum over seeds
    strategies: list[str]  # as asked, failed ones included
    baseline: str | None  # what all others are compared with: as chosen, or what changes nothing
    descriptions: dict[str, str]  # strategy -> its docstring
    seeds: list[int]
    summary: pd.DataFrame  # one row a strategy: the columns of summary.csv
    seed_rows: pd.DataFrame  # one row a strategy and seed: the columns of seeds.csv
    per_class: pd.DataFrame  # one row a strategy, seed and class: the columns of per_class.csv
    predictions: pd.DataFrame  # one row a strategy, seed, val or test image
    curves: pd.DataFrame  # strategy, seed, step, phase, train_loss, val_loss, val_macro_f1, ...
    confusion: dict[
        str, np.ndarray
    ]  # strategy -> (C, C) test counts over seeds, rows are the truth
    failures: pd.DataFrame  # strategy, seed, error, traceback
    messages: list[str]  # warnings a reader must know
    # seed -> test file -> its group, where images come in groups
    groups: dict[int, dict[str, int]] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings.none)

    @cached_property
    def intervals(self) -> pd.DataFrame:
        """One row a strategy and metric, with its 95 % interval: the columns of intervals.csv."""
        return intervals(self.seed_predictions)

    @cached_property
    def paired(self) -> pd.DataFrame:
        """One row a strategy and metric, minus the baseline's: the columns of paired.csv."""
        return paired(self.seed_predictions, self.baseline)

    @cached_property
    def class_recalls(self) -> pd.DataFrame:
        """One row a strategy and class, over all seeds: the columns of recalls.csv."""
        return class_recalls(self.seed_predictions)

    @cached_property
    def class_changes(self) -> pd.DataFrame:
        """One row a strategy and class, minus the baseline's: the columns of class_changes.csv."""
        return class_changes(self.seed_predictions, self.baseline)

    @property
    def test_units(self) -> list[float]:
        """(C,) independent test images of each class, or groups of such; mean over seeds."""
        kinds = [one.cells.units for one in self.seed_predictions]
        place = range(len(self.classes))
        units = [np.bincount(k.labels, weights=k.counts, minlength=len(place)) for k in kinds]
        return np.mean(units, axis=0).tolist() if units else list(self.test_counts)

    @cached_property
    def seed_predictions(self) -> list[SeedPredictions]:
        """What every strategy predicted of the test images, seed by seed."""
        return seeds_of(self.predictions, self.classes, self.groups)


def load_comparison(folder: Path, baseline: str | None = None) -> Comparison:
    """Read the folder of a run, finished or not.

    A strategy whose record is missing, or belongs to an earlier version of the run, is shown as not
    trained yet. `baseline` names the strategy to compare with; None takes the one of the run.

    Raises
    ------
    FileNotFoundError
        If the folder holds no run.
    ValueError
        If `baseline` is no strategy of the run, saying which there are.
    """
    files = RunFolder(Path(folder))
    if not files.run_file.exists():
        raise FileNotFoundError(
            f"{folder} holds no run: there is no run.json in it. Give the folder that "
            f"`run` named as its report's, like results/wheels-forum"
        )
    run = read_json(files.run_file)
    if baseline is not None:
        require_baseline(baseline, [one["name"] for one in run["asked"]], f"of {folder}")
    names = run["data"]["classes"]
    splits = {seed: read_json(files.split_file(seed)) for seed in run["seeds"]}
    counts = np.mean([splits[seed]["train"]["counts"] for seed in run["seeds"]], axis=0)
    order = sorted(range(len(names)), key=lambda c: (-counts[c], names[c]))
    tables = _Tables(names, order, splits)
    for one in run["asked"]:
        for seed in run["seeds"]:
            path = files.record_file(one["name"], seed)
            record = read_json(path) if path.exists() else {}
            if record.get("network") != run["networks"][one["name"]][str(seed)]:
                record = {"status": "failed", "error": "not trained yet: run the command again"}
            tables.add(one["name"], seed, record)
    seed_rows = pd.DataFrame(tables.seed_rows, columns=["strategy", "seed", *SUMMARY, *EXTRA])
    return Comparison(
        folder=files.path,
        manifest=run,
        classes=[names[c] for c in order],
        train_counts=[round(counts[c]) for c in order],
        test_counts=[
            sum(splits[seed]["test"]["counts"][c] for seed in run["seeds"]) for c in order
        ],
        strategies=[one["name"] for one in run["asked"]],
        baseline=baseline or run["baseline"],
        descriptions={one["name"]: one["doc"] for one in run["asked"]},
        seeds=run["seeds"],
        summary=_mean_over_seeds(seed_rows),
        seed_rows=seed_rows,
        per_class=pd.DataFrame(tables.per_class, columns=PER_CLASS),
        predictions=(
            pd.concat(tables.predictions, ignore_index=True)
            if tables.predictions
            else pd.DataFrame(columns=PREDICTIONS)
        ),
        curves=pd.DataFrame(tables.curves, columns=CURVES),
        confusion=tables.confusion,
        failures=pd.DataFrame(tables.failures, columns=FAILURES),
        messages=run["messages"],
        groups={
            seed: dict(zip(split["test"]["files"], split["test"]["groups"], strict=True))
            for seed, split in splits.items()
            if "groups" in split["test"]
        },
        findings=tables.collector.findings(),
    )


PER_CLASS = [
    "strategy",
    "seed",
    "class",
    "train_count",
    "test_count",
    "recall",
    "precision",
    "f1",
    "predicted",
    "recall_low",
    "recall_high",
]
PREDICTIONS = ["strategy", "seed", "split", "file", "label", "predicted", "confidence"]
CURVES = [
    "strategy",
    "seed",
    "step",
    "phase",
    "train_from",
    "train_loss",
    "val_loss",
    "val_accuracy",
    "val_macro_f1",
    "val_never_predicted",
]
FAILURES = ["strategy", "seed", "error", "traceback"]


class _Tables:
    """Rows collected from records. `order` lists class indices by training size."""

    def __init__(
        self, names: list[str], order: list[int], splits: dict[int, dict[str, Any]]
    ) -> None:
        self.names, self.order, self.splits = names, order, splits
        self.collector = Collector(names)
        self.seed_rows: list[dict[str, Any]] = []
        self.per_class: list[dict[str, Any]] = []
        self.predictions: list[pd.DataFrame] = []
        self.curves: list[dict[str, Any]] = []
        self.confusion: dict[str, np.ndarray] = {}
        self.failures: list[dict[str, Any]] = []

    def add(self, strategy: str, seed: int, record: dict[str, Any]) -> None:
        """Add one record's rows."""
        key = {"strategy": strategy, "seed": seed}
        if record["status"] != "ok":
            self.seed_rows.append({**key, "status": "failed"})
            failure = {"error": record["error"], "traceback": record.get("traceback", "")}
            self.failures.append({**key, **failure})
            return
        test, budget = record["numbers"]["test"], record["budget"]
        val = {"val_macro_f1": record["numbers"]["val"]["macro_f1"]}
        self.seed_rows.append({**key, **test, **val, **budget, "status": "ok"})
        self.curves += [{**key, **point} for point in record["curve"]]
        self._add_classes(key, record)
        self.collector.add(key, record, self.splits[seed]["train"]["counts"], self.order)
        for split in ("val", "test"):
            part = self.splits[seed][split]
            table = pd.DataFrame(
                {
                    **key,
                    "split": split,
                    "file": part["files"],
                    "label": [self.names[c] for c in part["labels"]],
                    "predicted": [self.names[c] for c in record["predicted"][split]],
                    "confidence": record["confidence"][split],
                }
            )
            self.predictions.append(table)

    def _add_classes(self, key: dict[str, Any], record: dict[str, Any]) -> None:
        split, classes = self.splits[key["seed"]], len(self.names)
        labels = np.asarray(split["test"]["labels"])
        predicted = np.asarray(record["predicted"]["test"])
        numbers = class_scores(labels, predicted, classes, split["test"].get("groups"))
        for c in self.order:
            row = {name: values[c] for name, values in numbers.items() if name != "support"}
            train, test = split["train"]["counts"][c], int(numbers["support"][c])
            self.per_class.append(
                {**key, "class": self.names[c], "train_count": train, "test_count": test, **row}
            )
        matrix = np.zeros((classes, classes), np.int64)
        np.add.at(matrix, (labels, predicted), 1)
        matrix = matrix[np.ix_(self.order, self.order)]
        name = key["strategy"]
        self.confusion[name] = self.confusion.get(name, np.zeros_like(matrix)) + matrix


def _mean_over_seeds(seed_rows: pd.DataFrame) -> pd.DataFrame:
    """One row a strategy in the order asked; numbers are means over the seeds that went well."""
    rows: list[dict[str, Any]] = []
    for strategy, group in seed_rows.groupby("strategy", sort=False):
        good = group[group["status"] == "ok"]
        status = "ok" if len(good) == len(group) else "partly failed" if len(good) else "failed"
        means = good[SUMMARY[:-1]].astype(float).mean()
        rows.append({"strategy": strategy, **means, "status": status})
    return pd.DataFrame(rows, columns=["strategy", *SUMMARY])


def recall_table(comparison: Comparison) -> pd.DataFrame:
    """Recall by class (rows, largest first) and strategy (columns), mean over seeds."""
    table = comparison.per_class.pivot_table(
        index="class", columns="strategy", values="recall", aggfunc="mean", dropna=False
    )
    good = [name for name in comparison.strategies if name in table.columns]
    return table.reindex(index=comparison.classes, columns=good)

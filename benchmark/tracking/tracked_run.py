"""What every tracker is given of a run: parameters, metrics by step and at the end, files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.scores import metric_scores
from benchmark.evaluation.metrics.registry import METRICS

PROJECT = "imbalance-bench"  # the experiment or project, where the user names none


@dataclass(frozen=True)
class TrackedTraining:
    """One strategy and seed."""

    strategy: str
    seed: int
    parameters: dict[str, str]
    steps: dict[str, list[tuple[int, float]]]  # name -> (step, value), by step
    scores: dict[str, float]  # on test images, at the end
    error: str = ""  # why it failed

    @property
    def name(self) -> str:
        """What it is called."""
        return f"{self.strategy} seed {self.seed}"

    @property
    def about(self) -> dict[str, str]:
        """Its parameters, with strategy and seed."""
        return {"strategy": self.strategy, "seed": str(self.seed), **self.parameters}

    @property
    def end(self) -> int:
        """The last step."""
        return max((step for curve in self.steps.values() for step, _ in curve), default=0)


@dataclass(frozen=True)
class TrackedRun:
    """A finished run: its trainings stand below it."""

    name: str
    folder: Path
    parameters: dict[str, str]
    scores: dict[str, float]  # STRATEGY/METRIC, mean over seeds, and with _low and _high its bounds
    sentence: str  # the verdict
    trainings: tuple[TrackedTraining, ...]
    files: tuple[Path, ...]  # of the report

    @property
    def digest(self) -> str:
        """A hash of all numbers, which tells whether there is something new to log."""
        content = (self.parameters, self.scores, [asdict(each) for each in self.trainings])
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


class Tracker(Protocol):
    """A function of a module that is named after a tracker."""

    def __call__(self, run: TrackedRun) -> str:
        """Log a run, and return where it can be seen."""


def read_tracked_run(comparison: Comparison, files: Iterable[Path], sentence: str) -> TrackedRun:
    """Return what trackers are given of a run; numbers that are not finite are left out."""
    manifest = comparison.manifest
    settings = {name: str(value) for name, value in manifest.experiment.settings.items()}
    parameters = settings | {
        "data_content": manifest.data.content,
        "weights": manifest.weights.name,
        "baseline": str(comparison.baseline),
        "seeds": ",".join(map(str, manifest.seeds)),
    }
    runs = [comparison, *([comparison.null_row] if comparison.null_row else [])]
    names = [comparison.strategies, [str(comparison.null)]][: len(runs)]
    scores = {}
    for run, strategies in zip(runs, names, strict=True):
        for strategy in strategies:
            for metric, score in metric_scores(run, strategy).items():
                for end, value in zip(("", "_low", "_high"), score, strict=True):
                    scores[f"{strategy}/{metric}{end}"] = value
    return TrackedRun(
        name=manifest.name or comparison.folder.name,
        folder=comparison.folder,
        parameters=parameters,
        scores=_finite(scores),
        sentence=sentence,
        trainings=_trainings(comparison),
        files=tuple(files),
    )


def _trainings(comparison: Comparison) -> tuple[TrackedTraining, ...]:
    rows = comparison.with_null(lambda run: run.seed_rows).to_dict("records")
    curves = comparison.with_null(lambda run: run.curves)
    losses = comparison.with_null(lambda run: run.losses)
    failures = comparison.failures.set_index(["strategy", "seed"])["error"].to_dict()
    own = {info.name: info.parameters for info in comparison.manifest.strategies}
    result = []
    for row in rows:
        name, seed = str(row["strategy"]), int(row["seed"])
        steps = {
            column: _by_step(curves, name, seed, column)
            for column in ("val_loss", "val_accuracy", "val_macro_f1", "val_never_predicted")
        }
        steps["train_loss"] = _by_step(losses, name, seed, "loss")
        parameters = {key: str(value) for key, value in own[name].items()}
        scores = _finite({key: row.get(key, np.nan) for key in ("steps", "seconds", *METRICS)})
        scores.pop("seconds", None)  # of the machine: the same run has others
        error = str(failures.get((name, seed), ""))
        result.append(TrackedTraining(name, seed, parameters, steps, scores, error))
    return tuple(result)


def _by_step(table: pd.DataFrame, strategy: str, seed: int, column: str) -> list[tuple[int, float]]:
    rows = table[(table["strategy"] == strategy) & (table["seed"] == seed)].sort_values("step")
    values = zip(rows["step"], rows[column].astype(float), strict=True)
    return [(int(step), float(value)) for step, value in values if np.isfinite(value)]


def _finite(values: Mapping[str, Any]) -> dict[str, float]:
    numbers = {name: float(value) for name, value in values.items() if value is not None}
    return {name: value for name, value in numbers.items() if np.isfinite(value)}

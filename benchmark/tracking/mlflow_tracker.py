"""MLflow: a run for the comparison, with the report, and below it one for each training.

They go where MLflow's own variables say, MLFLOW_TRACKING_URI and MLFLOW_EXPERIMENT_NAME.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable

from mlflow import MlflowClient
from mlflow.entities import Metric, Param
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

from benchmark.tracking.tracked_run import PROJECT, TrackedRun

MOST_METRICS, MOST_PARAMETERS, LONGEST_VALUE = 1000, 100, 500  # in one request; characters
_Points = Iterable[tuple[str, int, float]]  # name, step, value


def track(run: TrackedRun) -> str:
    """Log a run; see `Tracker`."""
    client, name = MlflowClient(), os.environ.get("MLFLOW_EXPERIMENT_NAME", PROJECT)
    known = client.get_experiment_by_name(name)
    experiment = known.experiment_id if known else client.create_experiment(name)
    tags = {"folder": str(run.folder), "mlflow.note.content": run.sentence}
    parent = client.create_run(experiment, tags=tags, run_name=run.name).info.run_id
    try:
        last = ((key, 0, value) for key, value in run.scores.items())
        _log(client, parent, run.parameters, last)
        for file in run.files:
            below = file.parent.relative_to(run.folder).as_posix()
            client.log_artifact(parent, str(file), None if below == "." else below)
        for training in run.trainings:
            tags = {MLFLOW_PARENT_RUN_ID: parent, "error": training.error}
            child = client.create_run(experiment, tags=tags, run_name=training.name).info.run_id
            points = [(key, *point) for key, curve in training.steps.items() for point in curve]
            points += [(f"test_{k}", training.end, value) for k, value in training.scores.items()]
            _log(client, child, training.about, points)
            client.set_terminated(child, "FAILED" if training.error else "FINISHED")
    except BaseException:
        client.set_terminated(parent, "FAILED")
        raise
    client.set_terminated(parent)
    return f"{client.tracking_uri}, experiment {name}, run {parent}"


def _log(client: MlflowClient, run: str, parameters: dict[str, str], points: _Points) -> None:
    """Log parameters and metrics in requests that MLflow takes; it knows few signs in a name."""
    now, plain = int(time.time() * 1000), re.compile(r"[^\w./ :-]")
    metrics = [Metric(plain.sub("_", name), value, now, step) for name, step, value in points]
    params = [Param(plain.sub("_", k), v[:LONGEST_VALUE]) for k, v in parameters.items()]
    for start in range(0, len(params), MOST_PARAMETERS):
        client.log_batch(run, params=params[start : start + MOST_PARAMETERS])
    for start in range(0, len(metrics), MOST_METRICS):
        client.log_batch(run, metrics=metrics[start : start + MOST_METRICS])

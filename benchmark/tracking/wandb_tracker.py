"""Weights & Biases: runs in one group, the comparison with the report and one for each training.

They go where its own variables say: WANDB_PROJECT, WANDB_MODE=offline, WANDB_DIR and others.
"""

from __future__ import annotations

import os
from collections import defaultdict
from typing import Any

import wandb

from benchmark.tracking.tracked_run import PROJECT, TrackedRun, TrackedTraining

SECONDS = 30  # to wait for somebody who types a key, or for the server


def track(run: TrackedRun) -> str:
    """Log a run; see `Tracker`."""
    with _begin(run, run.name, "comparison", run.parameters) as logged:
        logged.summary.update({**run.scores, "verdict": run.sentence, "folder": str(run.folder)})
        report = wandb.Artifact(f"report-{logged.id}", type="report")
        for file in run.files:
            report.add_file(str(file), name=file.relative_to(run.folder).as_posix())
        logged.log_artifact(report)
        where = str(logged.dir) if logged.offline else str(logged.url)
    for training in run.trainings:
        with _begin(run, training.name, "training", training.about) as logged:
            for step, values in sorted(_by_step(training).items()):
                logged.log(values, step=step)
            logged.summary.update({f"test_{name}": v for name, v in training.scores.items()})
            if training.error:
                logged.summary["error"] = training.error
    return where


def _begin(run: TrackedRun, name: str, kind: str, config: dict[str, Any]) -> wandb.Run:
    return wandb.init(
        project=os.environ.get("WANDB_PROJECT", PROJECT),
        group=f"{run.name} {run.digest[:8]}",
        name=name,
        job_type=kind,
        config=config,
        reinit="finish_previous",
        settings={"login_timeout": SECONDS, "init_timeout": SECONDS, "silent": True},
    )


def _by_step(training: TrackedTraining) -> dict[int, dict[str, float]]:
    """Return the values of each step: a step is logged once."""
    steps: dict[int, dict[str, float]] = defaultdict(dict)
    for name, curve in training.steps.items():
        for step, value in curve:
            steps[step][name] = value
    return steps

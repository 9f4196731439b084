"""TensorBoard: a folder of events for each training, in the folder ``tensorboard`` of the run.

TensorBoard keeps no files: the report stays where it is, and its verdict and place are a text.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from benchmark.storage.file_names import file_stem
from benchmark.tracking.tracked_run import TrackedRun

FOLDER = "tensorboard"


def track(run: TrackedRun) -> str:
    """Log a run in place of an earlier log of it; see `Tracker`."""
    folder = run.folder / FOLDER
    if folder.is_symlink():
        raise ValueError(f"{folder} is a link, which is not followed; remove it")
    shutil.rmtree(folder, ignore_errors=True)
    with SummaryWriter(str(folder / "comparison")) as writer:
        for name, value in run.scores.items():
            writer.add_scalar(name, value, 0)
        writer.add_text("verdict", run.sentence)
        writer.add_text("settings", _table(run.parameters))
        writer.add_text("report", "\n".join(f"- {_relative(file, run)}" for file in run.files))
    for training in run.trainings:
        with SummaryWriter(str(folder / file_stem(training.name))) as writer:
            for name, curve in training.steps.items():
                for step, value in curve:
                    writer.add_scalar(name, value, step)
            for name, value in training.scores.items():
                writer.add_scalar(f"test/{name}", value, training.end)
            writer.add_text("parameters", _table(training.about))
            if training.error:
                writer.add_text("error", training.error)
    return str(folder)


def _relative(file: Path, run: TrackedRun) -> str:
    return file.relative_to(run.folder).as_posix()


def _table(values: dict[str, str]) -> str:
    """Return a table in markdown, which TensorBoard shows."""
    rows = "".join(f"\n| {name} | {value} |" for name, value in values.items())
    return f"| name | value |\n| --- | --- |{rows}"

"""Logs a finished run to trackers, each once; what fails there costs the run nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path

from benchmark.analysis.comparison import Comparison
from benchmark.storage.json_file import read_json, write_json
from benchmark.system.error_text import error_text
from benchmark.system.progress import Progress
from benchmark.tracking.tracked_run import TrackedRun, Tracker, read_tracked_run

LOGGED = "tracked.json"  # in the folder of the run: tracker -> digest of what was logged


def log_run(
    comparison: Comparison,
    reports: Mapping[str, Path],
    sentence: str,
    trackers: Iterable[str],
    progress: Progress,
) -> None:
    """Log a run to trackers, by their names, unless it was logged with the same numbers."""
    names = list(dict.fromkeys(trackers))
    if not names:
        return
    run = read_tracked_run(comparison, reports.values(), sentence)
    for name in names:
        progress.say(_log(run, name))


def _log(run: TrackedRun, name: str) -> str:
    """Log a run to one tracker; return a sentence."""
    try:
        logged = read_json(run.folder / LOGGED) or {}
        if logged.get(name) == run.digest:
            return f"{name}: nothing new; these results were logged before"
        where = _tracker(name)(run)
        logged.pop("sha256", None)
        write_json(run.folder / LOGGED, {**logged, name: run.digest})
    except Exception as error:  # a server that is away, a full disk
        return (
            f"note: {name} has not logged the run: {error_text(error)}. The run is whole, and the "
            "same command tries again"
        )
    return f"{name}: logged to {where}"


def _tracker(name: str) -> Tracker:
    tracker: Tracker = import_module(f"benchmark.tracking.{name}_tracker").track
    return tracker

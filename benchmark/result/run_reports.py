"""The reports of many runs, several at a time: each takes a second or more of one core."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from joblib import Parallel, cpu_count, delayed

from benchmark.analysis.comparison import Comparison
from benchmark.report import write_report
from benchmark.system.processes import following_workers, start_tracker
from benchmark.system.progress import NullProgress, Progress

FEW = 6  # reports that this process writes: others take seconds to start

Reports = dict[str, Path]  # files of a report, by kind


def write_reports(
    runs: Mapping[str, Comparison], progress: Progress | None = None
) -> dict[str, Reports]:
    """Write the reports of runs, and return what `write_report` does, by the names of the runs.

    The files are those that are written one after the other.
    """
    if not runs:
        return {}
    written = dict[str, Reports]()
    with (progress or NullProgress()).task("reports of runs", len(runs), "report") as advance:
        for name, reports in _write(runs):
            written[name] = reports
            advance(1)
    return written


def _write(runs: Mapping[str, Comparison]) -> Iterator[tuple[str, Reports]]:
    processes = min(cpu_count(), len(runs))
    if len(runs) <= FEW or processes == 1:
        yield from (_write_one(name, run) for name, run in runs.items())
        return
    start_tracker()
    parallel = Parallel(n_jobs=processes, return_as="generator_unordered", **following_workers())
    yield from parallel(delayed(_write_one)(name, run) for name, run in runs.items())


def _write_one(name: str, run: Comparison) -> tuple[str, Reports]:
    return name, write_report(run)

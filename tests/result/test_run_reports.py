"""The reports of many runs: the same files, whether one or several are written at a time."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

import pytest

import benchmark
from benchmark.analysis.sweep import load_sweep
from benchmark.result import run_reports
from benchmark.system.processes import end_workers
from benchmark.system.progress import NullProgress
from tests.report.sweep.sweeps import grid_folder

AXES = {"fine_tune": ("head", "half"), "lr": ("0.1", "1")}


class Counter(NullProgress):
    """Progress that counts."""

    done = 0

    @contextmanager
    def task(self, name, total, unit):
        self.total = total

        def advance(units: int) -> None:
            self.done += units

        yield advance


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    how = {"strategies": ["no_change"], "classes": ("a", "b"), "images": 90}
    return grid_folder(tmp_path_factory.mktemp("grid"), AXES, **how)


def test_every_report_is_written_and_counted(folder, monkeypatch):
    steps = []
    of_all = benchmark.result.sweep.write_sweep_report
    monkeypatch.setattr(
        "benchmark.result.sweep.write_sweep_report", lambda own: steps.append("all") or of_all(own)
    )
    monkeypatch.setattr(
        "benchmark.result.run_reports.write_report",
        lambda run: steps.append(run.folder.name) or {"html": run.folder / "report.html"},
    )
    progress = Counter()
    result = benchmark.load(folder, progress=progress)
    assert steps == ["all", *(run.folder.name for run in result.comparison.runs)]
    assert (progress.done, progress.total) == (4, 4)
    assert result.runs["fine-tune=half,lr=1"].reports["html"].parent.name == "fine-tune=half,lr=1"


def test_processes_write_the_same_files(folder, tmp_path, monkeypatch):
    runs = load_sweep(folder).runs[:2]
    files = []
    for few in (0, 2):
        monkeypatch.setattr(run_reports, "FEW", few)
        own = {k: replace(run, folder=tmp_path / f"{few}-{k}") for k, run in enumerate(runs)}
        written = run_reports.write_reports(own)
        files.append([(n, own[n].folder / "report.html") for n in own])
        assert {n: reports["html"] for n, reports in written.items()} == dict(files[-1])
    end_workers()
    first, second = ([(n, file.read_bytes()) for n, file in own] for own in files)
    assert first == second

"""The folder of a sweep: each run in a folder of its own, and a report on all.

::

    sweep.json                      which settings, which values: `SweepManifest`
    forum/ strong/                  ordinary runs, see `RunFolder`
    report.html report.md *.csv figures/

As in the folder of a run no link is followed, and sweep.json names no folder elsewhere.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from benchmark.execution.run_folder import (
    GRID,
    STUDY_FILE,
    SWEEP_FILE,
    RunFolder,
    why_links,
)
from benchmark.execution.run_place import why_no_folder
from benchmark.plan.experiment import Experiment
from benchmark.plan.settings import settings_of
from benchmark.plan.sweep import Sweep, title_of, value_name
from benchmark.storage.stored_file import DAMAGED, DamagedFileError, is_there
from benchmark.storage.typed_json import REPAIR, SCHEMA_VERSION, read, write
from benchmark.system.text import first_names, join_names

FILES = ("report.html", "report.md", "figures")
BY_COMMAND = (
    "it is written anew from this command; values that it had before come back when they are asked "
    "for, without training"
)


@dataclass(frozen=True)
class SweepRunInfo:
    """One run of a sweep."""

    values: tuple[str, ...]  # the name of its value of each setting
    folder: str  # the name of its folder


@dataclass(frozen=True, kw_only=True)
class SweepManifest:
    """Which settings a sweep gives several values, and where the runs are."""

    schema_version: int = SCHEMA_VERSION
    settings: tuple[str, ...]  # like ("fine_tune", "label_noise")
    runs: tuple[SweepRunInfo, ...]  # in the order of the report


@dataclass(frozen=True)
class SweepFolder:
    """Reading and writing of a sweep's own files."""

    path: Path

    @property
    def file(self) -> Path:
        """What the sweep is."""
        return self.path / SWEEP_FILE

    @property
    def exists(self) -> bool:
        """Whether the folder holds a sweep."""
        return is_there(self.file)

    def read(self) -> SweepManifest:
        """Return what the sweep is; FileNotFoundError without one, DamagedFileError if damaged."""
        if not self.exists:
            raise FileNotFoundError(
                f"{self.path} holds no sweep: there is no {SWEEP_FILE} in it. Run the command "
                "again: what is stored is not trained again"
            )
        manifest = read(SweepManifest, self.file)
        known = settings_of(Experiment)
        if not manifest.settings or not all(name in known for name in manifest.settings):
            raise DamagedFileError(self.file, "it names no setting of a run", REPAIR)
        if any(len(run.values) != len(manifest.settings) for run in manifest.runs):
            raise DamagedFileError(self.file, "a run lacks a value of a setting", REPAIR)
        # a folder elsewhere would get reports
        names = [run.folder for run in manifest.runs]
        if any(name in ("", "..") or Path(name).name != name for name in names):
            raise DamagedFileError(self.file, "it names a folder that is not in its own", REPAIR)
        return manifest

    def damaged_files(self) -> list[DamagedFileError]:
        """Return what is damaged of the sweep's own files; the remedy says how it is mended."""
        try:
            if self.exists:
                self.read()
        except DamagedFileError as error:
            return [DamagedFileError(error.file, error.reason, BY_COMMAND)]
        return []

    def write(self, sweep: Sweep) -> None:
        """Write what the sweep is; runs that it has had before stay."""
        runs = {
            run.values: SweepRunInfo(run.values, sweep.folders[n]) for n, run in sweep.runs.items()
        }
        stored = {run.values: run for run in self.read().runs} if self.exists else {}
        if not stored.keys() <= runs.keys():
            runs = stored | runs
            # run by run, the last setting changes first: values in the order in which they came
            known = [list(dict.fromkeys(values)) for values in zip(*runs, strict=True)]
            order = {v: [o.index(x) for o, x in zip(known, v, strict=True)] for v in runs}
            runs = {values: runs[values] for values in sorted(runs, key=order.__getitem__)}
        write(self.file, SweepManifest(settings=sweep.settings, runs=tuple(runs.values())))

    def locked(self) -> AbstractContextManager[None]:
        """Hold the lock of the folder, as `RunFolder.locked` does."""
        return RunFolder(self.path).locked()

    def reason_against(self, sweep: Sweep) -> str:
        """Return why a sweep must not go here; '' if it may."""
        if reason := why_no_folder(self.path, sweep.first.data):
            return reason
        if reason := why_links(self.path, sweep.folders.values()):
            return reason
        if is_there(RunFolder(self.path).run_file):
            return f"{self.path} holds a single run"
        if self.damaged_files():
            return ""  # it is written anew
        if self.exists:
            settings = self.read().settings
            return "" if settings == sweep.settings else self._what(settings)
        if is_there(self.file.with_name(SWEEP_FILE + DAMAGED)):
            return ""
        if is_there(self.path / STUDY_FILE):
            return f"{self.path} holds a study; its runs are in {self.path / GRID}"
        foreign = [name for name in FILES if (self.path / name).exists()]
        foreign += sorted(file.name for file in self.path.glob("*.csv"))
        if foreign:
            return f"{self.path} holds {first_names(foreign, 3)} of no sweep"
        return ""

    def reason_against_run(self, experiment: Experiment) -> str:
        """Return why a single run must not go here, and where the run of these values is."""
        if self.damaged_files():
            return f"{self.path} holds a sweep of several runs"
        manifest = self.read()
        values = tuple(value_name(getattr(experiment, name)) for name in manifest.settings)
        folders = [self.path / run.folder for run in manifest.runs if run.values == values]
        own = (
            f"its run with these values is in {folders[0]}"
            if folders
            else "none of its runs has these"
        )
        return f"{self._what(manifest.settings)}; {own}"

    def _what(self, settings: tuple[str, ...]) -> str:
        titles = join_names(list(map(title_of, settings)))
        have = "has several values" if len(settings) == 1 else "have several values each"
        return f"{self.path} holds a sweep of {titles}, which {have}"

"""The folder of a run: which file holds what, and reading and writing of most of its JSON files.

::

    run.json                settings, data, weights, hardware and versions: `RunManifest`
    splits/seed0.json       files and labels of the three splits: `SplitManifest`
    records/NAME.seed0.json one strategy and seed: predictions, metrics, cost, or its error; NAME
                            ends with a digest of the strategy's whole name
    outputs/KEY.safetensors logits and features of one trained network, see `OutputStore`
    networks/KEY.safetensors  what training changed of a network that is kept, see `NetworkStore`
    cost.json               seconds of the last run, by task, and its memory
    more_images.json        learning curves of the classes: `ClassCurves`
    states/                 trainings under way, and why some failed; gone when all are done
    report.html report.md verdict.json *.csv figures/
    gallery.html            images of the data, with what is predicted of them
    tracked.json            what was logged to which tracker
    tensorboard/            what was logged to TensorBoard
    .lock .owner            held by the run that is at work, see `folder_lock`
    *.damaged               what was not what a run had written, and was made again

No link in the folder is followed, so nothing outside is read, emptied or removed. The folder itself
may be one.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.execution import folder_lock
from benchmark.execution.manifest_schema import RunCost, RunManifest, SplitManifest
from benchmark.execution.record_schema import ErrorInfo, FailedRecord, Record
from benchmark.storage.atomic import remove_leftovers
from benchmark.storage.file_names import file_stem
from benchmark.storage.stored_file import DAMAGED, DamagedFileError, is_link, is_there
from benchmark.storage.typed_json import REPAIR, from_object, read, read_object, write
from benchmark.storage.unreadable import require_readable
from benchmark.storage.unwritable import OTHER_OUT, working_in
from benchmark.system.text import first_names

MOST_NAMED = 3  # runs
GRID = "grid"  # the sweep in the folder of a study, see `StudyFolder`
STUDY_FILE = "study.json"  # in the folder of a study
SWEEP_FILE = "sweep.json"  # in the folder of a sweep, which holds runs, see `SweepFolder`
KEY_LENGTH = 20  # characters of a key in a file's name
FOLDERS = ("splits", "records", "outputs", "networks", "states", "figures")
TABLES = (
    *("audit", "class_changes", "class_images", "confusion", "costs", "coverage", "curves"),
    *("diagnoses", "intervals", "left_out", "more_images", "paired", "per_class", "posthoc"),
    *("predictions", "recalls", "reliability", "seeds", "selected_images", "summary"),
    *("training_effects", "tuning", "wrong_labels"),
)
PAGES = ("gallery.html", "report.html", "report.md")
JSON_FILES = ("cost.json", "more_images.json", "verdict.json")
FILES = (*JSON_FILES, *PAGES, *(f"{name}.csv" for name in TABLES))


@dataclass(frozen=True)
class RunFolder:
    """Paths in the folder of a run, and reading and writing of its typed files."""

    path: Path

    @property
    def run_file(self) -> Path:
        """The manifest of the run."""
        return self.path / "run.json"

    def split_file(self, seed: int) -> Path:
        """The splits of one seed."""
        return self.path / "splits" / f"seed{seed}.json"

    def record_file(self, strategy: str, seed: int) -> Path:
        """The record of one strategy and seed."""
        return self.path / "records" / f"{file_stem(strategy)}.seed{seed}.json"

    def outputs_manifest_file(self, key: str) -> Path:
        """The `OutputsManifest` of the network `key`."""
        return self.path / "outputs" / f"{key[:KEY_LENGTH]}.json"

    @property
    def cost_file(self) -> Path:
        """The `RunCost` of the last run."""
        return self.path / "cost.json"

    @property
    def gallery_file(self) -> Path:
        """The page with images of the data, see `RunImages`."""
        return self.path / "gallery.html"

    def error_file(self, key: str) -> Path:
        """Why the segment that leads to `key` failed."""
        return self._state(key, "error.json")

    def state_file(self, key: str) -> Path:
        """The state of a training that other segments continue."""
        return self._state(key, "safetensors")

    def partial_file(self, key: str) -> Path:
        """The state of a segment under way."""
        return self._state(key, "partial.safetensors")

    def heartbeat_file(self, key: str) -> Path:
        """Who trains a segment, and how far it is; see `Heartbeat`."""
        return self._state(key, "steps")

    @property
    def segments_file(self) -> Path:
        """Which segments a run trains, see `SegmentList`."""
        return self.path / "states" / "segments.json"

    def trace_file(self, key: str) -> Path:
        """Is there while the process of the run trains the segment itself, see `traced`."""
        return self._state(key, "running")

    @property
    def stop_file(self) -> Path:
        """Asks the workers in processes of their own to save and end."""
        return self.path / "states" / "stop"

    def _state(self, key: str, suffix: str) -> Path:
        return self.path / "states" / f"{key[:KEY_LENGTH]}.{suffix}"

    # ---- typed files -------------------------------------------------------------------------

    def read_manifest(self) -> RunManifest:
        """Return the manifest; FileNotFoundError without a run, ValueError if it is damaged."""
        self.require_open(("splits", "records"))  # more is not read for a report
        if not is_there(self.run_file):
            for grid, what in ((self.path, "sweep"), (self.path / GRID, "study")):
                if is_there(grid / SWEEP_FILE):
                    runs = sorted(str(file.parent) for file in grid.glob("*/run.json"))
                    raise FileNotFoundError(
                        f"{self.path} holds a {what} of several runs, of which `report` takes all; "
                        f"give a single one: {first_names(runs, MOST_NAMED)}"
                    )
            raise FileNotFoundError(
                f"{self.path} holds no run: there is no run.json in it, which `run` writes once "
                "all images are decoded. Give the folder that `run` named as its report's, like "
                "results/wheels-forum"
            )
        return read(RunManifest, self.run_file)

    def write_manifest(self, manifest: RunManifest) -> None:
        """Write run.json."""
        write(self.run_file, manifest)

    def read_split(self, seed: int, sha256: str | None = None) -> SplitManifest:
        """Return the splits of one seed.

        DamagedFileError if they are damaged or missing, or have another hash than `sha256`, that
        of the manifest.
        """
        file = self.split_file(seed)
        try:
            content = read_object(file)
        except FileNotFoundError:
            raise DamagedFileError(file, "it is missing", REPAIR) from None
        if sha256 not in (None, content["sha256"]):
            raise DamagedFileError(file, "it holds other splits than run.json names", REPAIR)
        return from_object(SplitManifest, content, file)

    def write_split(self, seed: int, split: SplitManifest) -> str:
        """Write the splits of one seed; return the hash that the file carries."""
        return write(self.split_file(seed), split)

    def read_record(self, strategy: str, seed: int) -> Record | FailedRecord | None:
        """Return a record, None if there is none.

        DamagedFileError if it is damaged, or that of another strategy or seed; another ValueError
        if it is of another version.
        """
        file = self.record_file(strategy, seed)
        try:
            content = read_object(file)
        except FileNotFoundError:
            return None
        kind: Any = FailedRecord if content.get("status") == "failed" else Record
        record: Record | FailedRecord = from_object(kind, content, file)
        if (record.strategy, record.seed) != (strategy, seed):
            whose = f"{record.strategy}, seed {record.seed}"
            raise DamagedFileError(file, f"it holds the record of {whose}", REPAIR)
        return record

    def write_record(self, record: Record | FailedRecord) -> None:
        """Write a record."""
        write(self.record_file(record.strategy, record.seed), record)

    def read_error(self, key: str) -> ErrorInfo | None:
        """Return why the segment that leads to `key` failed; None if it did not."""
        try:
            return read(ErrorInfo, self.error_file(key))
        except FileNotFoundError:
            return None
        except DamagedFileError as error:  # that it failed is known
            return ErrorInfo(str(error), "", by_machine=True)  # each run tries again

    def write_error(self, key: str, error: ErrorInfo) -> None:
        """Write down why the segment that leads to `key` failed."""
        write(self.error_file(key), error)

    def write_cost(self, cost: RunCost) -> None:
        """Write what the last run in the folder took."""
        write(self.cost_file, cost)

    def require_open(self, names: Iterable[str] = FOLDERS) -> None:
        """Raise ValueError if a folder of the run is a link, UnreadableError if one is closed."""
        if reason := why_links(self.path):
            raise ValueError(reason)
        for folder in (self.path / name for name in names):
            if folder.is_dir():
                require_readable(folder)

    def foreign_files(self) -> list[str]:
        """Return what a run would write over or remove, of files that no run has made.

        Of a run whose run.json was removed or set aside, or that ended before it was written,
        nothing is foreign.
        """
        if is_there(self.run_file) or self.lost_manifest or self._has_results():
            return []
        used = [name for name in FOLDERS if any((self.path / name).glob("*"))]
        return [f"{name}/" for name in used] + [n for n in FILES if (self.path / n).exists()]

    @property
    def lost_manifest(self) -> bool:
        """Whether a run.json was set aside: which strategies the folder held is not known."""
        return is_there(self.path / f"{self.run_file.name}{DAMAGED}")

    def _has_results(self) -> bool:
        """Return whether there are outputs or splits, by their names and by their content."""
        key = f"[0-9a-f]{{{KEY_LENGTH}}}"
        names = [file.stem for file in (self.path / "outputs").glob("*.safetensors")]
        if any(re.fullmatch(key, name) for name in names):
            return True
        return any(_is_split(file) for file in (self.path / "splits").glob("*.json"))

    # ---- one run at a time -------------------------------------------------------------------

    @contextmanager
    def locked(self, way_out: str = OTHER_OUT) -> Iterator[None]:
        """Hold the lock of the folder; ValueError if it is held, OSError if it can't be written.

        Errors of the folder meanwhile, of a full disk as well, name a path and the way out.
        """
        with folder_lock.locked(self.path, way_out):
            for folder in (self.path, *(self.path / name for name in FOLDERS)):
                if folder == self.path or not folder.is_symlink():
                    remove_leftovers(folder)
            with working_in(self.path, way_out):
                yield

    # ---- cleaning ----------------------------------------------------------------------------

    def keep_records(self, runs: Iterable[tuple[str, int]]) -> None:
        """Remove the records of all other strategies and seeds than those of `runs`.

        They are of a run whose run.json was removed. Their outputs stay, so a run that wants them
        again trains nothing.
        """
        files = {self.record_file(strategy, seed) for strategy, seed in runs}
        for path in set((self.path / "records").glob("*.json")) - files:
            path.unlink()

    def discard_states(self) -> None:
        """Remove the states of trainings; what they led to is stored."""
        for path in (self.path / "states").glob("*"):
            if path.is_symlink() or not path.is_dir():  # a folder is no run's
                path.unlink(missing_ok=True)
        with suppress(OSError):
            (self.path / "states").rmdir()


def _is_split(file: Path) -> bool:
    with suppress(ValueError, FileNotFoundError):
        read(SplitManifest, file)
        return True
    return False


def why_links(path: Path, names: Iterable[str] = FOLDERS) -> str:
    """Return why nothing is read from a folder, or written to it, in which a folder is a link."""
    if link := next((name for name in names if is_link(path / name)), None):
        return f"{path / link} is a link, which no run follows; remove it, or put the folder there"
    return ""

"""The folder of a run: which file holds what. Only this module reads and writes its JSON files.

::

    run.json                settings, data, weights, hardware and versions: `RunManifest`
    splits/seed0.json       files and labels of the three splits: `SplitManifest`
    records/NAME.seed0.json one strategy and seed: predictions, metrics, cost, or its error
    outputs/KEY.safetensors logits and features of one trained network, see `OutputStore`
    cost.json               seconds of the last run, by task, and its memory
    states/                 trainings under way; gone when the run is over
    report.html report.md *.csv figures/
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.execution.manifest_schema import RunCost, RunManifest, SplitManifest
from benchmark.execution.record_schema import ErrorInfo, FailedRecord, Record
from benchmark.execution.typed_json import T, from_json, parse_json, to_json
from benchmark.plan.folder_name import is_same_source
from benchmark.storage.atomic import write_text
from benchmark.storage.lock import acquire

SWEEP_FILE = "sweep.json"  # in the folder of a sweep, which holds runs, see `SweepFolder`
KEY_LENGTH = 20  # characters of a key in a file's name
FOLDERS = ("splits", "records", "outputs", "states", "figures")
TABLES = (
    *("audit", "class_changes", "class_images", "confusion", "curves", "diagnoses", "intervals"),
    *("paired", "per_class", "posthoc", "predictions", "recalls", "reliability", "seeds"),
    *("summary", "training_effects", "tuning"),
)
FILES = ("cost.json", "report.html", "report.md", *(f"{name}.csv" for name in TABLES))


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
        slug = re.sub(r"[^A-Za-z0-9_.=,]", "-", strategy)
        return self.path / "records" / f"{slug}.seed{seed}.json"

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
        """Steps that a worker in a process of its own has done so far."""
        return self._state(key, "steps")

    def _state(self, key: str, suffix: str) -> Path:
        return self.path / "states" / f"{key[:KEY_LENGTH]}.{suffix}"

    # ---- typed files -------------------------------------------------------------------------

    def read_manifest(self) -> RunManifest:
        """Return the manifest; FileNotFoundError without a run, ValueError if it is damaged."""
        if not self.run_file.exists():
            if (self.path / SWEEP_FILE).exists():
                runs = sorted(str(file.parent) for file in self.path.glob("*/run.json"))
                raise FileNotFoundError(
                    f"{self.path} holds a sweep of several runs; give one of {', '.join(runs)}"
                )
            raise FileNotFoundError(
                f"{self.path} holds no run: there is no run.json in it. Give the folder that "
                f"`run` named as its report's, like results/wheels-forum"
            )
        return _read(RunManifest, self.run_file)

    def write_manifest(self, manifest: RunManifest) -> None:
        """Write run.json."""
        _write(self.run_file, manifest)

    def read_split(self, seed: int) -> SplitManifest:
        """Return the splits of one seed; ValueError if the file is damaged."""
        return _read(SplitManifest, self.split_file(seed))

    def write_split(self, seed: int, split: SplitManifest) -> None:
        """Write the splits of one seed."""
        _write(self.split_file(seed), split)

    def read_record(self, strategy: str, seed: int) -> Record | FailedRecord | None:
        """Return a record, None if there is none; ValueError if damaged or of another version."""
        file = self.record_file(strategy, seed)
        if not file.exists():
            return None
        content = parse_json(file.read_text(encoding="utf-8"), file)
        kind: Any = FailedRecord if content.get("status") == "failed" else Record
        return from_json(kind, content, file)

    def write_record(self, record: Record | FailedRecord) -> None:
        """Write a record."""
        _write(self.record_file(record.strategy, record.seed), record)

    def read_error(self, key: str) -> ErrorInfo | None:
        """Return why the segment that leads to `key` failed; None if it did not."""
        file = self.error_file(key)
        return _read(ErrorInfo, file) if file.exists() else None

    def write_error(self, key: str, error: ErrorInfo) -> None:
        """Write down why the segment that leads to `key` failed."""
        _write(self.error_file(key), error)

    def write_cost(self, cost: RunCost) -> None:
        """Write what the last run in the folder took."""
        _write(self.path / "cost.json", cost)

    def foreign_files(self) -> list[str]:
        """Return what a run would write over or remove, of files that no run has made.

        Of a run whose run.json was removed, or that ended before it was written, nothing is
        foreign.
        """
        if self.run_file.exists() or self._has_results():
            return []
        used = [name for name in FOLDERS if any((self.path / name).glob("*"))]
        return [f"{name}/" for name in used] + [n for n in FILES if (self.path / n).exists()]

    def _has_results(self) -> bool:
        """Return whether there are outputs or splits, by their names and by their content."""
        key = f"[0-9a-f]{{{KEY_LENGTH}}}"
        names = [file.stem for file in (self.path / "outputs").glob("*.safetensors")]
        if any(re.fullmatch(key, name) for name in names):
            return True
        try:
            return bool([_read(SplitManifest, f) for f in (self.path / "splits").glob("*.json")])
        except ValueError:
            return False

    # ---- one run at a time -------------------------------------------------------------------

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of the folder; ValueError if it is held, OSError if it can't be written."""
        try:
            release = acquire(self.path / ".lock", wait=False)
        except BlockingIOError:
            raise ValueError(
                f"another run is at work in {self.path}; wait for it, or choose another --out"
            ) from None
        except OSError as error:
            raise OSError(
                f"{self.path} can't be written ({error.strerror}); choose another --out"
            ) from error
        try:
            yield
        finally:
            release()

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
            path.unlink()
        if (self.path / "states").exists():
            (self.path / "states").rmdir()


def _read(kind: type[T], file: Path) -> T:
    return from_json(kind, file.read_text(encoding="utf-8"), file)


def _write(file: Path, value: Any) -> None:
    write_text(file, to_json(value))


def why_no_folder(path: Path, data: Any) -> str:
    """Return why no results of these data can go to `path`, whatever it holds; '' if they can."""
    whole = path.absolute()
    if file := next((p for p in (whole, *whole.parents) if p.is_file()), None):
        return f"{path} can't be a folder, since {file} is a file"
    if is_same_source(data, str(whole)):
        return f"{path} is the folder of the images"
    for inner in (whole, *whole.parents):
        if inner.name in FOLDERS and RunFolder(inner.parent).run_file.exists():
            return f"{path} is a part of the run in {inner.parent}"
    return ""

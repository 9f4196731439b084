"""Reads the files of a run for its report: what is damaged or missing is told, with the way out."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from benchmark.execution.manifest_schema import RunManifest, SplitManifest, StrategyInfo
from benchmark.execution.record_schema import FailedRecord, Record
from benchmark.execution.run_folder import RunFolder
from benchmark.execution.sweep_folder import SweepFolder, SweepManifest
from benchmark.storage.stored_file import DamagedFileError, is_there
from benchmark.system.text import first_names, pluralize

AGAIN = "run the command of this run again: it is made again from what is stored"
NOT_TRAINED = "not trained yet: run the command again"
MOST_NAMED = 3  # files


def read_splits(files: RunFolder, manifest: RunManifest) -> dict[int, SplitManifest]:
    """Return the splits of each seed; DamagedFileError, with the command that writes them anew."""
    try:
        return {s: files.read_split(s, manifest.splits.get(s)) for s in manifest.seeds}
    except DamagedFileError as error:
        raise _with_command(error, manifest) from None


def read_sweep(folder: SweepFolder) -> SweepManifest:
    """Return what a sweep is; DamagedFileError, with the command that writes it anew."""
    try:
        return folder.read()
    except DamagedFileError as error:
        for run in sorted(folder.path.glob("*/run.json")):
            with suppress(ValueError, OSError):  # damaged as well
                error = _with_command(error, RunFolder(run.parent).read_manifest())
        raise error from None


def read_records(
    files: RunFolder, manifest: RunManifest
) -> tuple[list[Record | FailedRecord], list[str]]:
    """Return a record of each strategy and seed, and what the reader must know of these files.

    One that is missing or damaged counts as failed, one of another network as not trained yet.
    """
    records: list[Record | FailedRecord] = []
    missing: list[Path] = []
    damaged: list[Path] = []
    for strategy in manifest.strategies:
        for seed in manifest.seeds:
            try:
                record = files.read_record(strategy.name, seed)
            except DamagedFileError as error:
                damaged.append(error.file)
                text = f"the record is damaged ({error.file}: {error.reason}); {AGAIN}"
                record = _failed(strategy, seed, text)
            if record is None and is_there(files.outputs_manifest_file(strategy.networks[seed])):
                file = files.record_file(strategy.name, seed)
                missing.append(file)
                record = _failed(strategy, seed, f"the record is missing ({file}); {AGAIN}")
            if record is None or record.network != strategy.networks[seed]:
                record = _failed(strategy, seed, NOT_TRAINED)
            records.append(record)
    return records, [*_notices(damaged, "damaged"), *_notices(missing, "missing")]


def _failed(strategy: StrategyInfo, seed: int, error: str) -> FailedRecord:
    network = strategy.networks[seed]
    return FailedRecord(strategy=strategy.name, seed=seed, network=network, error=error)


def _notices(paths: list[Path], what: str) -> Iterable[str]:
    if paths:
        number = pluralize(len(paths), f"record is {what}", f"records are {what}")
        names = first_names([path.name for path in paths], MOST_NAMED)
        yield f"{number}, so a row here lacks its numbers: {names}. To get them, {AGAIN}."


def _with_command(error: DamagedFileError, manifest: RunManifest) -> DamagedFileError:
    """Return the error with the command line that mends it, where it is known."""
    lines = (manifest.command or "").splitlines()
    if not lines:
        return error
    remedy = f"Run this again, which sets the file aside and writes it anew: {lines[-1]}"
    return DamagedFileError(error.file, error.reason, remedy)

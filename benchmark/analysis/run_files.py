"""Reads the files of a run for its report: what is damaged or missing is told, with the way out."""

import shlex
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from benchmark.execution.manifest_schema import RunManifest, SplitManifest, StrategyInfo
from benchmark.execution.record_schema import FailedRecord, Record
from benchmark.execution.run_folder import RunFolder
from benchmark.execution.sweep_folder import SweepFolder, SweepManifest
from benchmark.storage.stored_file import DamagedFileError, is_there
from benchmark.storage.unreadable import UnreadableError
from benchmark.system.text import first_names, pluralize

NOT_TRAINED = "not trained yet: run the command again"
MOST_NAMED = 3  # files


def read_splits(files: RunFolder, manifest: RunManifest) -> dict[int, SplitManifest]:
    """Return the splits of each seed; DamagedFileError, with the command that writes them anew."""
    try:
        names: dict[str, str] = {}
        return {
            seed: files.read_split(seed, manifest.splits.get(seed)).sharing(names)
            for seed in manifest.seeds
        }
    except DamagedFileError as error:
        raise _with_command(error, files, manifest) from None


def read_sweep(folder: SweepFolder) -> SweepManifest:
    """Return what a sweep is; DamagedFileError, with the command that writes it anew."""
    try:
        return folder.read()
    except DamagedFileError as error:
        for file in sorted(folder.path.glob("*/run.json")):
            with suppress(ValueError, OSError):  # damaged as well
                run = RunFolder(file.parent)
                error = _with_command(error, run, run.read_manifest())
        raise error from None


class _Lack(NamedTuple):
    """A record whose numbers a report lacks."""

    file: Path
    what: str  # a sentence's end: "is damaged"
    error: str  # what the row says
    remedy: str


def read_records(
    files: RunFolder, manifest: RunManifest
) -> tuple[list[Record | FailedRecord], list[str]]:
    """Return a record of each strategy and seed, and what the reader must know of these files.

    One that is missing, damaged, of another run or can't be read counts as failed, one of an
    earlier network as not trained yet.
    """
    records: list[Record | FailedRecord] = []
    lacks: list[_Lack] = []
    again = (
        f"run the command of this run again, with --out {place_of_run(files, manifest)}: it is "
        "made again from what is stored"
    )
    for strategy in manifest.strategies:
        for seed in manifest.seeds:
            record = _read_record(files, strategy, seed, again)
            if isinstance(record, _Lack):
                lacks.append(record)
                record = _failed(strategy, seed, record.error)
            records.append(record)
    return records, list(_notices(lacks))


def _read_record(
    files: RunFolder, strategy: StrategyInfo, seed: int, again: str
) -> Record | FailedRecord | _Lack:
    """Return a record, a failure for one that is not trained yet, or why it has no numbers."""
    file, network = files.record_file(strategy.name, seed), strategy.networks[seed]

    def lack(what: str, reason: str = "") -> _Lack:
        return _Lack(file, what, f"the record {what} ({file}{reason}); {again}", again)

    try:
        record = files.read_record(strategy.name, seed)
    except DamagedFileError as error:
        return lack("is damaged", f": {error.reason}")
    except UnreadableError as error:
        return _Lack(file, "can't be read", str(error), "do what the row says")
    if record is not None and record.network == network:
        return record
    is_trained = is_there(files.outputs_manifest_file(network))
    if record is None and is_trained:
        return lack("is missing")
    if record is None:
        return _failed(strategy, seed, NOT_TRAINED)
    # the outputs of an earlier network stay, see `RunFolder.keep_records`
    if isinstance(record, Record) and not is_there(files.outputs_manifest_file(record.network)):
        return lack("is another run's", ": the folder has no outputs of its network")
    if is_trained:
        return lack("is out of date", ": it is of an earlier network")
    others = f"{file} is of another network: an earlier one, or run.json is another run's"
    return _failed(strategy, seed, f"{NOT_TRAINED} ({others})")


def place_of_run(files: RunFolder, manifest: RunManifest) -> Path:
    """Return what --out is for the command of a run where its folder is now.

    Of a run of a sweep it is the folder of the sweep, unless the command was given for the run.
    """
    words = _words(_last_command(manifest))
    own = words[words.index("--out") + 1] if "--out" in words[:-1] else ""
    sweep = SweepFolder(files.path.parent)
    return sweep.path if sweep.exists and Path(own).name != manifest.name else files.path


def _failed(strategy: StrategyInfo, seed: int, error: str) -> FailedRecord:
    network = strategy.networks[seed]
    return FailedRecord(strategy=strategy.name, seed=seed, network=network, error=error)


def _notices(lacks: list[_Lack]) -> Iterator[str]:
    for what in dict.fromkeys(lack.what for lack in lacks):
        same = [lack for lack in lacks if lack.what == what]
        plural = what.replace("is ", "are ", 1)
        number = pluralize(len(same), f"record {what}", f"records {plural}")
        names = first_names([lack.file.name for lack in same], MOST_NAMED)
        yield f"{number}, so a row here lacks its numbers: {names}. To get them, {same[0].remedy}."


def _with_command(
    error: DamagedFileError, files: RunFolder, manifest: RunManifest
) -> DamagedFileError:
    """Return the error with the command line that mends it, where it is known."""
    command = _last_command(manifest)
    if not command:
        return error
    words, out = _words(command), str(place_of_run(files, manifest))
    if "--out" in words[:-1]:  # where the run was made; it may have been moved or copied
        words[words.index("--out") + 1] = out
    else:
        words += ["--out", out]
    remedy = f"Run this again, which sets the file aside and writes it anew: {shlex.join(words)}"
    return DamagedFileError(error.file, error.reason, remedy)


def _last_command(manifest: RunManifest) -> str:
    return ((manifest.command or "").splitlines() or [""])[-1]


def _words(command: str) -> list[str]:
    """Return the words of a command line, with --out=DIR as two."""
    try:
        words = shlex.split(command)
    except ValueError:  # it was cut, or no shell's
        words = command.split()
    pairs = (["--out", w[6:]] if w.startswith("--out=") else [w] for w in words)
    return [word for pair in pairs for word in pair]

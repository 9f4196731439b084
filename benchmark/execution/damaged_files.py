"""What is damaged in the folder of a run: it is named and set aside, so that a run makes it again.

A file that is missing is made again from what it was made of, so nothing else is needed. Outputs
are looked at where they are used, see `OutputStore.damage`.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmark.execution.manifest_schema import RunManifest
from benchmark.execution.run_folder import FOLDERS, RunFolder
from benchmark.storage.stored_file import DamagedFileError, is_there, set_aside
from benchmark.storage.typed_json import read, read_object

BY_COMMAND = (
    "it is written anew from this command; what the folder holds of other strategies and seeds "
    "comes back when they are asked for, without training"
)
BY_DATA = "it is written anew from the data"
BY_OUTPUTS = "it is made again from the outputs of its network"
BY_TRAINING = "its network is trained again"
BY_RUN = "it is written anew when the run ends"
ANEW = "its files are made again"


def damaged_files(folder: RunFolder) -> list[DamagedFileError]:
    """Return what is damaged in the folder of a run; the remedy says what it is made again from.

    UnreadableError if it can't be known now, since something can't be read.
    """
    folder.require_open()
    damages: list[DamagedFileError] = []
    for name in FOLDERS:
        path = folder.path / name
        if is_there(path) and not path.is_dir():
            damages.append(DamagedFileError(path, "it is no folder", ANEW))
    manifest = None
    with suppress(FileNotFoundError):
        try:
            manifest = read(RunManifest, folder.run_file)
        except DamagedFileError as error:
            damages.append(_with_remedy(error, BY_COMMAND))
        except ValueError:  # of another version, whose folder no run goes to
            return damages
    damages += [_with_remedy(error, BY_DATA) for error in _splits(folder, manifest)]
    damages += [_with_remedy(error, BY_OUTPUTS) for error in _records(folder)]
    states = (folder.path / "states").glob("*.error.json")
    damages += [_with_remedy(error, BY_TRAINING) for error in _unreadable(states)]
    damages += [_with_remedy(error, BY_RUN) for error in _unreadable([folder.cost_file])]
    return damages


def set_aside_all(damages: Iterable[DamagedFileError]) -> list[str]:
    """Set damaged files aside; return a sentence on each, also on those that are missing."""
    notes = []
    for damage in damages:
        try:
            aside = set_aside(damage.file).name
        except FileNotFoundError:
            notes.append(f"{damage.file} is missing; {damage.remedy}")
        else:
            notes.append(
                f"{damage.file} was damaged ({damage.reason}): set aside as {aside}; "
                f"{damage.remedy}"
            )
    return notes


def describe(damage: DamagedFileError) -> str:
    """Return what a run will do about a damaged file."""
    if not is_there(damage.file):
        return f"{damage.file} is missing: {damage.remedy}"
    return f"{damage.file} is damaged ({damage.reason}): `run` sets it aside, and {damage.remedy}"


def _with_remedy(error: DamagedFileError, remedy: str) -> DamagedFileError:
    return DamagedFileError(error.file, error.reason, remedy)


def _splits(folder: RunFolder, manifest: RunManifest | None) -> Iterator[DamagedFileError]:
    files = (folder.path / "splits").glob("*.json")
    hashes = manifest.splits if manifest else {}
    by_file = {folder.split_file(seed): (seed, sha256) for seed, sha256 in hashes.items()}
    yield from _unreadable(file for file in files if file not in by_file)
    for file, (seed, sha256) in by_file.items():
        try:
            if is_there(file):
                folder.read_split(seed, sha256)
        except DamagedFileError as error:
            yield error


def _records(folder: RunFolder) -> Iterator[DamagedFileError]:
    def misplaced(file: Path, content: dict[str, Any]) -> str:
        strategy, seed = str(content.get("strategy")), content.get("seed")
        if isinstance(seed, int) and folder.record_file(strategy, seed) == file:
            return ""
        return f"it holds the record of {strategy}, seed {seed}"

    return _unreadable((folder.path / "records").glob("*.json"), misplaced)


def _unreadable(
    files: Iterable[Path], wrong: Callable[[Path, dict[str, Any]], str] = lambda *_: ""
) -> Iterator[DamagedFileError]:
    """Yield what is damaged of some files; `wrong` says what else is, of one that is whole."""
    for file in files:
        try:
            if reason := wrong(file, read_object(file)):
                yield DamagedFileError(file, reason)
        except DamagedFileError as error:
            yield error
        except (ValueError, FileNotFoundError):  # of another version; gone meanwhile
            continue

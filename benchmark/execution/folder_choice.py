"""Which folder a run goes to: never one that holds what another run, or another program, made."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from benchmark.execution.executor import Executor
from benchmark.execution.extension import stored_strategies
from benchmark.execution.manifest import describe_split
from benchmark.execution.manifest_schema import RunManifest
from benchmark.execution.prepare import PreparedExperiment
from benchmark.execution.run_folder import GRID, STUDY_FILE, SWEEP_FILE, RunFolder
from benchmark.execution.run_identity import differences
from benchmark.execution.run_place import why_no_folder
from benchmark.execution.sweep_folder import SweepFolder
from benchmark.plan.experiment import Experiment
from benchmark.plan.folder_name import default_folder_name, is_same_source
from benchmark.storage.stored_file import DamagedFileError, is_there
from benchmark.storage.unreadable import UnreadableError
from benchmark.system.text import first_names

RESULTS = Path("results")


@dataclass(frozen=True)
class FolderChoice:
    """The folder of a run."""

    folder: RunFolder
    stored: RunManifest | None  # the run that it holds, of the same experiment
    note: str = ""  # why it is not the folder that one would expect


def choose_folder(prepared: PreparedExperiment, out: Path | None, trials: int) -> FolderChoice:
    """Return the folder `out`; without it, one in results/ that is named after the experiment.

    The name gets the data's parent folder before it, or a number behind it, where another
    experiment has the name already. The same experiment finds its own folder again. `trials` are
    those of a search for parameters.

    Raises
    ------
    ValueError
        If `out` holds another experiment, naming what differs, or can't be the folder of a run.
    """
    if out is None:
        return _default_folder(prepared, trials)
    folder = RunFolder(out)
    stored, reason = _look_into(folder, prepared, trials)
    if reason:
        begin_anew = f", or remove {out}" if is_there(folder.run_file) else ""
        raise ValueError(f"{reason}. Choose another --out{begin_anew}")
    return FolderChoice(folder, stored)


def require_place(out: Path, experiment: Experiment) -> None:
    """Raise ValueError if `out` can't be the folder of a run, whatever is stored of it.

    That is known before images are decoded, which can take minutes.
    """
    if reason := _why_no_place(RunFolder(out), experiment):
        raise ValueError(f"{reason}. Choose another --out")


def require_current(executor: Executor, trials: int) -> RunManifest | None:
    """Return the run that the executor's folder, which is locked, holds now.

    Raises
    ------
    ValueError
        If another run has written more into the folder since this one was planned.
    """
    folder, plan = executor.folder, executor.plan
    stored, reason = _look_into(folder, executor.prepared, trials)
    if stored:
        names = {spec.name for spec in stored_strategies(folder, stored)}
        if not (
            set(stored.seeds) <= set(plan.budgets) and names <= {s.name for s in plan.strategies}
        ):
            reason = f"{folder.path} holds more strategies or seeds than when this run was planned"
    if reason:
        raise ValueError(f"{reason}. Another run has been at work there; run the command again")
    return stored


def _why_no_place(folder: RunFolder, experiment: Experiment) -> str:
    """Return why a run in the folder would harm what is no run's; '' if it would not."""
    if reason := why_no_folder(folder.path, experiment.data):
        return reason
    if is_there(folder.path / SWEEP_FILE):
        return SweepFolder(folder.path).reason_against_run(experiment)
    if is_there(folder.path / STUDY_FILE):
        return f"{folder.path} holds a study; its runs are in {folder.path / GRID}"
    if foreign := folder.foreign_files():
        return f"{folder.path} holds {first_names(foreign, 3)} of no run, which a run would replace"
    return ""


def _look_into(
    folder: RunFolder, prepared: PreparedExperiment, trials: int
) -> tuple[RunManifest | None, str]:
    """Return the run of this experiment in a folder, or why this run must not go there."""
    if reason := _why_no_place(folder, prepared.experiment):
        return None, reason
    if not is_there(folder.run_file):
        return None, ""
    try:
        stored = folder.read_manifest()
        different = differences(folder, stored, prepared, trials)
    except DamagedFileError:  # the run writes it anew, if the folder can be its own
        return None, _why_of_others(folder, prepared)
    except UnreadableError:  # it may well be the run of this experiment
        raise
    except (ValueError, OSError) as error:
        return None, str(error)
    if different:
        return None, f"{folder.path} holds another experiment ({'; '.join(different)})"
    return stored, ""


def _why_of_others(folder: RunFolder, prepared: PreparedExperiment) -> str:
    """Return why a folder whose run.json is damaged must be another experiment's; '' if not."""
    for seed in prepared.splits:
        with suppress(ValueError, OSError):  # damaged as well
            if folder.read_split(seed) != describe_split(prepared, seed):
                return (
                    f"{folder.run_file} is damaged, and {folder.split_file(seed)} has other images"
                )
    return ""


def _default_folder(prepared: PreparedExperiment, trials: int) -> FolderChoice:
    experiment = prepared.experiment
    short, long = (default_folder_name(experiment, trials, parent) for parent in (False, True))
    expected = RunFolder(RESULTS / short)
    stored, reason = _look_into(expected, prepared, trials)
    if stored:
        return FolderChoice(expected, stored)
    for folder in _runs_named(short, long):
        if (stored := _look_into(folder, prepared, trials)[0]) is not None:
            return FolderChoice(folder, stored, _note(reason, folder))
    if not reason:
        return FolderChoice(expected, None)
    stem = short if _is_of_same_source(expected, prepared) else long
    folder = next(f for f in numbered(stem) if not _look_into(f, prepared, trials)[1])
    return FolderChoice(folder, None, _note(reason, folder))


def _runs_named(short: str, long: str) -> list[RunFolder]:
    """Return the folders of runs that have one of the names, with a number behind it or not."""
    pattern = rf"({re.escape(short)}|{re.escape(long)})(-\d+)?"
    paths = sorted(RESULTS.iterdir()) if RESULTS.is_dir() else []
    folders = [RunFolder(path) for path in paths if re.fullmatch(pattern, path.name)]
    return [folder for folder in folders if folder.run_file.exists()]


def numbered(name: str) -> Iterator[RunFolder]:
    """Yield the folders NAME, NAME-2, NAME-3 …"""
    yield RunFolder(RESULTS / name)
    for number in count(2):
        yield RunFolder(RESULTS / f"{name}-{number}")


def _is_of_same_source(folder: RunFolder, prepared: PreparedExperiment) -> bool:
    try:
        return is_same_source(folder.read_manifest().data.spec, prepared.images.spec)
    except (ValueError, OSError):
        return False


def _note(reason: str, folder: RunFolder) -> str:
    return f"{reason}; this run goes to {folder.path}" if reason else ""

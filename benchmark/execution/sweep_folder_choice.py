"""Which folder a sweep and its runs go to: never one that holds something else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmark.execution.folder_choice import FolderChoice, choose_folder, numbered
from benchmark.execution.prepare import PreparedExperiment
from benchmark.execution.sweep_folder import SweepFolder
from benchmark.plan.folder_name import default_folder_name
from benchmark.plan.sweep import Sweep
from benchmark.storage.file_names import shortened


def require_place_of_sweep(out: Path, sweep: Sweep) -> None:
    """Raise ValueError if `out` can't be the folder of a sweep."""
    if reason := SweepFolder(out).reason_against(sweep):
        raise ValueError(f"{reason}. Choose another --out")


def choose_sweep_folder(
    sweep: Sweep, prepared: Mapping[str, PreparedExperiment], out: Path | None, trials: int
) -> tuple[SweepFolder, dict[str, FolderChoice]]:
    """Return the folder of a sweep and, by name, those of its runs.

    It is `out`, or else the first in results/ that is free or holds this sweep: it is named after
    the first run and the other values, or several settings, with a number behind it where that is
    taken.

    Raises
    ------
    ValueError
        If `out` holds something else, saying what.
    """
    if out is not None:
        require_place_of_sweep(out, sweep)
        return SweepFolder(out), _run_folders(sweep, prepared, out, trials)
    for path in _default_paths(sweep, trials):
        if not SweepFolder(path).reason_against(sweep):
            try:
                return SweepFolder(path), _run_folders(sweep, prepared, path, trials)
            except ValueError:  # another experiment's: its images or settings are others
                continue
    raise AssertionError("there is always another number")


def _run_folders(
    sweep: Sweep, prepared: Mapping[str, PreparedExperiment], path: Path, trials: int
) -> dict[str, FolderChoice]:
    return {
        name: choose_folder(prepared[name], path / folder, trials)
        for name, folder in sweep.folders.items()
    }


def _default_paths(sweep: Sweep, trials: int) -> Iterator[Path]:
    """Return results/NAME, results/NAME-2, results/NAME-3 …"""
    others = list(sweep.folders.values())[1:]
    by = [setting.replace("_", "-") for setting in sweep.settings]
    rest = f"and-{'-'.join(others)}" if len(by) == 1 else f"by-{'-and-'.join(by)}"
    name = shortened(f"{default_folder_name(sweep.first, trials)}-{rest}")
    return (folder.path for folder in numbered(name))

"""How far all runs of a folder are: of a single run, of a sweep or of a study."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmark.execution import folder_lock
from benchmark.execution.run_folder import GRID, RunFolder
from benchmark.execution.run_status import RunStatus, read_status
from benchmark.execution.sweep_folder import SweepFolder
from benchmark.storage.owner_file import Holder
from benchmark.storage.stored_file import is_there


@dataclass(frozen=True)
class GridStatus:
    """How far the runs of a folder are, and which process carries them out."""

    path: Path
    holder: Holder | None  # None: none is at work
    runs: dict[str, RunStatus]  # by the values of the settings; '': it is a single run

    @property
    def is_grid(self) -> bool:
        """Whether it is a sweep or a study."""
        return "" not in self.runs

    @property
    def is_at_work(self) -> bool:
        """Whether a process carries it out, or trains for it."""
        return self.holder is not None or any(run.is_at_work for run in self.runs.values())


def read_grid_status(path: Path) -> GridStatus:
    """Look how far the runs in a folder are.

    FileNotFoundError if it holds none, DamagedFileError if what it holds is not known.
    """
    for grid in (path / GRID, path):  # the runs of a study are in a folder in its own
        if SweepFolder(grid).exists:
            infos = SweepFolder(grid).read().runs
            runs = {" · ".join(i.values): read_status(RunFolder(grid / i.folder)) for i in infos}
            return GridStatus(path, folder_lock.holder_of(grid), runs)
    status = read_status(RunFolder(path))
    if not (status.holder or is_there(status.folder.run_file)):
        status.folder.read_manifest()  # the error
    return GridStatus(path, status.holder, {"": status})

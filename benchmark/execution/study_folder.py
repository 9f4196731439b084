"""The folder of a study: its grid of runs, and a page with the answers.

::

    study.json                 the question and the values that it is about: `StudyManifest`
    grid/                      a sweep, see `SweepFolder`
    report.html report.md *.csv figures/
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmark.execution.run_folder import GRID, STUDY_FILE, SWEEP_FILE, RunFolder
from benchmark.execution.sweep_folder import SweepFolder
from benchmark.plan.studies import Study
from benchmark.storage.stored_file import DAMAGED, DamagedFileError, is_there
from benchmark.storage.typed_json import SCHEMA_VERSION, read, write
from benchmark.system.text import first_names


@dataclass(frozen=True, kw_only=True)
class StudyManifest:
    """What a study asks."""

    schema_version: int = SCHEMA_VERSION
    name: str
    question: str
    axes: dict[str, tuple[str, ...]]  # setting -> the value that is asked about, and another
    improved: tuple[str, ...]  # settings whose other value should be better

    @property
    def study(self) -> Study:
        """The study, as far as its page needs it."""
        return Study(
            name=self.name,
            question=self.question,
            data="",
            images=0,
            classes=0,
            strategies="",
            axes=self.axes,
            improved=self.improved,
        )


@dataclass(frozen=True)
class StudyFolder:
    """Reading and writing of a study's own file."""

    path: Path

    @property
    def file(self) -> Path:
        """What the study asks."""
        return self.path / STUDY_FILE

    @property
    def grid(self) -> Path:
        """The folder of the sweep."""
        return self.path / GRID

    @property
    def exists(self) -> bool:
        """Whether the folder holds a study."""
        return is_there(self.file)

    def read(self) -> Study:
        """Return what the study asks; FileNotFoundError without, DamagedFileError if damaged."""
        if not self.exists:
            raise FileNotFoundError(
                f"{self.path} holds no study: there is no {STUDY_FILE} in it. The command of the "
                f"study writes it again, and trains nothing again; `report {self.grid}` reports "
                "the grid alone"
            )
        return read(StudyManifest, self.file).study

    def write(self, study: Study) -> None:
        """Write what the study asks."""
        manifest = StudyManifest(
            name=study.name,
            question=study.question,
            axes=dict(study.axes),
            improved=study.improved,
        )
        write(self.file, manifest)

    def reason_against(self, study: Study) -> str:
        """Return why a study must not go here; '' if it may. Its grid is checked by itself."""
        if is_there(RunFolder(self.path).run_file) or is_there(self.path / SWEEP_FILE):
            return f"{self.path} holds a run"
        if self.exists:
            return self._reason_against_question(study)
        if is_there(self.file.with_name(STUDY_FILE + DAMAGED)):
            return ""
        if SweepFolder(self.grid).exists:
            return ""
        foreign = sorted(file.name for file in self.path.glob("*")) if self.path.is_dir() else []
        return f"{self.path} holds {first_names(foreign, 3)} of no study" if foreign else ""

    def _reason_against_question(self, study: Study) -> str:
        """Return that the folder has another study's page; a damaged file is written anew."""
        try:
            stored = self.read()
        except DamagedFileError:
            return ""
        if (stored.name, stored.axes, stored.improved) == (
            study.name,
            dict(study.axes),
            study.improved,
        ):
            return ""
        other = ", of an earlier version with other values" if stored.name == study.name else ""
        return f"{self.path} holds the {stored.title}{other}"

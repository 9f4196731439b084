"""The file more_images.json in the folder of a run: learning curves of its classes, as types.

It is made from data alone, so what is damaged or of another version is made again with the next
run, and a report does without it meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.evaluation.learning_curve.class_curve import ClassCurve
from benchmark.execution.run_folder import RunFolder
from benchmark.storage.typed_json import SCHEMA_VERSION, read, write

FILE = "more_images.json"


@dataclass(frozen=True)
class SeedCurves:
    """The curves of the classes of one seed."""

    seed: int
    fingerprint: str  # of all that they were computed from
    curves: tuple[ClassCurve, ...]  # of classes with training and test images


@dataclass(frozen=True, kw_only=True)
class ClassCurves:
    """The curves of all seeds of a run."""

    schema_version: int = SCHEMA_VERSION
    seeds: tuple[SeedCurves, ...] = ()

    @classmethod
    def read(cls, folder: RunFolder) -> ClassCurves:
        """Return the curves of a run; none where they are missing or can't be used."""
        try:
            return read(cls, folder.path / FILE)
        except (FileNotFoundError, ValueError):
            return cls()

    def write(self, folder: RunFolder) -> None:
        """Write the curves of a run."""
        write(folder.path / FILE, self)

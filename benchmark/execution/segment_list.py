"""Which segments a run trains, as a file, so that other processes can say how far it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.execution.run_folder import RunFolder
from benchmark.storage.typed_json import SCHEMA_VERSION, read, write
from benchmark.storage.unchanged import once_while_unchanged

if TYPE_CHECKING:  # which imports torch
    from benchmark.plan.segments import Segment


@dataclass(frozen=True)
class ListedSegment:
    """A segment without what trains it, see `Segment`."""

    key: str
    strategies: str  # for people: those that need it
    seed: int
    parent: str | None
    start: int
    end: int
    is_final: bool
    has_children: bool

    @property
    def name(self) -> str:
        """For people: the strategies that need it, and the seed."""
        return f"{self.strategies} (seed {self.seed})"

    @property
    def steps(self) -> int:
        """How many it has."""
        return self.end - self.start


@dataclass(frozen=True, kw_only=True)
class SegmentList:
    """The segments that a run has to train, parents first."""

    schema_version: int = SCHEMA_VERSION
    segments: tuple[ListedSegment, ...]


def write_segment_list(folder: RunFolder, segments: Iterable[Segment]) -> None:
    """Write which segments are to be trained; the run removes the file with its states."""
    listed = tuple(
        ListedSegment(
            segment.key,
            " = ".join(segment.used_by),
            segment.seed,
            segment.parent,
            segment.start,
            segment.end,
            segment.is_final,
            segment.has_children,
        )
        for segment in segments
    )
    write(folder.segments_file, SegmentList(segments=listed))


def read_segment_list(folder: RunFolder) -> tuple[ListedSegment, ...]:
    """Return what a run has to train; nothing if it has not come to that, or has ended."""
    try:
        return _read_once(folder.segments_file)
    except (FileNotFoundError, ValueError):
        return ()


def _read(file: Path) -> tuple[ListedSegment, ...]:
    return read(SegmentList, file).segments


_read_once = once_while_unchanged(_read)

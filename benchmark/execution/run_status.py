"""How far a run is, read from its folder by any process on any machine; nothing is written there.

A moment excepted: a file is made and removed to see the clock of the file system.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from benchmark.execution import folder_lock
from benchmark.execution.heartbeat import SECONDS_UNTIL_LOST, Beat, Heartbeat, is_alive
from benchmark.execution.run_folder import RunFolder
from benchmark.execution.segment_list import ListedSegment, read_segment_list
from benchmark.execution.time_left import pace_of, seconds_left
from benchmark.storage.file_clock import file_clock, look_again
from benchmark.storage.owner_file import Holder
from benchmark.storage.stored_file import open_plain
from benchmark.system.progress import format_duration
from benchmark.system.text import pluralize, truncate

MOST_NAMED = 3  # segments in a line
LONGEST_NAME = 40
# of a trained network's manifest, whose rest is long
_PACE = re.compile(rb'"steps":\s?(\d+),\s*"seconds":\s?([0-9.e+-]+)')


class State(StrEnum):
    """What has become of a segment."""

    DONE = "done"
    RUNNING = "running"
    LOST = "lost"  # its worker is not heard of
    FAILED = "failed"
    WAITING = "waiting"


@dataclass(frozen=True)
class SegmentStatus:
    """A segment, what has become of it, and what is known of its worker."""

    segment: ListedSegment
    state: State
    beat: Beat | None = None
    age: float = 0.0  # seconds since the beat
    reason: str = ""  # why it failed: the first line
    waits_for: str = ""  # name of the segment that it goes on from; '': for a worker

    @property
    def share(self) -> float:
        """Which share of its steps is done, 0 to 1."""
        steps = self.beat.steps if self.beat else 0
        return min(1.0, steps / max(1, self.segment.steps))


@dataclass(frozen=True)
class RunStatus:
    """How far a run is."""

    folder: RunFolder
    holder: Holder | None  # the process that carries it out, if that lives
    segments: tuple[SegmentStatus, ...]  # to be trained; () before the training and after the end
    paces: Mapping[str, float]  # seconds a step, by the strategies of a segment

    def in_state(self, state: State) -> list[SegmentStatus]:
        """Return the segments of which this has become."""
        return [segment for segment in self.segments if segment.state is state]

    @property
    def is_at_work(self) -> bool:
        """Whether a process carries it out, or trains for it."""
        return self.holder is not None or bool(self.in_state(State.RUNNING))

    @property
    def report(self) -> Path | None:
        """The report of a run that is over; None if it is at work, or was interrupted."""
        file, ended = self.folder.path / "report.html", (State.DONE, State.FAILED)
        is_over = not self.holder and all(s.state in ended for s in self.segments)
        return file if is_over and file.is_file() else None

    def has_begun(self) -> bool:
        """Return whether a training that waits has saved its state: its job is queued again."""
        waiting = self.in_state(State.WAITING)
        return any(self.folder.partial_file(s.segment.key).is_file() for s in waiting)

    def records(self) -> tuple[int, int]:
        """Return how many records are stored, and how many of these are of failures."""
        files = list((self.folder.path / "records").glob("*.json"))
        return len(files), sum(map(_is_of_failure, files))

    @cached_property
    def seconds_left(self) -> float | None:
        """Until all is trained, if as many are trained at the same time; None: not known."""
        running = self.in_state(State.RUNNING)
        left = [s for s in self.segments if s.state not in (State.DONE, State.FAILED)]
        seconds = {s.segment.key: self._seconds_of(s) for s in left}
        known = {key: taken for key, taken in seconds.items() if taken is not None}
        if not running or len(known) < len(seconds):
            return None
        return seconds_left([s.segment for s in left], known, len(running))

    def _seconds_of(self, status: SegmentStatus) -> float | None:
        """Return how long a segment still takes; what a lost worker did counts as not done.

        Phases of a training have different paces: of one that runs, both its own pace and that of
        one that is done tell how long, and the longer counts.
        """
        segment, beat = status.segment, status.beat
        pace = pace_of(segment, self.paces)
        if status.state is not State.RUNNING or beat is None:
            return None if pace is None else segment.steps * pace
        own = beat.seconds_per_step
        left = [] if own is None else [(segment.steps - beat.steps) * own]
        if pace is not None and (segment.strategies in self.paces or own is None):
            left.append((segment.steps - beat.first_steps) * pace - beat.seconds)
        return max(0.0, max(left) - status.age) if left else None

    def activity(self) -> str:
        """Return a line: how many are done, running where, lost and failed."""
        done, running = self.in_state(State.DONE), self.in_state(State.RUNNING)
        parts = [f"{len(done)} of {pluralize(len(self.segments), 'training', 'trainings')} done"]
        if running:
            parts.append(f"{len(running)} running ({_first_running(running)})")
        numbers = {state: len(self.in_state(state)) for state in (State.LOST, State.FAILED)}
        parts += [f"{number} {state}" for state, number in numbers.items() if number]
        return ", ".join(parts)

    def summary(self) -> str:
        """Return `activity`, and how much time is left."""
        if self.seconds_left is None:
            return self.activity()
        return f"{self.activity()}, about {format_duration(self.seconds_left)} left"


def read_status(folder: RunFolder) -> RunStatus:
    """Look how far the run in a folder is."""
    listed, names = read_segment_list(folder), _names(folder, ("outputs", "states"))
    now = file_clock(folder.segments_file.parent)
    by_key = {segment.key: segment for segment in listed}
    segments = []
    for segment in listed:
        status = _status_of(folder, segment, names, now)
        parent = by_key.get(segment.parent or "")
        if status.state is State.WAITING and parent and not _is_done(folder, parent, names):
            status = SegmentStatus(segment, State.WAITING, waits_for=parent.name)
        segments.append(status)
    return RunStatus(
        folder, folder_lock.holder_of(folder.path), tuple(segments), _paces(folder, segments)
    )


def _is_of_failure(record: Path) -> bool:
    with suppress(OSError, ValueError), open_plain(record) as file:
        return b'"status":"failed"' in file.read(1000).replace(b" ", b"")
    return False


def _first_running(running: Sequence[SegmentStatus]) -> str:
    named = []
    for status in sorted(running, key=lambda s: -s.share)[:MOST_NAMED]:
        host = status.beat.owner.host if status.beat else ""
        name = truncate(status.segment.name, LONGEST_NAME)
        named.append(f"{truncate(host, LONGEST_NAME)}: {name} {status.share:.0%}")
    return ", ".join([*named, "…"] if len(running) > len(named) else named)


def _names(folder: RunFolder, inner: Iterable[str]) -> set[Path]:
    """Return the files in some folders of a run: two questions to a server, not one a segment."""
    files = set[Path]()
    for name in inner:
        with suppress(OSError):
            look_again(folder.path / name)
            files |= set((folder.path / name).iterdir())
    return files


def _is_done(folder: RunFolder, segment: ListedSegment, names: set[Path]) -> bool:
    has_outputs = folder.outputs_manifest_file(segment.key) in names
    has_state = folder.state_file(segment.key) in names
    return (has_outputs or not segment.is_final) and (has_state or not segment.has_children)


def _status_of(
    folder: RunFolder, segment: ListedSegment, names: set[Path], now: float
) -> SegmentStatus:
    if _is_done(folder, segment, names):
        return SegmentStatus(segment, State.DONE)
    if folder.error_file(segment.key) in names:
        error = folder.read_error(segment.key)
        lines = error.error.strip().splitlines() if error else []
        return SegmentStatus(segment, State.FAILED, reason=lines[0] if lines else "")
    file = folder.heartbeat_file(segment.key)
    beat = Heartbeat.read(file) if file in names else None
    if beat is None:
        return SegmentStatus(segment, State.WAITING)
    age = beat.age(now)
    is_heard = is_alive(beat, now) and age < SECONDS_UNTIL_LOST
    return SegmentStatus(segment, State.RUNNING if is_heard else State.LOST, beat, age)


def _paces(folder: RunFolder, segments: Iterable[SegmentStatus]) -> dict[str, float]:
    """Return the seconds a step by the strategies of a segment: of one of those that are done.

    Of those for which none is done, it is measured while they run.
    """
    paces: dict[str, float] = {}
    for status in segments:
        name = status.segment.strategies
        if status.state is State.DONE and status.segment.is_final and name not in paces:
            with suppress(OSError, ValueError, ZeroDivisionError):
                file = folder.outputs_manifest_file(status.segment.key)
                with open_plain(file) as stream:
                    numbers = _PACE.search(stream.read(1000))
                if numbers:
                    paces[name] = float(numbers[2]) / int(numbers[1])
    for status in segments:
        if status.beat and status.beat.seconds_per_step is not None:
            paces.setdefault(status.segment.strategies, status.beat.seconds_per_step)
    return paces

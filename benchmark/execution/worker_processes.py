"""Train segments, and fill stores of activations, in the worker processes of an engine.

A segment begins as soon as the one that it goes on from is trained, see `TaskGraph`. A worker that
is killed costs the segment that it was training, which is tried again. What has become of a segment
is read in the run's folder, so workers may be on other machines.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.engines.engine import Engine
from benchmark.engines.local import LocalEngine
from benchmark.engines.task_graph import Task, TaskGraph
from benchmark.execution import tasks
from benchmark.execution.heartbeat import Heartbeat
from benchmark.execution.record_schema import ErrorInfo
from benchmark.execution.run_status import read_status
from benchmark.execution.states import has_ended
from benchmark.execution.worker import Worker
from benchmark.execution.worker_data import UnfitWorkerError
from benchmark.execution.worker_input import (
    Versions,
    WorkerInput,
    is_written,
    write_segments,
    write_worker,
)
from benchmark.plan.segments import Segment
from benchmark.storage.unwritable import UnwritableError
from benchmark.storage.user_folders import cache_dir
from benchmark.strategy.registry import StrategySpec
from benchmark.system import stopping
from benchmark.system.memory import FULL_BATCH
from benchmark.system.processes import ask_workers_to_end
from benchmark.system.progress import Advance, Progress
from benchmark.system.stopping import Stopped
from benchmark.train.activation_store import ActivationStore

# a worker elsewhere saves by itself: it is not waited for longer than a scheduler waits
SECONDS_TO_STOP = 4.0
SECONDS_BETWEEN_SUMMARIES = 5.0  # they look at the files of all segments
PARTS_OF_A_WORKER = 8  # of images whose activations are computed
# how much longer steps are that send images through the frozen layers again
RECOMPUTING = 5.0


@dataclass
class WorkerProcesses:
    """Worker processes of an engine, for the segments and stores of one `Worker`."""

    worker: Worker
    engine: Engine
    specs_to_record: Callable[[Segment], list[StrategySpec]]
    local_cache: Path | None = None
    jobs_per_gpu: int = 1
    is_left: bool = field(default=False, init=False)  # whether some of it still runs elsewhere
    _written: str = field(default="", init=False)
    _has_workers: bool = field(default=True, init=False)

    @property
    def share_stores(self) -> bool:
        """Whether they use the stores of activations that this process has opened."""
        return self.engine.is_local and self.worker.prepared.device.type == "cpu"

    def input_of(self, segments: Iterable[Segment]) -> WorkerInput:
        """Write what tasks for these segments need to the run's folder; return what names it."""
        folder = self.worker.folder
        by_key = {segment.key: (segment, self.specs_to_record(segment)) for segment in segments}
        return WorkerInput(
            str(folder.path.absolute()),
            self._worker_file(),
            write_segments(folder, by_key),
            Versions.of_this_process(),
            str(cache_dir().absolute()),
            self.engine.is_local,
            None if self.local_cache is None else str(self.local_cache.absolute()),
            self.jobs_per_gpu,
            str(Path.cwd()),
        )

    def _worker_file(self) -> str:
        """Return the hash of what all tasks load, which is written if it is not there."""
        if not (self._written and is_written(self.worker.folder, self._written)):
            self._written = write_worker(self.worker, shares_stores=self.share_stores)
        return self._written

    def fill(
        self,
        forward_pass: str,
        segments: Sequence[Segment],
        indices: NDArray[np.int64],
        progress: Progress,
        advance: Advance,
        store: ActivationStore | None = None,
    ) -> None:
        """Compute rows of a store that all workers share, of images (N,) that the segments read.

        `store` is that store, where it can be seen from here: then `indices` are those it lacks.
        """
        source, parts = self.input_of(segments), self._parts(indices)
        number, left = len(parts), len(indices)
        returned = set[object]()

        def poll(_: Sequence[Task] = ()) -> None:
            nonlocal left
            before, left = left, sum(len(parts[i]) for i in range(number) if i not in returned)
            if store is not None:
                left = len(store.missing(indices))
            advance(before - left)

        def give_up(task: Task, error: BaseException, _: int) -> None:
            progress.say(f"note: {forward_pass} run where they are needed, since {error}")
            returned.add(task.key)

        graph = TaskGraph(
            self.engine,
            lambda task: task.key in returned,
            give_up,
            on_return=lambda task, _: returned.add(task.key),
            on_poll=poll,
            is_final=_is_final,
            is_stopped=stopping.requested,
            # what can't be told: it looks for the stop file when it begins, and meanwhile
            has_begun=lambda _: True,
            seconds_to_stop=SECONDS_TO_STOP,
        )
        try:
            with stopping.postponed(self._ask_to_end):
                graph.run(
                    [
                        Task(i, len(part), tasks.fill_rows, (source, forward_pass, part))
                        for i, part in enumerate(parts)
                    ]
                )
        finally:
            self.is_left = self._is_left(graph)
            if self.is_left:  # as after an error of one of them
                self._ask_to_end()
        poll()

    def _is_left(self, graph: TaskGraph) -> bool:
        return graph.is_left and not isinstance(self.engine, LocalEngine)  # which ends with this

    def _parts(self, indices: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """Return the images of each task of `fill`; of a cluster, several for each worker.

        Its workers differ, come and go, and how far they are is told by the parts that are done.
        """
        slots = self.engine.slots() or 1
        if self.engine.is_local:
            return np.array_split(indices, slots)
        batches = math.ceil(len(indices) / FULL_BATCH)  # a smaller one takes as long
        size = FULL_BATCH * math.ceil(batches / (slots * PARTS_OF_A_WORKER))
        return np.array_split(indices, range(size, len(indices), size))

    def train(self, segments: Sequence[Segment], progress: Progress, advance: Advance) -> list[str]:
        """Train segments, and write the records of the strategies whose networks they are.

        Returns notes for people. UnfitWorkerError if a worker can't train what is planned.
        """
        folder, source, notes = self.worker.folder, self.input_of(segments), list[str]()
        by_key = {segment.key: segment for segment in segments}
        counted = dict.fromkeys(by_key, 0)

        def report(key: str, steps: int) -> None:
            if steps > counted[key]:
                advance(steps - counted[key])
                counted[key] = steps

        since = 0.0

        def poll(running: Sequence[Task]) -> None:
            nonlocal since
            if stopping.requested():
                self._ask_to_end()  # a worker may have been between two trainings
            if not self.engine.is_local and time.monotonic() - since < SECONDS_BETWEEN_SUMMARIES:
                return
            names, since = [], time.monotonic()
            for task in running:
                key = str(task.key)
                if beat := Heartbeat.read(self.worker.folder.heartbeat_file(key)):
                    names.append(by_key[key].name)
                    report(key, beat.steps)
            local = self.engine.is_local
            # the bar beside it has the time that is left
            progress.show_status(", ".join(names) if local else read_status(folder).activity())
            if not stopping.requested():
                self._say_if_without_workers(progress)

        def is_done(task: Task) -> bool:
            segment = by_key[str(task.key)]
            if done := has_ended(folder, segment):
                report(segment.key, segment.end - segment.start)
            return done

        graph = TaskGraph(
            self.engine,
            is_done,
            lambda task, *why: self._give_up(by_key[str(task.key)], *why),
            on_return=lambda _, note: notes.append(str(note or "")),
            on_poll=poll,
            is_final=_is_final,
            is_stopped=stopping.requested,
            has_begun=lambda task: folder.heartbeat_file(str(task.key)).exists(),
            seconds_to_stop=self._seconds_to_stop,
        )
        try:
            with stopping.postponed(self._ask_to_end):
                graph.run([_task(segment, source) for segment in segments])
        except Stopped as stopped:
            stopped.unsaved = stopped.unsaved or max(notes, default="")
            raise
        finally:
            self.is_left = self._is_left(graph)
        return notes

    def _say_if_without_workers(self, progress: Progress) -> None:
        has_workers = self.engine.slots() != 0
        if self._has_workers and not has_workers:
            progress.say(f"note: {self.engine.name} has no worker left; the run waits for new ones")
        self._has_workers = has_workers

    @property
    def _seconds_to_stop(self) -> float:
        return float("inf") if self.engine.is_local else SECONDS_TO_STOP

    def _ask_to_end(self) -> None:
        """Let the workers save and end; those that hear nothing are ended a little later."""
        try:
            self.worker.folder.stop_file.touch()
        except OSError:  # a full disk
            ask_workers_to_end()

    def _give_up(self, segment: Segment, error: BaseException, attempts: int) -> None:
        info = ErrorInfo.from_exception(error)
        with suppress(OSError):  # a full disk: its records say that there are no outputs
            self.worker.folder.write_error(segment.key, info.after_attempts(attempts))


def _task(segment: Segment, source: WorkerInput) -> Task:
    length = (segment.end - segment.start) * (RECOMPUTING if segment.recomputes_activations else 1)
    return Task(segment.key, length, tasks.train_segment, (source, segment.key), segment.parent)


def _is_final(error: BaseException) -> bool:
    return isinstance(error, UnwritableError | UnfitWorkerError)

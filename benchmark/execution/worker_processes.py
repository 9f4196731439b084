"""Train segments, and fill stores of activations, in processes of their own, through joblib.

A worker that is killed costs its own segments and no others: each is tried again alone.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray

from benchmark.execution.heartbeat import Heartbeat, polling
from benchmark.execution.outputs import OutputStore
from benchmark.execution.record_schema import ErrorInfo
from benchmark.execution.worker import Worker
from benchmark.plan.segments import Segment
from benchmark.storage.unwritable import UnwritableError
from benchmark.strategy.registry import StrategySpec
from benchmark.system import stopping
from benchmark.system.processes import (
    ask_workers_to_end,
    following_workers,
    safe_import_path,
    start_tracker,
)
from benchmark.system.progress import Advance, Progress
from benchmark.system.stopping import Stopped
from benchmark.train.activation_store import ActivationStore

MICRO_BATCHES_AFTER_A_KILL = 4  # Linux does not refuse memory, it kills the process that uses it
_ASKED_TWICE = "its process was asked to end, twice, by another one (SIGTERM)"


@dataclass(frozen=True)
class WorkerProcesses:
    """Processes of which up to `jobs` work at the same time."""

    worker: Worker
    jobs: int
    specs_to_record: Callable[[Segment], list[StrategySpec]]

    def fill(
        self,
        forward_pass: str,
        store: ActivationStore,
        missing: NDArray[np.int64],
        progress: Progress,
        advance: Advance,
    ) -> None:
        """Compute the missing rows of a store that all processes share."""
        if not len(missing):
            return
        left = len(missing)

        def poll() -> None:
            nonlocal left
            before, left = left, len(store.missing(missing))
            advance(before - left)

        with polling(poll):
            try:
                self._parallel(
                    joblib.delayed(self.worker.fill)(forward_pass, indices)
                    for indices in np.array_split(missing, self.jobs)
                )
            except UnwritableError:
                raise
            except Exception as error:  # killed, or an error that will be raised here as well
                note = f"{forward_pass} run in this process, since others failed: {error}"
                progress.say(f"note: {note}")
                self.worker.fill(forward_pass, store.missing(missing))

    def train(self, segments: list[Segment], progress: Progress, advance: Advance) -> list[str]:
        """Train segments, and write the records of the strategies whose networks they are.

        Returns notes for people.
        """
        notes: list[str] = []
        try:
            with self._reporting(segments, progress, advance), stopping.postponed(self._ask_to_end):
                try:
                    notes += self._start(segments)
                except UnwritableError:
                    raise
                except Exception:  # a killed worker ends all others too, so each is tried alone
                    notes.clear()
                for segment in segments:
                    if not (stopping.requested() or self._is_done(segment)):
                        notes += self._retry(segment)
        except Stopped as stopped:
            stopped.unsaved = stopped.unsaved or max(notes, default="")
            raise
        return notes

    def _ask_to_end(self) -> None:
        """Let the workers save and end; those that hear nothing are ended a little later."""
        try:
            self.worker.folder.stop_file.touch()
        except OSError:  # a full disk
            ask_workers_to_end()

    def _retry(self, segment: Segment) -> list[str]:
        """Train a segment with all memory to itself; if that is too little, in micro-batches.

        Returns the notes of its worker.
        """
        reason: Exception = ChildProcessError(_ASKED_TWICE)
        notes: list[str] = []
        for micro_batches in (1, MICRO_BATCHES_AFTER_A_KILL):
            try:
                notes = self._start([segment], micro_batches)
                break
            except UnwritableError:
                raise
            except Exception as error:
                reason = error
                if not isinstance(reason, BrokenExecutor):  # not killed: memory is not short
                    break
        if not (stopping.requested() or self._is_done(segment)):
            self.worker.folder.write_error(segment.key, ErrorInfo.from_exception(reason))
        return notes

    def _start(self, segments: list[Segment], micro_batches: int = 1) -> list[str]:
        """Train segments and return the notes of the workers."""
        return self._parallel(
            joblib.delayed(self.worker.train_in_own_process)(
                segment, self.specs_to_record(segment), micro_batches
            )
            for segment in segments
        )

    def _parallel(self, calls: Iterable[Any]) -> list[Any]:
        start_tracker()
        with warnings.catch_warnings(), safe_import_path():
            # loky replaces a process whose memory has grown, and every training makes it grow
            warnings.filterwarnings("ignore", "A worker stopped while some jobs were given")
            # with one, joblib would start no process
            parallel = joblib.Parallel(n_jobs=max(2, self.jobs), **following_workers())
            return list(parallel(calls))

    @contextmanager
    def _reporting(
        self, segments: list[Segment], progress: Progress, advance: Advance
    ) -> Iterator[None]:
        """Report the steps that the workers' heartbeats count."""
        counted = {segment.key: 0 for segment in segments}
        unfinished = list(segments)

        def poll(is_last: bool = False) -> None:
            if stopping.requested():
                self._ask_to_end()  # a worker may have been between two trainings
            running = []
            for segment in list(unfinished):
                steps = Heartbeat.read(self.worker.folder.heartbeat_file(segment.key))
                if steps:
                    running.append(segment.name)
                if is_last or self._is_done(segment):
                    steps = segment.end - segment.start
                    unfinished.remove(segment)
                if steps > counted[segment.key]:
                    advance(steps - counted[segment.key])
                    counted[segment.key] = steps
            progress.show_status(", ".join(running))

        with polling(poll):
            yield
        poll(is_last=True)

    def _is_done(self, segment: Segment) -> bool:
        folder, key = self.worker.folder, segment.key
        result = OutputStore(folder).manifest_file if segment.is_final else folder.state_file
        return result(key).exists() or folder.error_file(key).exists()

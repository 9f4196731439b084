"""Carry out a plan: segments in waves, through joblib, with the folder as the only channel.

A worker writes what it made, or why it could not; nothing is returned. So a strategy that fails, or
a worker that is killed, costs its own segments and no others, and any joblib backend will do.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray

from benchmark.plan.segments import Plan, Segment
from benchmark.run.prepare import PreparedExperiment
from benchmark.run.run_folder import RunFolder
from benchmark.run.worker import Heartbeat, Worker
from benchmark.storage.sizes import size_text
from benchmark.strategy.registry import StrategySpec
from benchmark.system.device import cores
from benchmark.system.memory import host_memory
from benchmark.system.progress import Advance, NullProgress
from benchmark.train.activation_store import ActivationStore
from benchmark.train.frozen_features import FrozenFeatures
from benchmark.train.placement import Placement

MEMORY_A_JOB = 4 * 2**30  # bytes: second half at 299 px, batch 64, with Adam
SECONDS_BETWEEN_LOOKS = 0.5
MICRO_BATCHES_AFTER_A_KILL = 4  # Linux does not refuse memory, it kills who uses it


@dataclass(frozen=True)
class Executor:
    """Trains the segments of a plan that are not stored yet, then writes every record.

    Parameters
    ----------
    prepared, plan
        What to train, on what.
    folder
        Where results go.
    jobs
        Segments trained at the same time, each in a process of its own if more than one. None: on
        a GPU one; on a CPU one a core, as far as memory goes, since one thread for each of two
        networks is faster than two threads for one.
    records
        Whether a strategy's record is written as soon as its network is there: a run can be looked
        at as it goes.
    """

    prepared: PreparedExperiment
    plan: Plan
    folder: RunFolder
    jobs: int | None = None
    records: bool = True

    def with_plan(self, plan: Plan, records: bool = True) -> Executor:
        """Return one for another plan, which trains with what this one has at hand."""
        other = replace(self, plan=plan, jobs=self._jobs, records=records)
        other.__dict__["_worker"] = self._worker
        return other

    def needed(self) -> list[Segment]:
        """Return the segments whose results are not stored."""
        finished = {key for key in self.plan.outputs.values() if self.folder.has_outputs(key)}
        started = {s.key for s in self.plan.segments if self.folder.state_file(s.key).exists()}
        return self.plan.needed(finished, started - finished)

    def execute(self, progress: NullProgress) -> None:
        """Train what is needed and write all records; failures are written down, not raised."""
        self.train(progress)
        well = [
            self._worker.record(self.plan.built[name, seed], seed, key)
            for (name, seed), key in self.plan.outputs.items()
        ]
        self.folder.keep_records(self.plan.outputs)
        if all(well):
            self.folder.discard_states()

    def train(self, progress: NullProgress) -> None:
        """Train what is needed; failures are written down, not raised."""
        needed = self.needed()
        for segment in self.plan.segments:  # an earlier error is no reason not to try again
            self.folder.error_file(segment.key).unlink(missing_ok=True)
        for segment in needed:  # what is left of it is damaged or out of date
            self.folder.marker_file(segment.key).unlink(missing_ok=True)
            self.folder.sign_file(segment.key).unlink(missing_ok=True)
        if needed:
            self._run_pretrained_layers({segment.seed for segment in needed}, progress)
            steps = sum(segment.end - segment.start for segment in needed)
            keys = {segment.key for segment in needed}
            with progress.task("training", steps, "steps") as advance:
                for wave in self.plan.waves():
                    todo = [segment for segment in wave if segment.key in keys]
                    todo.sort(key=lambda segment: not segment.augments_images)  # the longest first
                    if self._jobs > 1:
                        self._in_processes(todo, progress, advance)
                    else:
                        self._here(todo, progress, advance)

    @property
    def stores_in_memory(self) -> int:
        """Bytes of activations that lie in the host's memory, once they are there."""
        material = self._worker.prepared.__dict__.get("material")
        if material is None or material.home is not Placement.MEMORY:
            return 0
        return int(material.at_cut.bytes)

    @cached_property
    def _jobs(self) -> int:
        """Processes, by what was asked for and not by what is left of it.

        The number of threads of each follows, and sums are rounded by it: a run that goes on after
        an interruption must not round otherwise.
        """
        if self.jobs is not None:
            return self.jobs
        if self.prepared.device.type != "cpu":
            return 1
        networks = max(len(wave) for wave in self.plan.waves())
        return min(networks, cores(), max(1, host_memory() // MEMORY_A_JOB))

    @property
    def _threads(self) -> int:
        return max(1, cores() // self._jobs)

    @cached_property
    def _worker(self) -> Worker:
        return Worker(replace(self.prepared, processes=self._jobs), self.folder, self._threads)

    def _run_pretrained_layers(self, seeds: set[int], progress: NullProgress) -> None:
        """Fill the stores of activations, one process a core as in training."""
        prepared = self._worker.prepared
        progress.say(f"activations {_place(prepared.material)}")
        for what, indices in prepared.required_forward_passes(seeds).items():
            store = prepared.material.store(what)
            missing = store.missing(indices) if store else indices[:0]
            with progress.task(what, len(missing), "images") as advance:
                if self._jobs == 1:
                    self._worker.fill(what, missing, advance)
                elif store and store.shared:  # else every process fills rows of its own
                    self._fill_in_processes(what, store, missing, progress, advance)

    def _fill_in_processes(
        self,
        what: str,
        store: ActivationStore,
        missing: NDArray[np.int64],
        progress: NullProgress,
        advance: Advance,
    ) -> None:
        if not len(missing):
            return
        left = len(missing)

        def look() -> None:
            nonlocal left
            before, left = left, len(store.missing(missing))
            advance(before - left)

        with polling(look):
            try:
                self._parallel(
                    joblib.delayed(self._worker.fill)(what, part)
                    for part in np.array_split(missing, self._jobs)
                )
            except Exception as error:  # killed, or what will be raised here as well
                progress.say(f"note: {what} in this process, since others failed: {error}")
                self._worker.fill(what, store.missing(missing))

    def _here(self, wave: list[Segment], progress: NullProgress, advance: Advance) -> None:
        for segment in wave:
            progress.now(_name(segment))
            self._worker.train(segment, advance)
            for asked in self._served(segment):
                self._worker.record(asked, segment.seed, segment.key)

    def _in_processes(self, wave: list[Segment], progress: NullProgress, advance: Advance) -> None:
        with self._watching(wave, progress, advance):
            try:
                self._train_in_processes(wave)
            except Exception:  # a killed worker takes the whole pool down: which one was it?
                for segment in wave:
                    if not self._is_done(segment):
                        self._try_again(segment)

    def _try_again(self, segment: Segment) -> None:
        """Train a segment with all memory to itself; if that is too little, in micro-batches."""
        for micro_batches in (1, MICRO_BATCHES_AFTER_A_KILL):
            try:
                self._train_in_processes([segment], micro_batches)
                return
            except Exception as error:
                reason = error
                if not isinstance(reason, BrokenExecutor):  # not killed: memory is not short
                    break
        self.folder.save_error(segment.key, reason)

    def _train_in_processes(self, segments: list[Segment], micro_batches: int = 1) -> None:
        here = os.getpid()
        self._parallel(
            joblib.delayed(self._worker.train_alone)(
                segment, self._served(segment), here, micro_batches
            )
            for segment in segments
        )

    def _parallel(self, calls: Iterable[Any]) -> None:
        with warnings.catch_warnings():
            # loky replaces a process that has grown, as every training makes it
            warnings.filterwarnings("ignore", "A worker stopped while some jobs were given")
            joblib.Parallel(n_jobs=self._jobs)(calls)

    @contextmanager
    def _watching(
        self, wave: list[Segment], progress: NullProgress, advance: Advance
    ) -> Iterator[None]:
        """Report what the workers' files say."""
        counted = {segment.key: 0 for segment in wave}
        waiting = list(wave)

        def look(last: bool = False) -> None:
            running = []
            for segment in list(waiting):
                steps = Heartbeat.read(self.folder.sign_file(segment.key))
                if steps:
                    running.append(_name(segment))
                if last or self._is_done(segment):
                    steps = segment.end - segment.start
                    waiting.remove(segment)
                if steps > counted[segment.key]:
                    advance(steps - counted[segment.key])
                    counted[segment.key] = steps
            progress.now(", ".join(running))

        with polling(look):
            yield
        look(last=True)

    def _is_done(self, segment: Segment) -> bool:
        folder, key = self.folder, segment.key
        done = folder.marker_file(key) if segment.last else folder.state_file(key)
        return done.exists() or folder.error_file(key).exists()

    def _served(self, segment: Segment) -> list[StrategySpec]:
        """Return the strategies whose records are written as soon as the segment is trained."""
        if not (self.records and segment.last):
            return []
        return [self.plan.built[name, segment.seed] for name in segment.used_by]


@contextmanager
def polling(look: Callable[[], None]) -> Iterator[None]:
    """Call `look` now and then, from a thread of its own, and once at the end."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(SECONDS_BETWEEN_LOOKS):
            look()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        look()


def _place(material: FrozenFeatures) -> str:
    size = f"{size_text(material.at_cut.bytes)} " if material.at_cut else ""
    return f"{size}{material.home.value}"


def _name(segment: Segment) -> str:
    return f"{' = '.join(segment.used_by)} (seed {segment.seed})"

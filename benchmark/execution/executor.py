"""Carry out a plan: train its segments in waves, through joblib, and write the records.

Workers write results and errors to the run folder; nothing else is passed back. So a strategy that
fails, or a worker that is killed, costs its own segments and no others, and any backend of joblib
will do.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray

from benchmark.execution.heartbeat import Heartbeat, polling
from benchmark.execution.outputs import OutputStore
from benchmark.execution.prepare import PreparedExperiment
from benchmark.execution.record_schema import ErrorInfo
from benchmark.execution.run_folder import RunFolder
from benchmark.execution.worker import Worker
from benchmark.plan.segments import Plan, Segment
from benchmark.storage.sizes import format_size
from benchmark.strategy.registry import StrategySpec
from benchmark.system.device import cores
from benchmark.system.memory import host_memory
from benchmark.system.processes import safe_import_path
from benchmark.system.progress import Advance, Progress
from benchmark.train.activation_store import ActivationStore
from benchmark.train.placement import Placement

BYTES_PER_JOB = 4 * 2**30  # the second half at 299 px, batch 64, with Adam
MICRO_BATCHES_AFTER_A_KILL = 4  # Linux does not refuse memory, it kills the process that uses it


@dataclass(frozen=True)
class Executor:
    """Trains the segments of a plan that are not stored yet, then writes every record."""

    prepared: PreparedExperiment
    plan: Plan
    folder: RunFolder
    # segments trained at the same time, each in a process of its own if more than one; None: one on
    # a GPU, on a CPU one per core, as far as memory goes, since one thread for each of two networks
    # is faster than two threads for one
    jobs: int | None = None
    # whether a strategy's record is written as soon as its network is trained, so that a run can be
    # looked at before it ends
    writes_records: bool = True

    def with_plan(self, plan: Plan, writes_records: bool = True) -> Executor:
        """Return an executor of another plan that shares data, network and processes with this."""
        other = replace(self, plan=plan, jobs=self._jobs, writes_records=writes_records)
        other.__dict__["_worker"] = self._worker
        return other

    @property
    def outputs(self) -> OutputStore:
        """The outputs of the networks that are trained."""
        return OutputStore(self.folder)

    def segments_to_train(self) -> list[Segment]:
        """Return the segments still to be trained, parents first."""
        with_outputs = {key for key in self.plan.networks.values() if self.outputs.has(key)}
        with_state = {s.key for s in self.plan.segments if self.folder.state_file(s.key).exists()}
        return self.plan.segments_to_train(with_outputs, with_state)

    def execute(self, progress: Progress) -> None:
        """Train what is needed and write all records. Failures are recorded, not raised."""
        self.train(progress)
        succeeded = [
            self._worker.record(self.plan.specs[name, seed], seed, key)
            for (name, seed), key in self.plan.networks.items()
        ]
        self.folder.keep_records(self.plan.networks)
        if all(succeeded):
            self.folder.discard_states()

    def train(self, progress: Progress) -> None:
        """Train what is needed. Failures are recorded, not raised."""
        to_train = self.segments_to_train()
        for segment in self.plan.segments:  # a segment that failed earlier is tried again
            self.folder.error_file(segment.key).unlink(missing_ok=True)
        for segment in to_train:  # what is there of it is damaged or out of date
            self.outputs.manifest_file(segment.key).unlink(missing_ok=True)
            self.folder.heartbeat_file(segment.key).unlink(missing_ok=True)
        if not to_train:
            return
        self._run_frozen_layers({segment.seed for segment in to_train}, progress)
        steps = sum(segment.end - segment.start for segment in to_train)
        keys = {segment.key for segment in to_train}
        with progress.task("training", steps, "steps") as advance:
            for wave in self.plan.waves():
                segments = [segment for segment in wave if segment.key in keys]
                segments.sort(key=lambda s: not s.recomputes_activations)  # the longest first
                if self._jobs > 1:
                    self._train_in_processes(segments, progress, advance)
                else:
                    self._train_here(segments, progress, advance)

    @property
    def stores_in_memory(self) -> int:
        """Bytes of activations in the host's memory; 0 before they are computed."""
        features = self._worker.prepared.__dict__.get("frozen_features")
        if features is None or features.placement is not Placement.MEMORY:
            return 0
        return int(features.at_cut.bytes)

    @cached_property
    def _jobs(self) -> int:
        """Processes, by what the whole plan needs and not by what is left of it.

        The number of threads of each process follows from it, and sums are rounded by that: a run
        that goes on after an interruption must not round otherwise, nor one with a null row.
        """
        if self.jobs is not None:
            return self.jobs
        if self.prepared.device.type != "cpu":
            return 1
        waves = self.plan.waves()
        networks = max(sum(not segment.is_replicate for segment in wave) for wave in waves)
        return min(networks, cores(), max(1, host_memory() // BYTES_PER_JOB))

    @cached_property
    def _worker(self) -> Worker:
        threads = max(1, cores() // self._jobs)
        return Worker(replace(self.prepared, processes=self._jobs), self.folder, threads)

    def _run_frozen_layers(self, seeds: set[int], progress: Progress) -> None:
        """Fill the stores of activations, with as many processes as train."""
        prepared = self._worker.prepared
        features = prepared.frozen_features
        size = f"{format_size(features.at_cut.bytes)} " if features.at_cut else ""
        progress.say(f"activations {size}{features.placement.value}")
        for forward_pass, indices in prepared.required_forward_passes(seeds).items():
            store = features.store(forward_pass)
            missing = store.missing(indices) if store else indices[:0]
            with progress.task(forward_pass, len(missing), "images") as advance:
                if self._jobs == 1:
                    self._worker.fill(forward_pass, missing, advance)
                elif store and store.shared:  # else every process fills rows of its own
                    self._fill_in_processes(forward_pass, store, missing, progress, advance)

    def _fill_in_processes(
        self,
        forward_pass: str,
        store: ActivationStore,
        missing: NDArray[np.int64],
        progress: Progress,
        advance: Advance,
    ) -> None:
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
                    joblib.delayed(self._worker.fill)(forward_pass, indices)
                    for indices in np.array_split(missing, self._jobs)
                )
            except Exception as error:  # killed, or an error that will be raised here as well
                note = f"{forward_pass} run in this process, since others failed: {error}"
                progress.say(f"note: {note}")
                self._worker.fill(forward_pass, store.missing(missing))

    def _train_here(self, segments: list[Segment], progress: Progress, advance: Advance) -> None:
        for segment in segments:
            progress.show_status(_segment_name(segment))
            self._worker.train(segment, advance)
            for spec in self._specs_to_record(segment):
                self._worker.record(spec, segment.seed, segment.key)

    def _train_in_processes(
        self, segments: list[Segment], progress: Progress, advance: Advance
    ) -> None:
        with self._reporting(segments, progress, advance):
            try:
                self._start_processes(segments)
            except Exception:  # a killed worker ends all others too, so each is tried alone
                for segment in segments:
                    if not self._is_done(segment):
                        self._retry(segment)

    def _retry(self, segment: Segment) -> None:
        """Train a segment with all memory to itself; if that is too little, in micro-batches."""
        for micro_batches in (1, MICRO_BATCHES_AFTER_A_KILL):
            try:
                self._start_processes([segment], micro_batches)
                return
            except Exception as error:
                reason = error
                if not isinstance(reason, BrokenExecutor):  # not killed: memory is not short
                    break
        self.folder.write_error(segment.key, ErrorInfo.from_exception(reason))

    def _start_processes(self, segments: list[Segment], micro_batches: int = 1) -> None:
        parent = os.getpid()
        self._parallel(
            joblib.delayed(self._worker.train_in_own_process)(
                segment, self._specs_to_record(segment), parent, micro_batches
            )
            for segment in segments
        )

    def _parallel(self, calls: Iterable[Any]) -> None:
        with warnings.catch_warnings(), safe_import_path():
            # loky replaces a process whose memory has grown, and every training makes it grow
            warnings.filterwarnings("ignore", "A worker stopped while some jobs were given")
            joblib.Parallel(n_jobs=self._jobs)(calls)

    @contextmanager
    def _reporting(
        self, segments: list[Segment], progress: Progress, advance: Advance
    ) -> Iterator[None]:
        """Report the steps that the workers' heartbeats count."""
        counted = {segment.key: 0 for segment in segments}
        unfinished = list(segments)

        def poll(is_last: bool = False) -> None:
            running = []
            for segment in list(unfinished):
                steps = Heartbeat.read(self.folder.heartbeat_file(segment.key))
                if steps:
                    running.append(_segment_name(segment))
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
        folder, key = self.folder, segment.key
        result = self.outputs.manifest_file if segment.is_final else folder.state_file
        return result(key).exists() or folder.error_file(key).exists()

    def _specs_to_record(self, segment: Segment) -> list[StrategySpec]:
        """Return the strategies whose records are written as soon as the segment is trained."""
        if not (self.writes_records and segment.is_final):
            return []
        return [
            self.plan.specs[name, segment.seed]
            for name in segment.used_by
            # others train on from here, after the common budget
            if self.plan.networks[name, segment.seed] == segment.key
        ]


def _segment_name(segment: Segment) -> str:
    return f"{' = '.join(segment.used_by)} (seed {segment.seed})"

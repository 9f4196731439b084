"""Carry out a plan: train its segments on an engine, and write the records.

Workers write results and errors to the run folder; only notes for people are passed back. So a
strategy that fails, or a worker that is killed, costs its own segments and no others. Workers are
processes, not threads: what a strategy may change and what is set back belongs to the process.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from benchmark.engines.engine import Engine
from benchmark.engines.local import LocalEngine
from benchmark.execution.damaged_files import set_aside_all
from benchmark.execution.ensembles import combine_members
from benchmark.execution.failures import failed_keys
from benchmark.execution.frozen_layers import required_forward_passes
from benchmark.execution.heartbeat import Heartbeat, is_alive
from benchmark.execution.interruption import describe_kept, tidy, traced
from benchmark.execution.network_copies import copy_from_others
from benchmark.execution.outputs import OutputStore
from benchmark.execution.prepare import PreparedExperiment
from benchmark.execution.recording import recording
from benchmark.execution.run_folder import RunFolder
from benchmark.execution.segment_list import write_segment_list
from benchmark.execution.states import segments_to_train, set_damaged_aside
from benchmark.execution.worker import Worker
from benchmark.execution.worker_input import discard_inputs
from benchmark.execution.worker_processes import WorkerProcesses
from benchmark.plan.segments import Plan, Segment
from benchmark.storage.sizes import format_size
from benchmark.storage.stored_file import DamagedFileError
from benchmark.strategy.registry import StrategySpec
from benchmark.system import stopping
from benchmark.system.device import cores
from benchmark.system.gpus import worker_environments
from benchmark.system.memory import host_memory
from benchmark.system.progress import Advance, Progress
from benchmark.system.stopping import Stopped
from benchmark.system.text import pluralize
from benchmark.train.placement import Placement

BYTES_PER_JOB = 4 * 2**30  # the second half at 299 px, batch 64, with Adam


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
    engine: Engine | None = None  # None: this process, or `jobs` processes of this machine
    local_cache: Path | None = None  # of workers that have disks of their own
    jobs_per_gpu: int = 1
    # whether a strategy's record is written as soon as its network is trained, so that a run can be
    # looked at before it ends
    writes_records: bool = True
    retry_failed: bool = False  # train again what failed in an earlier run
    others: tuple[RunFolder, ...] = ()  # of a grid's runs, which may have what is to be trained
    keeps_networks_of: frozenset[int] = frozenset()  # seeds

    def with_plan(self, plan: Plan, writes_records: bool = True) -> Executor:
        """Return an executor of another plan that shares data, network and processes with this."""
        other = replace(self, plan=plan, writes_records=writes_records, jobs=self._jobs)
        # what failed since the run began is not of an earlier run
        other = replace(other, retry_failed=False)
        if not writes_records:  # trials of a search, of which few are chosen
            other = replace(other, keeps_networks_of=frozenset())
        other.__dict__.update(_worker=self._worker, _engine=self._engine)
        return other

    def close(self) -> None:
        """End what the engine has started."""
        if self.engine:
            self.engine.close()

    @property
    def outputs(self) -> OutputStore:
        """The outputs of the networks that are trained."""
        return OutputStore(self.folder)

    def segments_to_train(self, elsewhere: Set[str] = frozenset()) -> list[Segment]:
        """Return the segments still to be trained, parents first.

        `elsewhere` are keys of networks whose outputs another run has, or will have.
        """
        with_outputs = {key for key in self.plan.trained if self.outputs.has(key)}
        with_outputs |= elsewhere
        to_train = segments_to_train(self.plan, self.folder, with_outputs | self.failed_earlier())
        return [replace(s, keeps_network=self._keeps_network(s)) for s in to_train]

    def _keeps_network(self, segment: Segment) -> bool:
        is_wanted = segment.is_final and not segment.is_replicate
        return is_wanted and segment.seed in self.keeps_networks_of

    def failed_earlier(self) -> set[str]:
        """Return the keys of segments that failed and are not tried again."""
        return set() if self.retry_failed else failed_keys(self.plan, self.folder)

    def damaged_outputs(self, keys: Iterable[str]) -> list[DamagedFileError]:
        """Return what is damaged of the stored outputs of networks."""
        damages = (self.outputs.damage(key) for key in keys)
        return [damage for damage in damages if damage]

    def execute(self, progress: Progress) -> None:
        """Train what is needed and write all records. Failures are recorded, not raised."""
        self.train(progress)
        combine_members(self.plan, self.folder)
        succeeded = [
            self._worker.record(self.plan.specs[name, seed], seed, key)
            for (name, seed), key in self.plan.networks.items()
        ]
        if all(succeeded):
            self.folder.discard_states()

    def train(self, progress: Progress) -> None:
        """Train what is needed and no other run has. Failures are recorded, not raised."""
        copy_from_others(self, progress)
        to_train = self.segments_to_train()
        set_damaged_aside(self.folder, to_train, progress.say)
        for segment in to_train:  # it is tried again
            self.folder.error_file(segment.key).unlink(missing_ok=True)
        for note in set_aside_all(self.damaged_outputs(s.key for s in to_train if s.is_final)):
            progress.say(f"note: {note}")
        for segment in to_train:  # what is there of it is damaged or out of date
            self.outputs.manifest_file(segment.key).unlink(missing_ok=True)
            heartbeat = self.folder.heartbeat_file(segment.key)
            # a worker of a run that has ended without it may still be training: it is waited for
            if not is_alive(Heartbeat.read(heartbeat)):
                heartbeat.unlink(missing_ok=True)
        if not to_train:
            return
        self.folder.stop_file.unlink(missing_ok=True)
        write_segment_list(self.folder, to_train)
        try:
            self._run_frozen_layers(to_train, progress)
            self._train(to_train, progress)
        except Stopped as stopped:
            kept = describe_kept(self.folder, self.plan)
            stopped.kept = "; ".join(filter(None, (kept, stopped.unsaved)))
            raise
        finally:
            if not self._processes.is_left:  # else workers on other machines still look
                tidy(self.folder, to_train)
                discard_inputs(self.folder)

    def _train(self, to_train: list[Segment], progress: Progress) -> None:
        steps = sum(segment.end - segment.start for segment in to_train)
        with progress.task("training", steps, "steps") as advance:
            if self._trains_here:
                self._train_here(to_train, progress, advance)
            else:
                self._say_once(self._processes.train(to_train, progress, advance), progress)

    @property
    def stores_in_memory(self) -> int:
        """Bytes of activations in the host's memory; 0 before they are computed."""
        features = self._worker.prepared.__dict__.get("frozen_features")
        if features is None or features.placement is not Placement.MEMORY:
            return 0
        return int(features.at_cut.bytes)

    @property
    def processes(self) -> int:
        """How many train at the same time; the rounding of their sums follows from it."""
        return self._jobs

    @property
    def threads(self) -> int | None:
        """Threads of each; None: as many as its machine has cores."""
        return self._worker.threads

    @cached_property
    def _jobs(self) -> int:
        """Processes, by what the whole plan needs and not by what is left of it.

        The number of threads of each process follows from it, and sums are rounded by that: a run
        that goes on after an interruption must not round otherwise, nor one with a null row.
        """
        if self.engine is not None:
            return self.engine.slots() or self.jobs or 1
        if self.jobs is not None:
            return self.jobs
        if self.prepared.device.type != "cpu":
            return 1
        waves = self.plan.waves()
        networks = max(sum(not segment.is_replicate for segment in wave) for wave in waves)
        return min(networks, cores(), max(1, host_memory() // BYTES_PER_JOB))

    @property
    def _trains_here(self) -> bool:
        return self.engine is None and self._jobs == 1

    @cached_property
    def _engine(self) -> Engine:
        gpus = self.prepared.device.gpus
        environments = worker_environments(gpus, self._jobs)
        return self.engine or LocalEngine(environments, max(1, cores() // self._jobs))

    @cached_property
    def _worker(self) -> Worker:
        prepared, threads = self.prepared.with_processes(self._jobs), self._engine.threads()
        if not self._trains_here:  # each process sees one GPU alone
            prepared = replace(prepared, device=prepared.device.in_worker())
        return Worker(prepared, self.folder, threads)

    def _run_frozen_layers(self, to_train: list[Segment], progress: Progress) -> None:
        """Fill the stores of activations, with as many processes as train."""
        prepared = self._worker.prepared
        passes = required_forward_passes(prepared, {segment.seed for segment in to_train})
        if not (self._trains_here or self._processes.share_stores):
            if self.local_cache is None:
                for forward_pass, indices in passes.items():
                    with progress.task(forward_pass, len(indices), "images") as advance:
                        self._processes.fill(forward_pass, to_train, indices, progress, advance)
            return
        features = prepared.frozen_features
        size = f"{format_size(features.at_cut.bytes)} " if features.at_cut else ""
        progress.say(f"activations {size}{features.placement.value}")
        for forward_pass, indices in passes.items():
            store = features.store(forward_pass)
            missing = store.missing(indices) if store else indices[:0]
            if store and store.damaged:
                rows = pluralize(
                    store.damaged, f"row of {store.name} was", f"rows of {store.name} were"
                )
                progress.say(f"note: {rows} damaged on the disk: computed again")
                store.damaged = 0
            with progress.task(forward_pass, len(missing), "images") as advance:
                if self._trains_here:
                    self._worker.fill(forward_pass, missing, advance)
                elif store and store.shared and len(missing):  # else every process fills its own
                    self._processes.fill(forward_pass, to_train, missing, progress, advance, store)

    @cached_property
    def _processes(self) -> WorkerProcesses:
        return WorkerProcesses(
            *(self._worker, self._engine, self._specs_to_record),
            *(self.local_cache, self.jobs_per_gpu),
        )

    @cached_property
    def _known_notes(self) -> set[str]:
        return {""}

    def _say_once(self, notes: Iterable[str], progress: Progress) -> None:
        """Say what the trainings have noted; many may note the same."""
        for note in sorted(set(notes) - self._known_notes):
            progress.say(f"note: {note}")
            self._known_notes.add(note)

    def _train_here(self, segments: list[Segment], progress: Progress, advance: Advance) -> None:
        on_gpu = self.prepared.device.type == "cuda"
        with recording(self._processes, segments, meanwhile=on_gpu) as record:
            for segment in segments:
                trace = self.folder.trace_file(segment.key)
                if trace.exists() and not on_gpu:
                    progress.say(
                        "note: the last run was ended (a crash, or a kill) while it trained "
                        f"{segment.name}; now it is trained in a process of its own"
                    )
                    self._say_once(self._processes.train([segment], progress, advance), progress)
                    trace.unlink(missing_ok=True)
                    continue
                progress.show_status(segment.name)
                with traced(trace), stopping.postponed():
                    note = self._train_beating(segment, advance)
                self._say_once([note], progress)
                record(segment)

    def _train_beating(self, segment: Segment, advance: Advance) -> str:
        """Train a segment; whoever looks at the folder meanwhile sees how far it is."""
        files = self.folder.heartbeat_file(segment.key), self.folder.stop_file
        with Heartbeat(*files, self.prepared.device.name) as heartbeat:

            def beat(steps: int) -> None:
                heartbeat(steps)
                advance(steps)

            return self._worker.train(segment, beat)

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

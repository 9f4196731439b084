"""Carry out a plan: segments in waves, through joblib, with the folder as the only channel.

A worker writes what it made, or why it could not; nothing is returned. So a strategy that fails, or
a worker that is killed, costs its own segments and no others, and any joblib backend will do.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import joblib
import numpy as np

from benchmark.folder import PARTS, RunFolder, output_tensors
from benchmark.plan import Plan, Segment
from benchmark.prepare import Prepared
from benchmark.progress import Advance, Silent
from benchmark.record import error_of, write_failure, write_record
from benchmark.store import read_json, write_json
from benchmark.train.loop import Training

SECONDS_BETWEEN_SAVES = 30.0  # a state of the second half is 0.2 GB


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
        Segments trained at the same time, each in a process of its own if more than one.
    """

    prepared: Prepared
    plan: Plan
    folder: RunFolder
    jobs: int = 1

    def needed(self) -> list[Segment]:
        """Return the segments whose results are not stored."""
        finished = {key for key in self.plan.outputs.values() if self.folder.has_outputs(key)}
        started = {s.key for s in self.plan.segments if self.folder.state_file(s.key).exists()}
        return self.plan.needed(finished, started - finished)

    def execute(self, progress: Silent) -> None:
        """Train what is needed and write all records; failures are written down, not raised."""
        needed = self.needed()
        for segment in needed:  # an error of an earlier run is no reason not to try again
            self.folder.error_file(segment.key).unlink(missing_ok=True)
        if needed:
            self.prepared.run_frozen_layers({s.seed for s in needed}, progress)
            steps = sum(segment.end - segment.start for segment in needed)
            keys = {segment.key for segment in needed}
            with progress.task("training", steps, "steps") as advance:
                for wave in self.plan.waves():
                    todo = [segment for segment in wave if segment.key in keys]
                    self._run_wave(todo, _Reporter(progress, advance))
        failed = self._write_records()
        if not failed:
            self.folder.discard_states()

    def _run_wave(self, wave: list[Segment], reporter: _Reporter) -> None:
        if self.jobs == 1:
            for segment in wave:
                self.train(segment, reporter)
            return
        with self._watching(wave, reporter):
            try:
                self._in_processes(wave)
            except Exception:  # a killed worker takes the whole pool down: which one was it?
                for segment in wave:
                    if not self._is_done(segment):
                        try:
                            self._in_processes([segment])
                        except Exception as error:
                            write_json(self.folder.error_file(segment.key), error_of(error))

    @contextmanager
    def _watching(self, wave: list[Segment], reporter: _Reporter) -> Iterator[None]:
        """Report segments as their files appear: workers have no other way to say it."""
        over = threading.Event()

        def watch() -> None:
            waiting = list(wave)
            while waiting:
                stop = over.wait(1.0)
                for segment in [one for one in waiting if stop or self._is_done(one)]:
                    reporter.advance(segment.end - segment.start)
                    waiting.remove(segment)

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()

    def _in_processes(self, segments: list[Segment]) -> None:
        tasks = [joblib.delayed(self.train)(segment, None) for segment in segments]
        joblib.Parallel(n_jobs=self.jobs)(tasks)

    def _is_done(self, segment: Segment) -> bool:
        folder, key = self.folder, segment.key
        done = folder.marker_file(key) if segment.last else folder.state_file(key)
        return done.exists() or folder.error_file(key).exists()

    def train(self, segment: Segment, reporter: _Reporter | None) -> None:
        """Train one segment and write its state, its outputs and records, or its error."""
        if segment.parent and self.folder.error_file(segment.parent).exists():
            error = read_json(self.folder.error_file(segment.parent))
            write_json(self.folder.error_file(segment.key), error)
            return
        try:
            self._train(segment, reporter or _Reporter(Silent(), lambda _: None))
        except Exception as error:
            write_json(self.folder.error_file(segment.key), error_of(error))

    def _train(self, segment: Segment, reporter: _Reporter) -> None:
        prepared, seed, folder = self.prepared, segment.seed, self.folder
        reporter.progress.now(f"{', '.join(segment.serves)} (seed {seed})")
        training = Training(
            prepared.material,
            prepared.splits[seed],
            prepared.experiment.recipe,
            prepared.budgets[seed],
            seed,
            segment.head,
        )
        partial = folder.partial_file(segment.key)
        if partial.exists():
            training.restore(partial)
            reporter.advance(training.step - segment.start)
        elif segment.parent:
            training.restore(folder.state_file(segment.parent))
        saved = time.monotonic()

        def pause() -> None:
            nonlocal saved
            if time.monotonic() - saved >= SECONDS_BETWEEN_SAVES:
                training.save(partial)
                saved = time.monotonic()

        training.run(segment, reporter.advance, pause)
        if segment.branches:
            training.save(folder.state_file(segment.key))
        if segment.last:
            self._save_outputs(segment, training)
            for asked in self.plan.asked:
                if asked.name in segment.serves:
                    self._write_record(asked.name, seed)
        partial.unlink(missing_ok=True)

    def _save_outputs(self, segment: Segment, training: Training) -> None:
        parts = {}
        for part in PARTS:
            indices = getattr(training.split, part)
            parts[part] = (*training.outputs(indices), self.prepared.images.labels[indices])
        tally = training.tally
        self.folder.save_outputs(
            segment.key,
            output_tensors(parts, training.network.head.state_dict()),
            {
                "seed": segment.seed,
                "steps": training.step,
                "seconds": round(tally.seconds, 3),
                "drawn": tally.drawn.tolist(),
                "distinct": int(np.count_nonzero(tally.seen)),
                "views": tally.views,
                "curve": tally.curve,
            },
        )

    def _write_records(self) -> bool:
        """Write a record for everything asked; return whether anything failed."""
        failed = False
        for name, seed in self.plan.outputs:
            failed |= not self._write_record(name, seed)
        return failed

    def _write_record(self, name: str, seed: int) -> bool:
        key = self.plan.outputs[name, seed]
        asked = next(one for one in self.plan.asked if one.name == name)
        error_file = self.folder.error_file(key)
        if error_file.exists():
            write_failure(self.folder, name, seed, key, read_json(error_file))
        else:
            counts, budget = self.prepared.train_counts(seed), self.prepared.budgets[seed]
            write_record(self.folder, asked, seed, key, budget, counts)
        return bool(read_json(self.folder.record_file(name, seed))["status"] == "ok")


@dataclass(frozen=True)
class _Reporter:
    """Where a worker in this process says how far it is."""

    progress: Silent
    advance: Advance

"""Train one segment, in this process or in one of its own; what comes of it goes to the folder."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmark.evaluation.posthoc import posthoc_decisions
from benchmark.plan.segments import Segment
from benchmark.plugins import Plugins
from benchmark.run.prepare import PreparedExperiment
from benchmark.run.run_folder import PARTS, RunFolder, output_tensors
from benchmark.storage.atomic import read_json, write_json
from benchmark.strategy import Decision
from benchmark.strategy.registry import StrategySpec
from benchmark.system.device import set_exactness
from benchmark.system.memory import release_memory
from benchmark.system.progress import Advance, NullProgress

if TYPE_CHECKING:
    from benchmark.train.trainer import Training

SECONDS_BETWEEN_SAVES = 30.0  # a state of the second half is 0.2 GB
SECONDS_BETWEEN_SIGNS = 0.5


@dataclass(frozen=True)
class Worker:
    """Trains segments of one experiment; nothing is returned or raised but by the folder."""

    prepared: PreparedExperiment
    folder: RunFolder
    threads: int  # of the CPU

    def __getstate__(self) -> dict[str, Any]:
        """Bring the plug-ins to another process, before what it finds in them."""
        plugins = {"plugins": Plugins()}
        return plugins | self.__dict__ | plugins  # first, and not the None that came with a pickle

    def train(
        self, segment: Segment, advance: Callable[[int], None], micro_batches: int = 1
    ) -> None:
        """Train a segment and write its state or its outputs, or its error.

        `advance` is called with the steps newly done, also with those of an interrupted run. A
        batch passes in at least `micro_batches` parts.
        """
        folder = self.folder
        if segment.parent and folder.error_file(segment.parent).exists():
            write_json(folder.error_file(segment.key), read_json(folder.error_file(segment.parent)))
            return
        try:
            with self._settings():
                self._train(segment, advance, micro_batches)
        except Exception as error:
            folder.save_error(segment.key, error)
        release_memory()  # cycles hold the network, and another one may be trained beside

    def fill(
        self, what: str, indices: NDArray[np.int64], advance: Advance = lambda _: None
    ) -> None:
        """Run pretrained layers over images, see `FrozenFeatures.fill`."""
        with self._settings():
            self.prepared.material.fill(what, indices, advance)
        release_memory()

    def train_alone(
        self, segment: Segment, used_by: Iterable[StrategySpec], parent: int, micro_batches: int
    ) -> None:
        """Train a segment in a process of its own, whose signs of life go to a file.

        Then write the records of the strategies that are `used_by`. `parent` is the process that
        asked for it: if that is gone, nobody waits for the result.
        """
        sign = Heartbeat(self.folder.sign_file(segment.key), parent)
        self.train(segment, sign, micro_batches)
        sign.path.unlink(missing_ok=True)
        for asked in used_by:
            self.record(asked, segment.seed, segment.key)

    def record(self, asked: StrategySpec, seed: int, key: str) -> bool:
        """Write the record of a strategy from its network `key`; return whether all went well."""
        # scikit-learn and scipy, 0.1 GB, which who waits for the training does without
        from benchmark.run.record import SeedContext, write_failure, write_record

        error_file = self.folder.error_file(key)
        if error_file.exists():
            write_failure(self.folder, asked.name, seed, key, read_json(error_file))
        else:
            experiment, budget = self.prepared.experiment, self.prepared.budgets[seed]
            counts = self.prepared.train_counts(seed)
            setting = SeedContext(
                experiment.recipe, experiment.trainable, budget, counts, self._free
            )
            write_record(self.folder, asked, seed, key, setting)
        return bool(read_json(self.folder.record_file(asked.name, seed))["status"] == "ok")

    @cached_property
    def _free(self) -> dict[str, Decision]:
        return posthoc_decisions()  # builds every registered strategy

    @contextmanager
    def _settings(self) -> Iterator[None]:
        """Set torch's threads, and whether it may round, for as long as something is computed."""
        import torch

        threads_before = torch.get_num_threads()
        torch.set_num_threads(self.threads)
        set_exactness(self.prepared.device)
        try:
            yield
        finally:
            torch.set_num_threads(threads_before)

    def _train(self, segment: Segment, advance: Callable[[int], None], micro_batches: int) -> None:
        from benchmark.train.checkpoint import step_of  # torch, which who only waits does without
        from benchmark.train.trainer import Training

        prepared, folder = self.prepared, self.folder
        # nothing is missing, unless activations live in the memory of another process
        prepared.run_frozen_layers([segment.seed], NullProgress())
        training = Training(
            prepared.material,
            prepared.splits[segment.seed],
            prepared.experiment.recipe,
            prepared.budgets[segment.seed],
            segment.seed,
            segment.head,
        )
        partial = folder.partial_file(segment.key)
        # one from before the segment was left by a run that cut the training elsewhere
        if step_of(partial) >= max(segment.start, 1):
            training.restore(partial)
            advance(training.step - segment.start)
        elif segment.parent:
            training.restore(folder.state_file(segment.parent))
        training.tally.micro_batches = max(training.tally.micro_batches, micro_batches)
        saved = time.monotonic()

        def pause() -> None:
            nonlocal saved
            if time.monotonic() - saved >= SECONDS_BETWEEN_SAVES:
                training.save(partial)
                saved = time.monotonic()

        training.run(segment, advance, pause)
        if segment.has_children:
            training.save(folder.state_file(segment.key))
        if segment.last:
            self._save_outputs(segment, training)
        partial.unlink(missing_ok=True)

    def _save_outputs(self, segment: Segment, training: Training) -> None:
        parts = {}
        for part in PARTS:
            indices = getattr(training.split, part)
            parts[part] = (*training.outputs(indices), self.prepared.images.labels[indices])
        tally, batch_size = training.tally, self.prepared.budgets[segment.seed].batch_size
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
                "stages_measured": [watch.to_json() for watch in tally.stages_measured],
                "micro_batch": tally.micro_batch(batch_size),
                "curve": tally.curve,
            },
        )


class Heartbeat:
    """Counts steps into a file, now and then; ends the process when its parent is gone."""

    def __init__(self, path: Path, parent: int) -> None:
        self.path, self._parent = path, parent
        self._steps, self._last = 0, 0.0
        path.parent.mkdir(parents=True, exist_ok=True)

    def __call__(self, steps: int) -> None:
        """Count."""
        self._steps += steps
        now = time.monotonic()
        if now - self._last < SECONDS_BETWEEN_SIGNS:
            return
        self._last = now
        if self._parent not in (os.getppid(), os.getpid()):
            os._exit(1)  # no clean-up: a new run may be at work on the same files already
        self.path.write_text(str(self._steps))

    @staticmethod
    def read(path: Path) -> int:
        """Return the steps counted so far; 0 if there is no sign."""
        try:
            return int(path.read_text())
        except (OSError, ValueError):  # not begun, over, or being written
            return 0

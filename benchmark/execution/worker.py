"""Train one segment, in this process or in one of its own."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark.engines.task_graph import Attempt
from benchmark.evaluation.posthoc import posthoc_decisions
from benchmark.execution.frozen_layers import run_frozen_layers
from benchmark.execution.heartbeat import Heartbeat, look_for_stop, wait_for_silence
from benchmark.execution.networks import NetworkStore
from benchmark.execution.outputs import (
    OUTPUT_SPLITS,
    OutputsManifest,
    OutputStore,
    output_tensors,
    sample_classes,
)
from benchmark.execution.prepare import PreparedExperiment
from benchmark.execution.record import SeedContext, write_failure, write_record
from benchmark.execution.record_schema import CurvePoint, LossPoint
from benchmark.execution.run_folder import RunFolder
from benchmark.execution.states import has_ended
from benchmark.execution.strategy_code import failure_of
from benchmark.execution.timed_saves import TimedSaves
from benchmark.plan.segments import Segment
from benchmark.plugins import Plugins, check_unedited
from benchmark.storage.atomic import never_made
from benchmark.strategy import Decision
from benchmark.strategy.registry import StrategySpec
from benchmark.system import stopping
from benchmark.system.device import cores, set_precision
from benchmark.system.library_messages import libraries_silenced
from benchmark.system.memory import older_objects_spared, release_memory
from benchmark.system.output import lasting_output
from benchmark.system.own_copy import own_copy
from benchmark.system.progress import Advance, EndingProgress
from benchmark.system.stopping import Stopped
from benchmark.train.checkpoint import saved_step
from benchmark.train.effective_prior import effective_prior
from benchmark.train.trainer import Training

# Linux does not refuse memory, it kills the process that uses it: the last attempt takes less
MICRO_BATCHES = 4
_EXITED = "SystemExit was raised in its process from outside, as a thread of a strategy may do"


@dataclass(frozen=True)
class Worker:
    """Trains segments. Results and errors of strategies go to the run folder.

    What is returned is a note for people, '' if there is none.
    """

    prepared: PreparedExperiment
    folder: RunFolder
    threads: int | None  # of the CPU; None: as many as its machine has cores

    def __getstate__(self) -> dict[str, Any]:
        """Put the plug-ins first, so that another process loads them before it needs them."""
        plugins = {"plugins": Plugins()}
        # the first fixes the order, the last replaces what an unpickled worker has of them
        return plugins | self.__dict__ | plugins

    def train(
        self, segment: Segment, advance: Callable[[int], None], micro_batches: int = 1
    ) -> str:
        """Train a segment and write its state or its outputs, or its error.

        Where the process has been asked to end, save and raise `Stopped`.

        Parameters
        ----------
        advance
            Called with the steps newly done, those of an interrupted run included.
        micro_batches
            A batch passes the network in at least this many parts.
        """
        folder = self.folder
        if segment.parent and (error := folder.read_error(segment.parent)):
            folder.write_error(segment.key, error)
            return ""
        # torch imports it with its first optimizer; isolation would undo what it sets up
        import_module("torch._dynamo")
        notes: list[str] = []
        with older_objects_spared():
            failure = failure_of(
                lambda: notes.append(self._train_or_raise(segment, advance, micro_batches))
            )
            if failure:  # what it may have stored before that is not to be used
                OutputStore(folder).manifest_file(segment.key).unlink(missing_ok=True)
                folder.state_file(segment.key).unlink(missing_ok=True)
                folder.write_error(segment.key, failure)
            release_memory()  # reference cycles hold the network
        return "".join(notes)

    def _train_or_raise(
        self, segment: Segment, advance: Callable[[int], None], micro_batches: int
    ) -> str:
        check_unedited()
        with self._torch_settings():
            return self._train(segment, advance, micro_batches)

    def fill(
        self, forward_pass: str, indices: NDArray[np.int64], advance: Advance = lambda _: None
    ) -> None:
        """Run pretrained layers over images, see `FrozenFeatures.fill`."""
        check_unedited()
        with older_objects_spared():
            with self._torch_settings():
                self.prepared.frozen_features.fill(forward_pass, indices, advance)
            release_memory()

    def look_for_stop(self) -> None:
        """Raise `Stopped` if the run that this process works for has been stopped, or removed."""
        with suppress(OSError):
            look_for_stop(self.folder.stop_file, in_worker=True)
        stopping.raise_if_requested()

    def train_in_own_process(
        self, segment: Segment, specs: Iterable[StrategySpec], attempt: Attempt
    ) -> str:
        """Train a segment, then write the records of the strategies whose network it is.

        Another process may be training it, whose run has ended without it: that is waited for.

        Raises
        ------
        ChildProcessError
            If that one has died at the same attempt: a cluster has repeated a call by itself, which
            would end one process after the other.
        """
        file, device = self.folder.heartbeat_file(segment.key), self.prepared.device.name
        beat = wait_for_silence(file, self.folder.stop_file)
        if self.folder.stop_file.exists() or has_ended(self.folder, segment):
            return ""
        if beat is not None and beat.attempt == attempt.number:
            file.unlink(missing_ok=True)
            owner = f"process {beat.owner.process} on {beat.owner.host or 'its machine'}"
            raise ChildProcessError(f"{owner} has died while it trained this")
        micro_batches = MICRO_BATCHES if attempt.is_last else 1
        # what a strategy prints fails it no more than it does in the process that waits
        try:
            with (
                never_made(self.folder.path),
                stopping.signals_noted(),
                libraries_silenced(),
                lasting_output(),
            ):
                with Heartbeat(
                    file,
                    self.folder.stop_file,
                    device,
                    attempt.number,
                    attempt.most,
                    attempt.reason,
                    in_worker=True,
                ) as heartbeat:
                    note = self.train(segment, heartbeat, micro_batches)
                for spec in specs:
                    self.record(spec, segment.seed, segment.key)
                return note
        except Stopped as stopped:
            return stopped.unsaved
        except SystemExit as exited:  # it would end the process that waits
            raise ChildProcessError(_EXITED) from exited

    def record(self, spec: StrategySpec, seed: int, key: str) -> bool:
        """Write the record of a strategy from its network `key`; return whether all went well."""
        if error := self.folder.read_error(key):
            write_failure(self.folder, spec.name, seed, key, error)
            return False
        experiment = self.prepared.experiment
        context = SeedContext(
            experiment.recipe,
            experiment.trainable,
            self.prepared.budgets[seed],
            self.prepared.train_counts(seed),
            self._posthoc_decisions,
            self._right_labels(seed),
            self._wrong_images(seed),
        )
        return write_record(self.folder, spec, seed, key, context)

    @cached_property
    def _posthoc_decisions(self) -> dict[str, Decision]:
        return posthoc_decisions()  # builds every registered strategy

    @contextmanager
    def _torch_settings(self) -> Iterator[None]:
        """Set torch's threads and how it may round, and restore the threads afterwards."""
        threads_before = torch.get_num_threads()
        torch.set_num_threads(self.threads or cores())
        set_precision(self.prepared.device)
        try:
            yield
        finally:
            torch.set_num_threads(threads_before)

    def _train(self, segment: Segment, advance: Callable[[int], None], micro_batches: int) -> str:
        prepared, folder = self.prepared, self.folder
        segment = own_copy(segment)  # a component that counts its calls begins anew
        # fills nothing, unless activations lie in the memory of another process
        run_frozen_layers(prepared, [segment.seed], EndingProgress())
        training = Training(
            prepared.frozen_features,
            prepared.splits[segment.seed],
            prepared.labels(segment.seed),
            prepared.experiment.recipe,
            prepared.budgets[segment.seed],
            segment.seed,
            segment.head,
            segment.is_replicate,
            prepared.kept_together,
        )
        partial = folder.partial_file(segment.key)
        # a state from before the segment is of a run that cut the training elsewhere
        if saved_step(partial) >= max(segment.start, 1):
            training.restore(partial)
            advance(training.step - segment.start)
        elif segment.parent:
            training.restore(folder.state_file(segment.parent))
        training.stats.micro_batches = max(training.stats.micro_batches, micro_batches)
        saves = TimedSaves(lambda: training.save(partial))
        training.run(segment, advance, saves)
        if segment.has_children:
            training.save(folder.state_file(segment.key))
        if segment.keeps_network:
            NetworkStore(folder).save(segment.key, training)
        if segment.is_final:
            self._save_outputs(segment, training)
        partial.unlink(missing_ok=True)
        return saves.note

    def _save_outputs(self, segment: Segment, training: Training) -> None:
        labels, split = self.prepared.labels(segment.seed), training.split
        images = {name: getattr(split, name) for name in OUTPUT_SPLITS}
        images["train"] = self._stored_training_images(segment.seed)
        splits = {name: (*training.outputs(i), labels[i]) for name, i in images.items()}
        stats = training.stats
        OutputStore(self.folder).save(
            segment.key,
            output_tensors(splits, training.network.head.state_dict()),
            OutputsManifest(
                seed=segment.seed,
                steps=training.step,
                seconds=round(stats.seconds, 3),
                drawn=tuple(stats.drawn.tolist()),
                distinct_images=stats.distinct_images,
                augmented_images=stats.augmented_images,
                measured_step_ranges=tuple(monitor.to_json() for monitor in stats.monitors),
                micro_batch=stats.micro_batch(self.prepared.budgets[segment.seed].batch_size),
                curve=tuple(
                    CurvePoint(**{**point, "val_loss_by_class": tuple(point["val_loss_by_class"])})
                    for point in stats.curve
                ),
                losses=tuple(LossPoint(**point) for point in stats.losses),
                effective_prior=tuple(self._effective_prior(segment, training).tolist()),
            ),
        )

    def _stored_training_images(self, seed: int) -> NDArray[np.int64]:
        """Return the training images whose outputs are stored, (M,)."""
        train = self.prepared.splits[seed].train
        return train[sample_classes(self.prepared.labels(seed)[train])]

    def _right_labels(self, seed: int) -> NDArray[np.int64] | None:
        """Return the right labels of these images, (M,); None where no label is wrong."""
        if seed not in self.prepared.given_labels.by_seed:
            return None
        return self.prepared.images.labels[self._stored_training_images(seed)]

    def _wrong_images(self, seed: int) -> NDArray[np.bool_] | None:
        """Return which training images have a wrong label, (N,) in the order of their classes."""
        if seed not in self.prepared.given_labels.by_seed:
            return None
        train = self.prepared.splits[seed].train
        given, right = self.prepared.labels(seed)[train], self.prepared.images.labels[train]
        return (given != right)[np.argsort(given, kind="stable")]

    def _effective_prior(self, segment: Segment, training: Training) -> NDArray[np.float64]:
        """Return what the last step range taught the network to expect, (C,)."""
        stage, monitor = segment.step_ranges[-1].stage, training.stats.monitors[-1]
        counts = self.prepared.train_counts(segment.seed) - training.left_out_counts()
        shows_each_image = stage.is_neutral("sampler") and stage.is_neutral("synthesizer")
        # of few steps, chance would decide which rare class was drawn
        drawn = counts if shows_each_image else monitor.drawn + monitor.synthetic
        return effective_prior(stage.loss, drawn, counts)

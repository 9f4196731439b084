"""The one training loop. It reads a segment and never asks which strategy that belongs to.

A step is a function of the state before it, its number and the seed: batches, dropout and
augmentation are drawn from generators seeded by (seed, step). So a training that is cut, shared,
stopped or killed anywhere continues to the same network, to the bit.
"""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmark.model.backbone import HEAD
from benchmark.plan.recipes import Phase
from benchmark.plan.schedule import StepRange
from benchmark.plan.segments import Segment
from benchmark.strategy import NoMixing, NoSynthesis
from benchmark.system.device import seed_torch
from benchmark.system.memory import is_out_of_memory, release_memory
from benchmark.system.progress import Advance
from benchmark.train.batch_sampler import Batch, BatchSampler
from benchmark.train.component_checks import losses_of
from benchmark.train.cuda_graphs import STEPS_THAT_PAY, CudaGraphRunner
from benchmark.train.image_sample import DeviceImageSample, is_sampled
from benchmark.train.inputs import TrainingInputs, augments_every_image
from benchmark.train.optim import loss_steps, set_learning_rates, validation_steps
from benchmark.train.sample_pool import SamplePool
from benchmark.train.telemetry import (
    SMALLEST_MICRO_BATCH,
    Checksums,
    DeviceAccumulators,
    block_checksums,
    validation_scores,
)
from benchmark.train.training_state import TrainingState, derive_seed

AfterStep = Callable[[], None]

WHAT_TO_DO = "lower --lr, use --precision fp32, or check the strategy's loss"

_STEP, _SYNTHESIS = 3, 4  # separate the random numbers of different uses of a seed


class Training(TrainingState):
    """The training of one network, step by step; see `TrainingState` for the parameters."""

    # of the step range, on the device; they go on from what was saved, so that they are the same to
    # the bit wherever that was
    _sums: DeviceAccumulators
    _sample: DeviceImageSample
    _loss_sum: Tensor  # since the last point of the training loss
    _losses: list[Tensor] | None = None  # of each step that has not been looked at yet
    _before: Checksums | None = None  # of the blocks, when the step range began here
    _written_step, _begun = 0, 0.0  # up to where `stats` has counted steps and seconds
    _is_ahead_of_stats = False  # whether something of the above is not in `stats` yet
    _graph_runner: CudaGraphRunner | None = None
    _graphs_from = ""  # first trained block of the graphs

    def run(
        self,
        segment: Segment,
        advance: Advance = lambda _: None,
        after_step: AfterStep = lambda: None,
    ) -> None:
        """Train to the end of `segment`; `after_step` may save. NaN raises FloatingPointError."""
        devices = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            for step_range in segment.step_ranges:
                end = min(step_range.end, segment.end)
                if self.step < end:
                    steps = end - max(step_range.start, segment.start)
                    self._run_step_range(step_range, end, steps, advance, after_step)

    def save(self, path: Path) -> None:
        """Write the state after the present step, whichever of a step range it is."""
        self._write_back()
        self._require_finite_losses()
        self._compare_blocks()
        super().save(path)
        self._begun = time.perf_counter()

    def _run_step_range(
        self, step_range: StepRange, end: int, steps: int, advance: Advance, after_step: AfterStep
    ) -> None:
        """Train to step `end` of a step range that has so many `steps` in the segment."""
        phase = self.recipe.phases[step_range.phase]
        schedule_start, schedule_end = step_range.schedule
        validations = self._validation_steps(step_range, phase)
        points = validations | loss_steps(step_range.start, step_range.end)
        old_head = block_checksums(self.network).get(HEAD)
        first = self._unfreeze(step_range, phase)
        optimizer = self._prepare_optimizer(step_range, phase)
        mixes = not isinstance(step_range.stage.mixing, NoMixing)
        monitor = self.stats.monitor(step_range.start, mixes)
        self._before = block_checksums(self.network)
        monitor.resets_head |= self._before.get(HEAD) != old_head
        self._sample = DeviceImageSample(monitor.sample, self.device)
        # not by the steps that are left: graphs round otherwise than eager layers do
        replays = self.stats.micro_batches == 1 and steps >= STEPS_THAT_PAY
        inputs = self._inputs(step_range, first, replays)
        self.network.train()
        self._prepare_graphs(first, replays)
        self._sums = DeviceAccumulators.continuing(monitor, self.device)
        self._loss_sum = torch.tensor(self.stats.loss_sum, dtype=torch.float64, device=self.device)
        self._losses, self._written_step, self._begun = [], self.step, time.perf_counter()
        while self.step < end:
            progress = (self.step - schedule_start) / (schedule_end - schedule_start)
            factor = step_range.stage.lr_factor
            rate = set_learning_rates(optimizer, phase, progress, factor)
            loss = self._train_step(inputs.batch(self.step), inputs, optimizer)
            self._losses.append(loss)
            self._loss_sum += loss
            self.stats.rate_sum += rate
            self.step += 1
            self._is_ahead_of_stats = True
            advance(1)
            if self.step in points or self.step == end:
                self._write_back()
                self._require_finite_losses()
            if self.step in validations or self.step == end:
                self._compare_blocks()
            if self.step in points:
                self.stats.end_loss_point(self.step, step_range.start, schedule_start)
                self._loss_sum.zero_()
            if self.step in validations:
                self._validate(step_range.phase, phase)
                self.network.train()
                self._begun = time.perf_counter()
            after_step()

    def _write_back(self) -> None:
        """Bring `stats` up to the present step, which synchronises with the device."""
        if not self._is_ahead_of_stats:
            return
        stats = self.stats
        # first what may find no memory, and may be done again
        stats.loss_sum = self._loss_sum.item()
        stats.monitors[-1].read(self._sums)
        self._sample.write_back()
        stats.loss_steps += self.step - self._written_step
        stats.seconds += time.perf_counter() - self._begun
        self._written_step, self._begun = self.step, time.perf_counter()
        self._is_ahead_of_stats = False

    def _compare_blocks(self) -> None:
        """Note which blocks have changed; FloatingPointError if one has become infinite or NaN."""
        if self._before is None:
            return
        sums = block_checksums(self.network)
        self.stats.monitors[-1].compare(self._before, sums)
        if broken := [name for name, s in sums.items() if not np.isfinite(sum(s, ())).all()]:
            raise FloatingPointError(
                f"the numbers of {', '.join(broken)} became infinite or NaN by step {self.step}, "
                f"though the loss was finite: {WHAT_TO_DO}"
            )

    def _validation_steps(self, step_range: StepRange, phase: Phase) -> set[int]:
        if epochs := step_range.stage.extra_epochs:
            return validation_steps(step_range.start, step_range.end, epochs)
        start, end = self.budget.boundaries()[step_range.phase : step_range.phase + 2]
        return validation_steps(start, end, phase.epochs)

    def _train_step(
        self, batch: Batch, inputs: TrainingInputs, optimizer: torch.optim.Optimizer
    ) -> Tensor:
        """Update what is trainable by one batch; return the mean loss.

        If memory runs out, the batch passes in micro-batches whose gradients add up to the same
        mean. Batch norm then averages over fewer images, so the record says it. (Its running
        averages may have moved twice in layers that the failed attempt had passed.)
        """
        self.stats.count(batch, inputs.samples)
        while True:
            try:
                loss, sums = self._backward(batch, inputs)
                break
            except (RuntimeError, MemoryError) as error:
                most = len(batch) // SMALLEST_MICRO_BATCH
                if self.stats.micro_batch_count(len(batch)) >= most or not is_out_of_memory(error):
                    raise
            self._graph_runner = None  # graphs hold memory, for whole batches
            inputs.graphs.release()
            release_memory()  # here and not above: the error holds what is to be released
            self.stats.micro_batches *= 2
        # smaller micro-batches would not help here, and half a step must not be taken twice
        optimizer.step()
        self._sums.add(sums)
        if sums.rows:
            self._sample.add(torch.cat(sums.rows), inputs.samples.labels[batch.positions])
        self.network.zero_grad(set_to_none=True)  # leaves their memory to a validation or a save
        return loss

    def _backward(self, batch: Batch, inputs: TrainingInputs) -> tuple[Tensor, DeviceAccumulators]:
        """Leave the gradient of the mean loss in the network; return that loss and sums."""
        step_seed = derive_seed(self.seed, _STEP, self.step)
        self._generator.manual_seed(step_seed)
        seed_torch(self.device, step_seed)  # a strategy may use torch's own generators
        self.network.zero_grad(set_to_none=True)
        loss, sums = torch.zeros((), device=self.device), self._no_sums()
        if is_sampled(self.step - self.stats.monitors[-1].start):
            sums.rows = []
        for micro_batch in batch.micro_batches(self.stats.micro_batch_count(len(batch))):
            x, target = inputs.build(micro_batch, sums)
            if inputs.samples.features is None:
                features = self._graph_runner or self.network.features
                with self.frozen_features.autocast():
                    x = features(x)
            logits = self.network.classify(x, self._generator)
            logits.retain_grad()
            losses = losses_of(inputs.stage.loss, logits, target, inputs.counts)
            fraction = losses.sum() / len(batch)
            fraction.backward()
            loss += fraction.detach()
            sums.images += len(logits)
            if logits.grad is not None:  # a loss may leave the logits alone
                gradient = logits.grad * len(batch)  # of each image, not of its share of the mean
                sums.add_images(logits.detach(), gradient, target)
        return loss, sums

    def _require_finite_losses(self) -> None:
        """Raise FloatingPointError, with the step, unless the recent losses are finite."""
        if not self._losses:
            return
        losses = torch.stack(self._losses)
        finite = losses.isfinite().tolist()
        if not all(finite):
            first = finite.index(False)
            raise FloatingPointError(
                f"the loss became {losses[first].item()} at step "
                f"{self.step - len(finite) + first + 1}: {WHAT_TO_DO}"
            )
        self._losses.clear()

    def _validate(self, phase_index: int, phase: Phase) -> None:
        """Add a point to the learning curve. Nothing is ever chosen by it."""
        stats = self.stats
        logits, _ = self.outputs(self.split.val)
        stats.curve.append(
            {
                "step": self.step,
                "phase": phase_index,
                "train_from": phase.train_from,
                "train_loss": stats.mean_loss_since(stats.curve[-1]["step"] if stats.curve else 0),
                **validation_scores(logits, self.validation_labels, self.classes),
            }
        )

    def _inputs(self, step_range: StepRange, first: str, replays: bool = False) -> TrainingInputs:
        stage, samples = step_range.stage, self._samples(step_range, first)
        batch_size, start, rows = self.budget.batch_size, step_range.sampler_start, samples.drawable
        labels = samples.labels[rows]
        sampler = BatchSampler(stage.sampler, labels, self.seed, batch_size, start, rows)
        return TrainingInputs(
            frozen_features=self.frozen_features,
            train=self.split.train,
            counts=self._count_classes(self.labels[samples.kept]),
            samples=samples,
            sampler=sampler,
            augmentation=self.recipe.augmentation,
            stage=stage,
            network=self.network,
            generator=self._generator,
            batch_size=batch_size,
            is_replayed=replays,
        )

    def _samples(self, step_range: StepRange, first: str) -> SamplePool:
        """Return the rows to draw from; features are computed once if the head alone is trained."""
        synthesizer = step_range.stage.synthesizer
        augmentations = (self.recipe.augmentation, step_range.stage.augmentation)
        if first != HEAD:
            features = None
        elif synthesizer == NoSynthesis() and any(map(augments_every_image, augmentations)):
            features = torch.empty((0, self.width), device=self.device)  # no image stays as it is
        else:
            features = self._features(self.split.train)
        samples = SamplePool.from_images(self.labels, features, self._kept(step_range.stage))
        if synthesizer == NoSynthesis():
            return samples
        rng = np.random.default_rng([self.seed, _SYNTHESIS, step_range.sampler_start])
        samples = samples.with_synthetic(synthesizer, rng)
        self.stats.monitors[-1].describe_synthesis(samples)
        return samples

    def _prepare_graphs(self, first: str, replays: bool) -> None:
        """Capture the blocks that are trained, if there are some and steps enough."""
        pays = replays and first != HEAD
        if pays and self._graph_runner and self._graphs_from == first:
            return
        self._graph_runner = None
        if pays:
            x = self.frozen_features.inputs(np.resize(self.split.train, self.budget.batch_size))
            self._graph_runner = CudaGraphRunner(self.network, x, self.frozen_features.dtype)
            self._graphs_from = first

    def _no_sums(self) -> DeviceAccumulators:
        return DeviceAccumulators(self.classes, self.device)

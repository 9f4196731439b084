"""The one training loop. It reads a segment and never asks which strategy it serves.

A step is a function of the state before it, its number and the seed: batches, dropout and views are
drawn from generators seeded by (seed, step). So a training that is cut, shared, stopped or killed
anywhere goes on to the same network.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from benchmark.data.splits import Splits
from benchmark.evaluation.metrics import macro_f1, never_predicted
from benchmark.model.backbone import HEAD
from benchmark.model.network import Network
from benchmark.plan.experiment import Phase, Recipe
from benchmark.plan.segments import Budget, Segment, StepRange
from benchmark.strategy import Head, NoMixing, NoSynthesis
from benchmark.strategy.stage import augments_first
from benchmark.system.memory import in_full_batches, is_out_of_memory, release_memory
from benchmark.train.batch import Batch
from benchmark.train.batch_sampler import BatchSampler
from benchmark.train.checkpoint import (
    flatten_optimizer,
    load_tensors,
    named,
    save_tensors,
    under,
    unflatten_optimizer,
)
from benchmark.train.cuda_graphs import CudaGraphRunner
from benchmark.train.frozen_features import FrozenFeatures
from benchmark.train.sample_pool import SamplePool
from benchmark.train.stage_monitor import DeviceAccumulators, fingerprints, gradient_norm
from benchmark.train.telemetry import SMALLEST_MICRO_BATCH, TrainingStats

STEPS_THAT_PAY = 20  # a capture takes .15 s and saves 17 ms a step (H200, 299 px, 64 images)
_HEAD, _STEP, _MADE_UP = 2, 3, 4  # keep the random numbers of different uses of a seed apart


class Training:
    """One network on its way through the step budget.

    Parameters
    ----------
    material
        Images, stored activations, pretrained layers.
    split
        Positions of the training, validation and test images in the image set.
    recipe, budget, seed
        The same for every strategy.
    head
        The strategy's.
    """

    def __init__(
        self,
        material: FrozenFeatures,
        split: Splits,
        recipe: Recipe,
        budget: Budget,
        seed: int,
        head: Head,
    ) -> None:
        self.material, self.split, self.recipe = material, split, recipe
        self.budget, self.seed, self.make_head = budget, seed, head
        self.step = 0
        self.labels = material.labels[split.train]  # (N,)
        counts = np.bincount(self.labels, minlength=material.classes)
        self.counts = torch.from_numpy(counts).to(material.device, torch.float32)  # (C,)
        self.tally = TrainingStats.empty(material.classes, len(self.labels))
        backbone, suffix = material.pretrained.backbone, material.pretrained.suffix()
        self.width = backbone.width  # D
        self.network = Network(suffix, self._new_head(0), backbone.dropout).to(material.device)
        self.pretrained = True  # no layer of the suffix has been trained yet
        self.optimizer: torch.optim.Optimizer | None = None
        self._restored: dict[str, Tensor] = {}
        self._sums = self._no_sums()
        self._replay: tuple[str, CudaGraphRunner] | None = None  # first trained block, its graphs
        self._generator = torch.Generator(material.device)

    # ---- state -------------------------------------------------------------------------------

    def save(self, path: Path) -> None:
        """Write the state after the present step."""
        tensors = named("head", self.network.head.state_dict())
        if not self.pretrained:
            tensors |= named("suffix", self.network.suffix.state_dict())
        if self.optimizer is not None:
            tensors |= named("optimizer", flatten_optimizer(self.optimizer.state_dict()))
        save_tensors(path, tensors, {"step": self.step, "tally": self.tally.to_json()})

    def restore(self, path: Path) -> None:
        """Go on from a state that `save` wrote."""
        tensors, about = load_tensors(path)
        self.step, self.tally = about["step"], TrainingStats.from_json(about["tally"])
        self.network.head.load_state_dict(under("head", tensors))
        if suffix := under("suffix", tensors):
            self.network.suffix.load_state_dict(suffix)
            self.pretrained = False
        self._restored = under("optimizer", tensors)

    # ---- training ----------------------------------------------------------------------------

    def run(
        self,
        segment: Segment,
        advance: Callable[[int], None] = lambda _: None,
        pause: Callable[[], None] = lambda: None,
    ) -> None:
        """Train to the end of `segment`; `pause` is called after each validation, to save.

        Raises
        ------
        FloatingPointError
            If the loss stops being a finite number.
        """
        devices = [self.material.device] if self.material.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            for stretch in segment.stretches:
                end = min(stretch.end, segment.end)
                if self.step < end:
                    self._run_stretch(stretch, end, advance, pause)

    def _run_stretch(
        self,
        stretch: StepRange,
        end: int,
        advance: Callable[[int], None],
        pause: Callable[[], None],
    ) -> None:
        phase = self.recipe.phases[stretch.phase]
        first = stretch.stage.train_from or (
            HEAD if phase.train_from == "head" else self.material.pretrained.cut
        )
        if stretch.resets_head and self.step == stretch.start:
            self.network.head = self._new_head(stretch.start).to(self.material.device)
        self.network.set_trainable(first)
        self._prepare_optimizer(phase, fresh=stretch.fresh and self.step == stretch.start)
        watch, untouched = self.tally.watch(stretch.start), fingerprints(self.network)
        if first != HEAD:
            self.pretrained = False
        pool = self._pool(first, stretch)
        stream = BatchSampler(
            stretch.stage.sampler,
            pool.labels,
            self.seed,
            self.budget.batch_size,
            stretch.sampler_start,
        )
        phase_start, phase_end = self.budget.boundaries()[stretch.phase : stretch.phase + 2]
        stops = _validation_steps(phase_start, phase_end, phase.epochs)
        self.network.train()
        self._prepare_replay(first, end - self.step)
        loss_sum = torch.zeros((), dtype=torch.float64, device=self.material.device)
        done, begun = self.step, time.perf_counter()
        while self.step < end:
            self._set_rates(phase, (self.step - phase_start) / (phase_end - phase_start))
            loss_sum += self._one_step(stretch, stream, pool)
            self.step += 1
            advance(1)
            if self.step in stops or self.step == end:
                self.tally.loss_sum += loss_sum.item()  # waits for the device
                self.tally.loss_steps += self.step - done
                self.tally.seconds += time.perf_counter() - begun
                watch.add(self._sums)
                self._sums = self._no_sums()
                watch.compare(untouched, fingerprints(self.network))
                if not math.isfinite(self.tally.loss_sum):
                    raise FloatingPointError(
                        f"the loss became {self.tally.loss_sum} before step {self.step}: lower "
                        f"--lr, use --precision fp32, or check the strategy's loss"
                    )
                if self.step in stops:
                    self._validate(stretch, phase)
                    pause()
                    self.network.train()
                loss_sum.zero_()
                done, begun = self.step, time.perf_counter()

    def _one_step(self, stretch: StepRange, stream: BatchSampler, pool: SamplePool) -> Tensor:
        """Show one batch and update what is trained; return the mean loss.

        If memory runs out, the batch passes in micro-batches whose gradients add up to the same
        mean. Batch norm then averages over fewer images, so it is written down. (Its running
        averages may have moved twice in layers that the attempt had passed.)
        """
        assert self.optimizer is not None
        positions, repeat_index = stream.batch(self.step)
        shown = positions < pool.images  # (B,) the others are made up
        batch = Batch(positions, repeat_index, self._altered(stretch, repeat_index) & shown)
        self.tally.seen[positions[shown]] = True
        self.tally.views += int(batch.augmented.sum())
        watch = self.tally.stages_measured[-1]
        watch.count(pool.labels[positions[shown]], repeat_index[shown])
        np.add.at(watch.synthetic, pool.labels[positions[pool.new[positions]]], 1)
        while True:
            try:
                loss, sums = self._gradients(stretch, batch, pool)
                break
            except (RuntimeError, MemoryError) as error:
                most = self.tally.parts(len(batch)) >= len(batch) // SMALLEST_MICRO_BATCH
                if most or not is_out_of_memory(error):
                    raise
            self._replay = None  # graphs hold memory, for whole batches
            release_memory()  # here and not above: the error holds what is to be released
            self.tally.micro_batches *= 2
        # smaller parts of a batch would not help here, and half a step must not be taken twice
        self.optimizer.step()
        self._sums.add(sums)
        self.network.zero_grad(set_to_none=True)  # a validation, or a save, has their memory
        return loss

    def _gradients(
        self, stretch: StepRange, batch: Batch, pool: SamplePool
    ) -> tuple[Tensor, DeviceAccumulators]:
        step_seed = _derived(self.seed, _STEP, self.step)
        self._generator.manual_seed(step_seed)
        torch.manual_seed(step_seed)  # a strategy may use torch's own
        self.network.zero_grad(set_to_none=True)
        loss, sums = torch.zeros((), device=self.material.device), self._no_sums()
        for part in batch.parts(self.tally.parts(len(batch))):
            x, target = self._inputs(stretch, part, pool, sums)
            if pool.features is None:
                features = self._replay[1] if self._replay else self.network.features
                with self.material.autocast():
                    x = features(x)
            logits = self.network.classify(x, self._generator)
            logits.retain_grad()
            losses = stretch.stage.loss(logits, target, self.counts)
            if losses.shape != logits.shape[:1]:
                raise ValueError(
                    f"a loss must return one value an image, shape {tuple(logits.shape[:1])}, and "
                    f"leave the mean to the trainer; this one returned shape {tuple(losses.shape)}"
                )
            share = losses.sum() / len(batch)
            share.backward()
            loss += share.detach()
            sums.images += len(logits)
            if logits.grad is not None:  # a loss may leave the logits alone
                gradient = logits.grad * len(batch)  # each image's own, not its share of a mean
                sums.gradient_norm += gradient_norm(logits.detach(), gradient, target)
        return loss, sums

    def _no_sums(self) -> DeviceAccumulators:
        return DeviceAccumulators.empty(self.material.classes, self.material.device)

    def _altered(self, stretch: StepRange, repeat_index: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which images (B,) are augmented: asked without the device."""
        numbers = torch.from_numpy(repeat_index)
        augments = (self.recipe.augmentation, stretch.stage.augmentation)
        return np.logical_or(*(augment.changes(numbers).numpy() for augment in augments))

    def _inputs(
        self, stretch: StepRange, batch: Batch, pool: SamplePool, sums: DeviceAccumulators
    ) -> tuple[Tensor, Tensor]:
        """Inputs of the trained part and their targets (B, C); only altered images are run anew.

        Inputs are activations at the cut, or features (B, D) where the head alone is trained.
        """
        material, mix = self.material, stretch.stage.mixing
        labels = self._places(pool.labels[batch.positions])
        target = torch.zeros(len(batch), material.classes, device=material.device)
        target.scatter_(1, labels[:, None], 1.0)  # (B,) -> (B, 1); one_hot waits for the device
        mixes = not isinstance(mix, NoMixing)
        fresh, stored = _where(batch.augmented | mixes)
        if not len(fresh):
            return self._stored(batch.positions, pool), target
        images = self._views(stretch, batch.of(fresh), sums)
        if mixes:
            images, target = mix(images.float(), target, self.counts, self._generator)
            sums.mixed += (target.amax(1) < 1 - 1e-6).sum()
        viewed = material.pretrained.prefix(images)
        if pool.features is not None:
            with torch.no_grad(), material.autocast():
                viewed = self.network.features(viewed)
        if not len(stored):
            return viewed, target
        rows = self._stored(batch.positions[stored], pool)
        x = torch.empty((len(batch), *rows.shape[1:]), dtype=viewed.dtype, device=rows.device)
        if x.ndim == 4:
            x = x.contiguous(memory_format=torch.channels_last)
        x.index_copy_(0, self._places(fresh), viewed)
        x.index_copy_(0, self._places(stored), rows.to(viewed.dtype))
        return x, target

    def _views(self, stretch: StepRange, batch: Batch, sums: DeviceAccumulators) -> Tensor:
        """Images (B, 3, H, W) uint8, augmented by the recipe and then by the strategy."""
        images = self.material.images(self.split.train[batch.positions])
        for augment in (self.recipe.augmentation, stretch.stage.augmentation):
            changed, _ = _where(augment.changes(torch.from_numpy(batch.repeat_index)).numpy())
            if len(changed):
                which, numbers = self._places(changed), self._places(batch.repeat_index[changed])
                before = images.index_select(0, which)
                views = augment(before, numbers, self._generator)
                images = images.index_copy(0, which, views)
                if augment is stretch.stage.augmentation:
                    other = (views != before).flatten(1).any(1)  # (B, 3, H, W) -> (B,)
                    sums.augmented[0] += (other & (numbers == 0)).sum()
                    sums.augmented[1] += (other & (numbers > 0)).sum()
        return images

    def _places(self, numbers: NDArray[np.int64]) -> Tensor:
        return self.material.to_device(torch.from_numpy(numbers))

    def _stored(self, positions: NDArray[np.int64], pool: SamplePool) -> Tensor:
        if pool.features is not None:
            return pool.features.index_select(0, self._places(positions))
        return self.material.inputs(self.split.train[positions])

    def _pool(self, first: str, stretch: StepRange) -> SamplePool:
        """What is drawn from; features (N, D) are taken once if the head alone is trained."""
        synthesis = stretch.stage.synthesizer
        if synthesis == NoSynthesis():
            return SamplePool.of(self.labels, self._pooled(stretch) if first == HEAD else None)
        features = self._features(self.split.train) if first == HEAD else None
        rng = np.random.default_rng([self.seed, _MADE_UP, stretch.sampler_start])
        return SamplePool.of(self.labels, features).with_made_up(synthesis, rng)

    def _pooled(self, stretch: StepRange) -> Tensor:
        """Features of the training images (N, D); none if none of them is shown as it is."""
        if augments_first(self.recipe.augmentation) or augments_first(stretch.stage.augmentation):
            # then no image is ever shown as it is
            return torch.empty((0, self.width), device=self.material.device)
        return self._features(self.split.train)

    @torch.no_grad()
    def _features(self, indices: NDArray[np.int64]) -> Tensor:
        """Pooled features of images (N,) -> (N, D) by the network as it is now."""
        if self.pretrained and not len(self.material.pooled.missing(indices)):
            return self.material.pooled.read(indices).to(self.material.device)
        self.network.eval()

        def compute(batch: NDArray[np.int64]) -> Tensor:
            with self.material.autocast():
                return self.network.features(self.material.inputs(batch))

        return torch.cat([features for _, features in in_full_batches(indices, compute)])

    @torch.no_grad()
    def outputs(self, indices: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Logits (N, C) and features (N, D) of images (N,), in evaluation mode."""
        features = self._features(indices)
        self.network.eval()
        return self.network.classify(features), features

    def _validate(self, stretch: StepRange, phase: Phase) -> None:
        """Add a point to the learning curve; nothing is ever chosen by it."""
        logits, _ = self.outputs(self.split.val)
        labels = torch.from_numpy(self.material.labels[self.split.val]).to(logits.device)
        losses = nn.functional.cross_entropy(logits, labels, reduction="none").cpu().numpy()
        loss = float(losses.mean())
        predicted = logits.argmax(1).cpu().numpy()
        truth, classes = labels.cpu().numpy(), self.material.classes
        self.tally.curve.append(
            {
                "step": self.step,
                "phase": stretch.phase,
                "train_from": phase.train_from,
                "train_loss": self.tally.loss_sum / self.tally.loss_steps,
                "val_loss_by_class": _by_class(losses, truth, classes),
                "val_loss": loss if math.isfinite(loss) else None,
                "val_accuracy": float((predicted == truth).mean()),
                "val_macro_f1": macro_f1(truth, predicted, classes),
                "val_never_predicted": int(never_predicted(predicted, classes).sum()),
            }
        )
        self.tally.loss_sum, self.tally.loss_steps = 0.0, 0

    # ---- parts -------------------------------------------------------------------------------

    def _new_head(self, step: int) -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(_derived(self.seed, _HEAD, step))
            return self.make_head(self.width, self.material.classes)

    def _prepare_optimizer(self, phase: Phase, *, fresh: bool) -> None:
        if self.optimizer is not None and not fresh:
            return
        groups = []
        for part, rate in (("suffix", phase.lr), ("head", phase.head_lr or phase.lr)):
            trained = [p for p in getattr(self.network, part).parameters() if p.requires_grad]
            for decays in (True, False):  # biases and batch norm are not decayed
                chosen = [p for p in trained if (p.ndim > 1) == decays]
                if chosen:
                    decay = self.recipe.weight_decay * decays
                    groups.append({"params": chosen, "weight_decay": decay, "full_lr": rate})
        momentum = self.recipe.momentum
        if momentum is None:  # AdamW without decay is Adam
            self.optimizer = torch.optim.AdamW(groups, lr=phase.lr, fused=True)
        else:
            self.optimizer = torch.optim.SGD(groups, phase.lr, momentum, fused=True)
        self.optimizer.register_step_post_hook(self._count_step)
        if self._restored and not fresh:
            self.optimizer.load_state_dict(
                unflatten_optimizer(self._restored, self.optimizer.state_dict()["param_groups"])
            )
            for parameter, entries in self.optimizer.state.items():
                for name, value in entries.items():
                    if value.shape == parameter.shape:
                        # the fused step needs the strides of the parameter
                        entries[name] = torch.empty_like(parameter).copy_(value)
        self._restored = {}

    def _prepare_replay(self, first: str, steps: int) -> None:
        """Capture the trained blocks, where they are going to be used often enough."""
        if self._replay and self._replay[0] == first:
            return
        self._replay = None
        if first != HEAD and self.tally.micro_batches == 1 and steps >= STEPS_THAT_PAY:
            like = np.resize(self.split.train, self.budget.batch_size)
            x = self.material.inputs(like)
            self._replay = first, CudaGraphRunner(self.network, x, self.material.dtype)

    def _count_step(self, *_: object) -> None:
        self.tally.stages_measured[-1].steps += 1

    def _set_rates(self, phase: Phase, passed: float) -> None:
        factor = learning_rate_factor(phase, passed)
        assert self.optimizer is not None
        for group in self.optimizer.param_groups:
            group["lr"] = group["full_lr"] * factor


def learning_rate_factor(phase: Phase, passed: float) -> float:
    """Factor of the rate when the share `passed` (0 to 1) of a phase is over."""
    if passed < phase.warmup:
        return (passed + 0.01) / (phase.warmup + 0.01)
    if not phase.cosine:
        return 0.01 ** sum(passed >= drop for drop in phase.lr_milestones)
    return 0.5 * (1 + math.cos(math.pi * (passed - phase.warmup) / (1 - phase.warmup)))


def _by_class(
    losses: NDArray[np.float32], labels: NDArray[np.int64], classes: int
) -> list[float | None]:
    """Mean of losses (N,) over the images of each class -> C numbers; None where there is none."""
    images = np.bincount(labels, minlength=classes)
    means = np.bincount(labels, losses, minlength=classes) / np.maximum(images, 1)
    return [
        float(mean) if n and math.isfinite(mean) else None
        for mean, n in zip(means, images, strict=True)
    ]


def _where(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions at which a mask (B,) holds, and those at which it does not."""
    return np.flatnonzero(mask), np.flatnonzero(~mask)


def _validation_steps(start: int, end: int, epochs: float) -> set[int]:
    number = max(1, math.ceil(epochs))
    return {start + round((end - start) * (i + 1) / number) for i in range(number)}


def _derived(*numbers: int) -> int:
    """Return a seed that depends on all of the numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)

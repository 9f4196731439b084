"""What a training really does: measured as it goes, not read from its settings.

Steps are counted by the optimizer, augmented images by their pixels, trained blocks by their
numbers, the effect of a loss by its gradient beside that of cross-entropy at the same logits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from benchmark.evaluation.metrics.classification import macro_f1, never_predicted
from benchmark.model.backbone import HEAD
from benchmark.model.network import Network
from benchmark.storage.packed import pack_array, unpack_array
from benchmark.strategy.measurements import CONFIDENCE_BINS
from benchmark.train.batch_sampler import Batch
from benchmark.train.image_sample import ImageSample
from benchmark.train.sample_pool import SamplePool
from benchmark.train.synthetic_rows import describe_synthetic_rows

SMALLEST_MICRO_BATCH = 2  # batch norm can't average over one image

# block -> sums over its parameters, and over its batch-norm statistics
Checksums = dict[str, tuple[tuple[float, ...], tuple[float, ...]]]
_BLOCK_SETS = ("changed_parameters", "changed_batch_norm")


@dataclass
class StepRangeMonitor:
    """Measurements of one step range of a training. C classes, N training images."""

    start: int
    drawn: NDArray[np.int64]  # (C,) images drawn, by class
    synthetic: NDArray[np.int64]  # (C,) features drawn that are no image's
    gradient_norm: NDArray[np.float64]  # (C, CONFIDENCE_BINS, 2), see `gradient_norm`
    image_draws: NDArray[np.int32]  # (N,) draws of each image, in the order of their classes
    sample: ImageSample
    left_out: NDArray[np.bool_] | None = None  # (N,) likewise, by the selection; None: it has none
    same_class_pairs: int = 0  # pairs of images of one class in one batch
    resets_head: bool = False  # whether it began with other parameters of the head
    added_features: list[int] = field(default_factory=list)  # (C,) rows of the synthesizer
    synthetic_rows: list[list[float]] = field(default_factory=list)  # see `SyntheticRow`
    steps: int = 0  # optimizer steps taken
    images: int = 0  # images with a gradient
    # images at their first occurrence in an epoch, and repeats
    images_shown: list[int] = field(default_factory=lambda: [0, 0])
    augmented: list[int] = field(default_factory=lambda: [0, 0])  # of these, by the strategy
    mixed: int = 0  # with more than one class in their target
    blocks: list[str] = field(default_factory=list)  # blocks with parameters, in order
    batch_norm_blocks: list[str] = field(default_factory=list)  # blocks that have batch norm
    changed_parameters: set[str] = field(default_factory=set)  # blocks whose parameters changed
    changed_batch_norm: set[str] = field(default_factory=set)  # blocks whose statistics changed

    def read(self, sums: DeviceAccumulators) -> None:
        """Take over the sums that lie on the device, which synchronises."""
        self.gradient_norm = sums.gradient_norm.cpu().numpy().copy()  # on a CPU it is a view
        self.augmented = [int(number) for number in sums.augmented.tolist()]
        self.mixed = int(sums.mixed.item())
        self.images = sums.images

    def describe_synthesis(self, samples: SamplePool) -> None:
        """Note what the synthesizer made."""
        self.added_features = samples.added_by_class(len(self.drawn)).tolist()
        self.synthetic_rows = describe_synthetic_rows(samples)

    def compare(self, before: Checksums, after: Checksums) -> None:
        """Note the blocks whose numbers differ."""
        self.blocks = [block for block, (parameters, _) in after.items() if parameters]
        self.batch_norm_blocks = [block for block, (_, statistics) in after.items() if statistics]
        for block, (parameters, statistics) in after.items():
            if parameters != before[block][0]:
                self.changed_parameters.add(block)
            if statistics != before[block][1]:
                self.changed_batch_norm.add(block)

    def to_json(self) -> dict[str, Any]:
        """Return all fields as JSON-able values."""
        arrays = ("drawn", "synthetic", "gradient_norm")
        lists = {name: getattr(self, name).tolist() for name in arrays}
        lists |= {name: sorted(getattr(self, name)) for name in _BLOCK_SETS}
        packed = {"image_draws": pack_array(self.image_draws), "sample": self.sample.to_json()}
        packed["left_out"] = {} if self.left_out is None else pack_array(self.left_out)
        return {**self.__dict__, **lists, **packed}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> StepRangeMonitor:
        """Read the value of `to_json`."""
        arrays: dict[str, NDArray[Any] | None] = {
            name: np.asarray(value[name], np.int64) for name in ("drawn", "synthetic")
        }
        arrays["gradient_norm"] = np.asarray(value["gradient_norm"], np.float64)  # None: overflow
        arrays["image_draws"] = unpack_array(value["image_draws"])
        arrays["left_out"] = unpack_array(value["left_out"]) if value["left_out"] else None
        sets = {name: set(value[name]) for name in _BLOCK_SETS}
        sample = ImageSample.from_json(value["sample"])
        return cls(**{**value, **arrays, **sets, "sample": sample})


@dataclass
class TrainingStats:
    """Budget and learning curve of one network, part of every checkpoint. N training images."""

    classes: int
    used: NDArray[np.bool_]  # (N,) training images drawn at least once
    monitors: list[StepRangeMonitor] = field(default_factory=list)  # one for each step range
    augmented_images: int = 0
    micro_batches: int = 1  # into which a batch is cut since memory ran out
    seconds: float = 0.0  # of training steps, without validation
    loss_sum: float = 0.0  # over the steps since the last entry of `losses`
    rate_sum: float = 0.0  # of the factors of the learning rates in these steps
    loss_steps: int = 0
    losses: list[dict[str, Any]] = field(default_factory=list)  # see `LossPoint`
    curve: list[dict[str, Any]] = field(default_factory=list)  # one entry for each validation

    @property
    def drawn(self) -> NDArray[np.int64]:
        """Images drawn, by class, (C,)."""
        return sum((monitor.drawn for monitor in self.monitors), np.zeros(self.classes, np.int64))

    @property
    def distinct_images(self) -> int:
        """Training images drawn at least once."""
        return int(np.count_nonzero(self.used))

    def end_loss_point(self, step: int, start: int, schedule_start: int) -> None:
        """Write down the training loss since the last point, see `LossPoint` for the arguments."""
        point = {"step": step, "start": start, "schedule_start": schedule_start}
        loss = self.loss_sum / self.loss_steps
        self.losses.append({**point, "loss": loss, "learning": self.rate_sum})
        self.loss_sum, self.rate_sum, self.loss_steps = 0.0, 0.0, 0

    def mean_loss_since(self, step: int) -> float:
        """Return the mean training loss of the steps after `step`, at which a point ended."""
        ends = [0, *(point["step"] for point in self.losses)]
        steps = np.diff(ends)
        late = [end > step for end in ends[1:]]
        losses = np.array([point["loss"] for point in self.losses])
        return float(np.average(losses[late], weights=steps[late]))

    def monitor(self, start: int, mixes: bool = False) -> StepRangeMonitor:
        """Return the monitor of the step range that begins at step `start`."""
        if not self.monitors or self.monitors[-1].start != start:
            drawn, synthetic = np.zeros((2, self.classes), np.int64)
            norms = np.zeros((self.classes, CONFIDENCE_BINS, 2))
            image_draws = np.zeros(len(self.used), np.int32)
            sample = ImageSample.empty(self.classes, mixes)
            self.monitors.append(
                StepRangeMonitor(start, drawn, synthetic, norms, image_draws, sample)
            )
        return self.monitors[-1]

    def count(self, batch: Batch, samples: SamplePool) -> None:
        """Count a batch; rows of it that are no image of the training split are synthetic."""
        is_image = batch.positions < samples.images  # (B,)
        images = batch.positions[is_image]
        self.used[images] = True
        self.augmented_images += int(batch.augmented.sum())
        monitor = self.monitors[-1]
        np.add.at(monitor.drawn, samples.labels[images], 1)
        np.add.at(monitor.image_draws, samples.rank_by_class[images], 1)
        of_class = np.bincount(samples.labels[batch.positions])
        monitor.same_class_pairs += int((of_class * (of_class - 1) // 2).sum())
        repeats = int(np.count_nonzero(batch.repeat_index[is_image]))
        first, repeated = monitor.images_shown
        monitor.images_shown = [first + len(images) - repeats, repeated + repeats]
        synthetic = batch.positions[samples.synthetic[batch.positions]]
        np.add.at(monitor.synthetic, samples.labels[synthetic], 1)

    def micro_batch_count(self, batch_size: int) -> int:
        """Return into how many micro-batches a batch is cut, none of them too small."""
        return max(1, min(self.micro_batches, batch_size // SMALLEST_MICRO_BATCH))

    def micro_batch(self, batch_size: int) -> int:
        """Return how many images pass the network at once, at most."""
        return -(-batch_size // self.micro_batch_count(batch_size))

    def to_json(self) -> dict[str, Any]:
        """Return all fields as JSON-able values."""
        return {
            **self.__dict__,
            "used": np.packbits(self.used).tobytes().hex(),
            "images": len(self.used),
            "monitors": [monitor.to_json() for monitor in self.monitors],
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> TrainingStats:
        """Read the value of `to_json`."""
        fields = dict(value)
        bits = np.frombuffer(bytes.fromhex(value["used"]), np.uint8)
        fields["used"] = np.unpackbits(bits, count=fields.pop("images")).astype(bool)
        fields["monitors"] = [StepRangeMonitor.from_json(monitor) for monitor in value["monitors"]]
        return cls(**fields)


class DeviceAccumulators:
    """Sums that are accumulated on the device, so that no step synchronises."""

    def __init__(self, classes: int, device: torch.device) -> None:
        shape = (classes, CONFIDENCE_BINS, 2)
        self.gradient_norm = torch.zeros(shape, dtype=torch.float64, device=device)
        # first occurrences in an epoch, and repeats
        self.augmented = torch.zeros(2, dtype=torch.float64, device=device)
        self.mixed = torch.zeros((), dtype=torch.float64, device=device)
        self.images = 0
        self.rows: list[Tensor] | None = None  # of the images of a step, where they are sampled
        self.pixel_shares: Tensor | None = None  # of the last micro-batch, where it was mixed

    @classmethod
    def continuing(cls, monitor: StepRangeMonitor, device: torch.device) -> DeviceAccumulators:
        """Return sums that go on from those of a monitor."""
        sums = cls(len(monitor.drawn), device)
        sums.gradient_norm += torch.from_numpy(monitor.gradient_norm).to(device)
        sums.augmented += torch.tensor(monitor.augmented, device=device)
        sums.mixed += monitor.mixed
        sums.images = monitor.images
        return sums

    def add_images(self, logits: Tensor, gradient: Tensor, target: Tensor) -> None:
        """Add images (B, C); `gradient` is that of every image's own loss, before any mean."""
        self.gradient_norm += gradient_norm(logits, gradient, target)
        if self.rows is not None:
            shares = [] if self.pixel_shares is None else [self.pixel_shares]
            self.rows.append(torch.cat([logits, gradient, target, *shares], dim=1))

    def add(self, other: DeviceAccumulators) -> None:
        """Add the sums of a step, once that step has succeeded."""
        self.gradient_norm += other.gradient_norm
        self.augmented += other.augmented
        self.mixed += other.mixed
        self.images += other.images


def gradient_norm(logits: Tensor, gradient: Tensor, target: Tensor) -> Tensor:
    """Return the norms of the gradients at the logits (B, C), summed: (C, CONFIDENCE_BINS, 2).

    By class, and by probability of the true class: the norm of the loss's gradient, and that of
    cross-entropy's, softmax - target, which needs no backward pass. `gradient` (B, C) is that of
    every image's own loss, before any mean.
    """
    p = logits.softmax(1)
    norms = torch.stack((gradient.norm(dim=1), (p - target).norm(dim=1)), dim=1)  # (B, 2)
    confidence = (p * target).sum(1)
    index = (confidence * CONFIDENCE_BINS).long().clamp_(max=CONFIDENCE_BINS - 1)
    bins = torch.arange(CONFIDENCE_BINS, device=logits.device)
    is_in_bin = (index[:, None] == bins).float()  # (B,) -> (B, 1), (B, bins)
    return torch.einsum("bc,bp,bn->cpn", target, is_in_bin, norms).double()


def block_checksums(network: Network) -> Checksums:
    """Return sums over parameters, and over batch-norm statistics, of each block that has any."""
    checksums = {}
    for name, block in (*network.suffix.named_children(), (HEAD, network.head)):
        parameters = _checksum([p.detach() for p in block.parameters()])
        statistics = _checksum([b for b in block.buffers() if b.is_floating_point()])
        if parameters or statistics:
            checksums[name] = (parameters, statistics)
    return checksums


def _checksum(tensors: list[Tensor]) -> tuple[float, ...]:
    if not tensors:
        return ()
    sums = [t.sum(dtype=torch.float64) for t in tensors]
    squares = [(t * t).sum(dtype=torch.float64) for t in tensors]
    return tuple(torch.stack((torch.stack(sums).sum(), torch.stack(squares).sum())).tolist())


def validation_scores(logits: Tensor, labels: NDArray[np.int64], classes: int) -> dict[str, Any]:
    """Return loss, accuracy and macro-F1 of logits (N, C) against labels (N,), for a curve."""
    target = torch.from_numpy(labels).to(logits.device)
    losses = nn.functional.cross_entropy(logits, target, reduction="none").cpu().numpy()
    loss = float(losses.mean())
    predicted = logits.argmax(1).cpu().numpy()
    return {
        "val_loss_by_class": _mean_by_class(losses, labels, classes),
        "val_loss": loss if np.isfinite(loss) else None,
        "val_accuracy": float((predicted == labels).mean()),
        "val_macro_f1": macro_f1(labels, predicted, classes),
        "val_never_predicted": int(never_predicted(predicted, classes).sum()),
    }


def _mean_by_class(
    losses: NDArray[np.float32], labels: NDArray[np.int64], classes: int
) -> list[float | None]:
    """Mean of losses (N,) over the images of each class -> C numbers; None without images."""
    images = np.bincount(labels, minlength=classes)
    means = np.bincount(labels, losses, minlength=classes) / np.maximum(images, 1)
    return [
        float(mean) if n and np.isfinite(mean) else None
        for mean, n in zip(means, images, strict=True)
    ]

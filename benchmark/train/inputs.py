"""From a step's number to its batch, and from a batch to inputs and targets."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.model.network import Network
from benchmark.strategy import Augmentation, NoMixing, Stage
from benchmark.train.batch_sampler import Batch, BatchSampler
from benchmark.train.component_checks import augmented_by, mixed_by, selection_of
from benchmark.train.cuda_graphs import ForwardGraphs
from benchmark.train.frozen_features import FrozenFeatures
from benchmark.train.image_sample import grid, pixel_shares
from benchmark.train.sample_pool import SamplePool
from benchmark.train.telemetry import DeviceAccumulators

_OCCURRENCES = 1000  # in an epoch, that an augmentation is asked about


@dataclass(frozen=True)
class TrainingInputs:
    """Batches, inputs and targets of one step range. C classes."""

    frozen_features: FrozenFeatures
    train: NDArray[np.int64]  # (N,) indices of the training images in the image set
    counts: Tensor  # (C,) training images by class, on the device
    samples: SamplePool  # the rows that `sampler` draws from
    sampler: BatchSampler
    augmentation: Augmentation  # of the recipe, applied before that of the stage
    stage: Stage  # of the strategy
    network: Network  # computes features of augmented images where the head alone is trained
    generator: torch.Generator  # for augmentation and mixing
    batch_size: int
    is_replayed: bool = False  # frozen layers as CUDA graphs, where there are enough steps

    def batch(self, step: int) -> Batch:
        """Return the images of a step. It is decided here, without the device, which to augment."""
        positions, repeat_index = self.sampler.batch(step)
        numbers = torch.from_numpy(repeat_index)
        augmentations = (self.augmentation, self.stage.augmentation)
        changes = np.logical_or(*(selection_of(each, numbers).numpy() for each in augmentations))
        is_image = positions < self.samples.images  # (B,) the others are synthetic features
        return Batch(positions, repeat_index, changes & is_image)

    def build(self, batch: Batch, sums: DeviceAccumulators) -> tuple[Tensor, Tensor]:
        """Return inputs of the trained blocks and targets (B, C).

        Inputs are activations at the cut, or features (B, D) where the head alone is trained. Only
        augmented and mixed images pass the frozen layers anew.
        """
        frozen, mixing = self.frozen_features, self.stage.mixing
        labels = self._to_device(self.samples.labels[batch.positions])
        target = torch.zeros(len(batch), frozen.classes, device=frozen.device)
        target.scatter_(1, labels[:, None], 1.0)  # (B,) -> (B, 1); one_hot waits for the device
        mixes = not isinstance(mixing, NoMixing)
        recomputed = batch.augmented | mixes  # (B,)
        fresh, stored = np.flatnonzero(recomputed), np.flatnonzero(~recomputed)
        if not len(fresh):
            return self._stored(batch.positions), target
        images = self._images(batch.select(fresh), sums)
        if mixes:
            before = (grid(images), target.clone()) if sums.rows is not None else None
            images, target = mixed_by(mixing, images.float(), target, self.counts, self.generator)
            sums.mixed += (target.amax(1) < 1 - 1e-6).sum()
            if before is not None:
                sums.pixel_shares = pixel_shares(*before, grid(images), batch.positions)
        computed = self.graphs(images) if self.is_replayed else self.frozen_layers(images)
        if not len(stored):
            return computed, target
        rows = self._stored(batch.positions[stored])
        x = torch.empty((len(batch), *rows.shape[1:]), dtype=computed.dtype, device=rows.device)
        if x.ndim == 4:
            x = x.contiguous(memory_format=torch.channels_last)
        x.index_copy_(0, self._to_device(fresh), computed)
        x.index_copy_(0, self._to_device(stored), rows.to(computed.dtype))
        return x, target

    @cached_property
    def frozen_layers(self) -> Callable[[Tensor], Tensor]:
        """Images (B, 3, H, W) -> inputs of the trained blocks, as of `build`."""
        network = None if self.samples.features is None else self.network
        return partial(_frozen_layers, self.frozen_features, network)  # holds no inputs, or a cycle

    @cached_property
    def graphs(self) -> ForwardGraphs:
        """The frozen layers as CUDA graphs."""
        return ForwardGraphs(self.frozen_layers, self.batch_size)

    def _images(self, batch: Batch, sums: DeviceAccumulators) -> Tensor:
        """Images (B, 3, H, W) uint8, augmented by the recipe and then by the strategy."""
        images = self.frozen_features.images(self.train[batch.positions])
        for augment in (self.augmentation, self.stage.augmentation):
            selected = selection_of(augment, torch.from_numpy(batch.repeat_index))
            changed = np.flatnonzero(selected.numpy())
            if len(changed):
                rows = self._to_device(changed)
                numbers = self._to_device(batch.repeat_index[changed])
                before = images.index_select(0, rows)
                augmented = augmented_by(augment, before, numbers, self.generator)
                images = images.index_copy(0, rows, augmented)
                if augment is self.stage.augmentation:
                    differs = (augmented != before).flatten(1).any(1)  # (B, 3, H, W) -> (B,)
                    sums.augmented[0] += (differs & (numbers == 0)).sum()
                    sums.augmented[1] += (differs & (numbers > 0)).sum()
        return images

    def _stored(self, positions: NDArray[np.int64]) -> Tensor:
        if self.samples.features is not None:
            return self.samples.features.index_select(0, self._to_device(positions))
        return self.frozen_features.inputs(self.train[positions])

    def _to_device(self, numbers: NDArray[np.int64]) -> Tensor:
        return self.frozen_features.to_device(torch.from_numpy(numbers))


def _frozen_layers(frozen: FrozenFeatures, network: Network | None, images: Tensor) -> Tensor:
    """Return activations at the cut; with a network, whose blocks are all frozen, features."""
    computed = frozen.pretrained.prefix(images)
    if network is not None:
        with torch.no_grad(), frozen.autocast():
            computed = network.features(computed)
    return computed


def augments_every_image(augmentation: Augmentation) -> bool:
    """Return whether every occurrence of an image in an epoch is augmented."""
    return bool(selection_of(augmentation, torch.arange(_OCCURRENCES)).all())

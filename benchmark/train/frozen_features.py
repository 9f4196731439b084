"""The frozen part of an experiment: pixels, pretrained layers and the activations they give."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from benchmark.model.backbone import HEAD
from benchmark.model.pretrained import Pretrained
from benchmark.storage.stored_array import StoredArray
from benchmark.system.progress import Advance
from benchmark.train.activation_store import (
    ActivationStore,
    Compute,
    DeviceActivationStore,
    Indices,
)
from benchmark.train.mean_activations import mean_inputs, mean_over_positions
from benchmark.train.placement import Placement, StoreAllocator

FROZEN_LAYERS, FEATURES, MIDDLE = "frozen layers", "features", "middle features"
FORWARD_PASSES = (FROZEN_LAYERS, FEATURES, MIDDLE)  # the others read the rows of the first


@dataclass(frozen=True)
class FrozenFeatures:
    """What no training changes: N images of C classes, pretrained layers, stored activations."""

    classes: int
    pixels: StoredArray | Tensor  # (N, H, W, 3); a tensor is on the device
    pretrained: Pretrained  # the network, with the first block that may be trained
    placement: Placement  # of the activations
    at_cut: ActivationStore | None  # None: nothing is stored, each image passes the prefix anew
    pooled: ActivationStore  # features of the pretrained network, for phases that train the head
    middle: ActivationStore  # mean activations before its block `half`, (M,) an image

    @classmethod
    def allocate(
        cls,
        allocator: StoreAllocator,
        pretrained: Pretrained,
        pixels: StoredArray,
        image_size: int,
        classes: int,
    ) -> FrozenFeatures:
        """Return them with pixels and stores at the places that the allocator finds for them."""
        cut, backbone, device = pretrained.cut, pretrained.backbone, pretrained.device
        # the layers after the cut compute the features, so their rounding depends on the cut
        pooled, placement = _allocate_rows(
            allocator, f"pooled features (trained from {cut})", backbone.width
        )
        middle, _ = _allocate_rows(
            allocator,
            f"mean activations before {backbone.half}",
            backbone.input_shape(backbone.half, image_size)[0],
        )
        at_cut: ActivationStore | None = pooled
        if cut != HEAD:
            at_cut, placement = None, Placement.RECOMPUTE
            if cut != backbone.blocks[0]:  # else nothing is frozen
                shape = backbone.input_shape(cut, image_size)
                name = f"activations before {cut}"
                at_cut, placement = allocator.allocate(name, shape, device.precision)
        return cls(classes, allocator.pixels(pixels), pretrained, placement, at_cut, pooled, middle)

    @property
    def device(self) -> torch.device:
        """The device of all computations."""
        return self.pretrained.device.torch_device

    @property
    def dtype(self) -> torch.dtype:
        """Type of the frozen layers, and of the others where it is exact enough."""
        return self.pretrained.device.dtype

    def images(self, indices: Indices) -> Tensor:
        """Pixels of images (B,) -> (B, 3, H, W) uint8 on the device."""
        if isinstance(self.pixels, Tensor):
            batch = self.pixels.index_select(0, self.to_device(torch.from_numpy(indices)))
        else:
            batch = self.to_device(torch.from_numpy(self.pixels[indices]))
        return batch.permute(0, 3, 1, 2)  # (B, H, W, 3) -> (B, 3, H, W), channels-last in memory

    def inputs(self, indices: Indices) -> Tensor:
        """Activations at the cut of images (B,) -> (B, C, H, W), or (B, D) for a cut at the end."""
        if self.at_cut is None:
            return self._frozen(indices)
        return self.to_device(self.at_cut.read(indices))

    def to_device(self, values: Tensor) -> Tensor:
        """Copy values to the device without synchronising."""
        if self.device.type == "cuda" and not values.is_cuda:
            values = values.pin_memory()
        return values.to(self.device, non_blocking=True)

    def autocast(self) -> AbstractContextManager[None]:
        """Return the context in which the suffix computes."""
        half = self.dtype == torch.bfloat16
        return torch.autocast(self.device.type, torch.bfloat16, enabled=half)

    def store(self, forward_pass: str) -> ActivationStore | None:
        """Return the store that one of `FORWARD_PASSES` fills; None if nothing is stored."""
        stores = {FROZEN_LAYERS: self.at_cut, FEATURES: self.pooled, MIDDLE: self.middle}
        return stores[forward_pass]

    def fill(self, forward_pass: str, indices: Indices, advance: Advance = lambda _: None) -> None:
        """Run one of `FORWARD_PASSES` over those images whose rows are missing."""
        store = self.store(forward_pass)
        if store and len(store.missing(indices)):
            if forward_pass == FEATURES:
                compute = self._features(self.inputs)
            elif forward_pass == MIDDLE:
                compute = self._mean_activations
            else:  # of stored activations of the middle, the means are soon computed
                is_middle = self.pretrained.cut == self.pretrained.backbone.half
                compute = self._frozen if is_middle else self._frozen_and_middle
            store.fill(indices, compute, advance)

    def pretrained_features(self, indices: Indices) -> Tensor:
        """Features (N, M + D) of images by the pretrained network, in the memory of the host.

        M of its middle, the mean over positions of the activations that the block `half` begins
        with, and D of its end. Each part is standardised over these images, and both count the
        same. The end alone knows the classes of ImageNet; the middle tells other images apart. What
        no phase has stored is computed.
        """
        if self.at_cut is self.pooled:
            self.fill(FROZEN_LAYERS, indices)
        elif self.at_cut is None or len(self.at_cut.missing(indices)):
            self.pooled.fill(indices, self._features(self._frozen_and_middle))  # from pixels on
        else:
            self.fill(FEATURES, indices)
        self.fill(MIDDLE, indices)
        # to one place: a GPU may have had room for the rows of one store alone
        parts = [store.read(indices).cpu() for store in (self.middle, self.pooled)]
        return torch.cat([_standardise(part) for part in parts], dim=1)

    def _frozen_and_middle(self, indices: Indices) -> Tensor:
        """Activations at the cut; store means of the middle, unless that comes after the cut."""
        pretrained, backbone = self.pretrained, self.pretrained.backbone
        if backbone.half in backbone.trainable(pretrained.cut)[1:]:
            return self._frozen(indices)
        with mean_inputs(pretrained.prefix.blocks, backbone.half) as means:
            at_cut = self._frozen(indices)
        rows = torch.cat(means)[: len(indices)].float()  # without those of padding
        row_of = {index: row for row, index in enumerate(indices.tolist())}
        own = np.array(sorted(row_of))  # once each: a batch is filled up with images of its own
        self.middle.fill(own, lambda part: rows[[row_of[index] for index in part.tolist()]])
        return at_cut

    def _mean_activations(self, indices: Indices) -> Tensor:
        half, stored = self.pretrained.backbone.half, self.at_cut
        if stored and self.pretrained.cut == half and not len(stored.missing(indices)):
            x = self.inputs(indices)
        else:
            x = self._until_middle.prefix(self.images(indices))
        return mean_over_positions(x.float())

    @cached_property
    def _until_middle(self) -> Pretrained:
        return replace(self.pretrained, cut=self.pretrained.backbone.half)

    def _frozen(self, indices: Indices) -> Tensor:
        return self.pretrained.prefix(self.images(indices))

    def _features(self, inputs: Compute) -> Compute:
        suffix = self.pretrained.suffix().eval()

        @torch.no_grad()
        def features(indices: Indices) -> Tensor:
            with self.autocast():
                return suffix(inputs(indices)).float()  # (B, D)

        return features


def _allocate_rows(
    allocator: StoreAllocator, name: str, width: int
) -> tuple[ActivationStore, Placement]:
    """Return a store of rows (N, width), which always fits somewhere."""
    store, placement = allocator.allocate(name, (width,), "float32")
    rows = (allocator.rows, (width,), "float32", allocator.device.name)
    return store or DeviceActivationStore(*rows), placement


def _standardise(part: Tensor) -> Tensor:
    """Features (N, D) -> of mean 0 and variance 1 / D: their variances add up to 1 for every D."""
    deviation = part.std(dim=0, correction=0)
    deviation[deviation == 0] = 1
    return (part - part.mean(dim=0)) / deviation / part.shape[1] ** 0.5

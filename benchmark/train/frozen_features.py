"""The frozen part of an experiment: pixels, pretrained layers and the activations they give."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.model.backbone import HEAD
from benchmark.model.pretrained import Pretrained
from benchmark.system.progress import Advance
from benchmark.train.activation_store import (
    ActivationStore,
    Compute,
    DeviceActivationStore,
    Indices,
)
from benchmark.train.placement import Placement, StoreAllocator

FROZEN_LAYERS, FEATURES = "frozen layers", "features"
FORWARD_PASSES = (FROZEN_LAYERS, FEATURES)  # the second one reads the rows of the first


@dataclass(frozen=True)
class FrozenFeatures:
    """What no training changes: N images of C classes, pretrained layers, stored activations."""

    classes: int
    pixels: NDArray[np.uint8] | Tensor  # (N, H, W, 3); a tensor is on the device
    pretrained: Pretrained  # the network, with the first block that may be trained
    placement: Placement  # of the activations
    at_cut: ActivationStore | None  # None: nothing is stored, each image passes the prefix anew
    pooled: ActivationStore  # features of the pretrained network, for phases that train the head

    @classmethod
    def allocate(
        cls,
        allocator: StoreAllocator,
        pretrained: Pretrained,
        pixels: NDArray[np.uint8],
        image_size: int,
        classes: int,
    ) -> FrozenFeatures:
        """Return them with pixels and stores at the places that the allocator finds for them."""
        cut, backbone, device = pretrained.cut, pretrained.backbone, pretrained.device
        # the layers after the cut compute the features, so their rounding depends on the cut
        name = f"pooled features (trained from {cut})"
        pooled, placement = allocator.allocate(name, (backbone.width,), "float32")
        pooled = pooled or DeviceActivationStore(
            len(pixels), (backbone.width,), "float32", device.name
        )
        at_cut: ActivationStore | None = pooled
        if cut != HEAD:
            at_cut, placement = None, Placement.RECOMPUTE
            if cut != backbone.blocks[0]:  # else nothing is frozen
                shape = backbone.input_shape(cut, image_size)
                name = f"activations before {cut}"
                at_cut, placement = allocator.allocate(name, shape, device.precision)
        return cls(classes, allocator.pixels(pixels), pretrained, placement, at_cut, pooled)

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
        if isinstance(self.pixels, np.ndarray):
            batch = self.to_device(torch.from_numpy(self.pixels[indices]))
        else:
            batch = self.pixels.index_select(0, self.to_device(torch.from_numpy(indices)))
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
        return {FROZEN_LAYERS: self.at_cut, FEATURES: self.pooled}[forward_pass]

    def fill(self, forward_pass: str, indices: Indices, advance: Advance = lambda _: None) -> None:
        """Run one of `FORWARD_PASSES` over those images whose rows are missing."""
        store = self.store(forward_pass)
        if store and len(store.missing(indices)):
            is_frozen = forward_pass == FROZEN_LAYERS
            compute = self._frozen if is_frozen else self._features(self.inputs)
            store.fill(indices, compute, advance)

    def pretrained_features(self, indices: Indices) -> Tensor:
        """Pooled features (N, D) by the pretrained network, also where no phase reads them."""
        if self.at_cut is None or len(self.at_cut.missing(indices)):
            self.pooled.fill(indices, self._features(self._frozen))  # from the pixels on
        else:
            self.fill(FEATURES, indices)
        return self.pooled.read(indices)

    def _frozen(self, indices: Indices) -> Tensor:
        return self.pretrained.prefix(self.images(indices))

    def _features(self, inputs: Compute) -> Compute:
        suffix = self.pretrained.suffix().eval()

        @torch.no_grad()
        def features(indices: Indices) -> Tensor:
            with self.autocast():
                return suffix(inputs(indices)).float()  # (B, D)

        return features

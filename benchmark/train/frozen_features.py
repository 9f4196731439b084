"""What segments train on: pixels, activations at the cut, and the layers on both sides of it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmark.model.pretrained import Pretrained
from benchmark.system.progress import Advance
from benchmark.train.activation_store import ActivationStore
from benchmark.train.placement import Placement

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from benchmark.train.activation_store import Compute

FROZEN_LAYERS, FEATURES = "frozen layers", "features"
PASSES = (FROZEN_LAYERS, FEATURES)  # through pretrained layers, the second on the first's rows


@dataclass(frozen=True)
class FrozenFeatures:
    """N images of C classes, the same for every strategy and seed of an experiment."""

    labels: NDArray[np.int64]  # (N,)
    classes: int
    pixels: NDArray[np.uint8] | Tensor  # (N, H, W, 3); a tensor is on the device
    pretrained: Pretrained  # the network, with the first block that may be trained
    home: Placement  # where the activations live
    at_cut: ActivationStore | None  # None: nothing is stored, every image passes the prefix anew
    pooled: (
        ActivationStore  # features of the pretrained network, for phases that train the head alone
    )

    @property
    def device(self) -> torch.device:
        """On which everything is computed."""
        return self.pretrained.device.place

    @property
    def dtype(self) -> torch.dtype:
        """In which the frozen layers compute, and the others where that is exact enough."""
        return self.pretrained.device.dtype

    def images(self, indices: NDArray[np.int64]) -> Tensor:
        """Pixels of images (B,) -> (B, 3, H, W) uint8 on the device."""
        import torch

        if isinstance(self.pixels, np.ndarray):
            batch = self.to_device(torch.from_numpy(self.pixels[indices]))
        else:
            batch = self.pixels.index_select(0, self.to_device(torch.from_numpy(indices)))
        return batch.permute(0, 3, 1, 2)  # (B, H, W, 3) -> (B, 3, H, W), channels-last in memory

    def inputs(self, indices: NDArray[np.int64]) -> Tensor:
        """Activations at the cut of images (B,) -> (B, C, H, W), or (B, D) for a cut at the end."""
        if self.at_cut is None:
            return self.pretrained.prefix(self.images(indices))
        return self.to_device(self.at_cut.read(indices))

    def to_device(self, values: Tensor) -> Tensor:
        """Return values on the device, without waiting for what it is at."""
        if self.device.type == "cuda" and not values.is_cuda:
            values = values.pin_memory()
        return values.to(self.device, non_blocking=True)

    def autocast(self) -> AbstractContextManager[None]:
        """Return the context in which the suffix computes."""
        import torch

        return torch.autocast(
            self.device.type, torch.bfloat16, enabled=self.dtype == torch.bfloat16
        )

    def store(self, what: str) -> ActivationStore | None:
        """Return the rows that one of the PASSES fills; None if they are not kept."""
        return {FROZEN_LAYERS: self.at_cut, FEATURES: self.pooled}[what]

    def fill(
        self, what: str, indices: NDArray[np.int64], advance: Advance = lambda _: None
    ) -> None:
        """Run pretrained layers over those of the images that have not passed them yet."""
        store = self.store(what)
        if store and len(store.missing(indices)):
            compute = self._frozen() if what == FROZEN_LAYERS else self._features()
            store.fill(indices, compute, advance)

    def _frozen(self) -> Compute:
        return lambda indices: self.pretrained.prefix(self.images(indices))

    def _features(self) -> Compute:
        import torch

        suffix = self.pretrained.suffix().eval()

        @torch.no_grad()
        def features(indices: NDArray[np.int64]) -> Tensor:
            with self.autocast():
                return suffix(self.inputs(indices)).float()  # (B, D)

        return features

"""What segments train on: pixels, activations at the cut, and the layers on both sides of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from benchmark.model.inception import Frozen
from benchmark.train.rows import RowStore


@dataclass(frozen=True)
class Material:
    """N images of C classes, the same for every strategy and seed of an experiment."""

    labels: NDArray[np.int64]  # (N,)
    classes: int
    pixels: NDArray[np.uint8]  # (N, H, W, 3)
    prefix: Frozen  # the layers before the cut; without any it just normalises
    suffix: nn.Sequential  # the layers from the cut on, as pretrained
    cut: str  # the first block that may be trained
    at_cut: RowStore | None  # None: nothing is frozen, the pixels themselves are the input
    pooled: RowStore  # features of the pretrained network, for phases that train the head alone
    device: torch.device
    dtype: torch.dtype

    def images(self, indices: NDArray[np.int64]) -> Tensor:
        """Pixels of images (B,) -> (B, 3, H, W) uint8 on the device."""
        batch = torch.from_numpy(self.pixels[indices]).to(self.device)
        return batch.permute(0, 3, 1, 2)  # (B, H, W, 3) -> (B, 3, H, W), channels-last in memory

    def inputs(self, indices: NDArray[np.int64]) -> Tensor:
        """Activations at the cut of images (B,) -> (B, C, H, W), or (B, D) for a cut at the end."""
        if self.at_cut is None:
            return self.prefix(self.images(indices))
        return self.at_cut.read(indices).to(self.device, non_blocking=True)

    def autocast(self) -> AbstractContextManager[None]:
        """Return the context in which the suffix computes."""
        return torch.autocast(
            self.device.type, torch.bfloat16, enabled=self.dtype == torch.bfloat16
        )

    def fill_inputs(self, indices: NDArray[np.int64], advance: Callable[[int], None]) -> None:
        """Run the frozen layers over the images that have not passed them yet."""
        if self.at_cut is not None:
            self.at_cut.fill(indices, lambda batch: self.prefix(self.images(batch)), advance)

    def fill_pooled(self, indices: NDArray[np.int64], advance: Callable[[int], None]) -> None:
        """Run the pretrained suffix over the images that have not passed it yet."""
        suffix = self.suffix.eval()

        @torch.no_grad()
        def compute(batch: NDArray[np.int64]) -> Tensor:
            with self.autocast():
                return suffix(self.inputs(batch)).float()  # (B, D)

        self.pooled.fill(indices, compute, advance)

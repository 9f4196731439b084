"""Where a trained network looks: Grad-CAM (Selvaraju et al. 2017, arXiv 1610.02391).

A is a feature map (K, h, w) of the network, y the logit of a class. The weight of channel k is the
gradient of y with respect to A_k, averaged over positions (their eq. 1); the map of the class is
ReLU(sum over k of weight k times A_k) (eq. 2). After the last map this network averages over
positions, so there the map is that of CAM (Zhou et al. 2016) for a linear head.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from benchmark.inference.trained_network import TrainedNetwork
from benchmark.model.network import FrozenPrefix

# positions a side that a map must have: of small images the last one has a single position or
# four, which say nothing of where
MIN_SIDE = 4
BATCH_SIZE = 16  # images at a time on any device: few are looked at


class NoFeatureMapError(ValueError):
    """No block of a network gives a map (B, K, h, w), so nothing says where it looks."""


@dataclass(frozen=True)
class GradCam:
    """Grad-CAM of one network, at the last of its maps that is not too coarse."""

    trained: TrainedNetwork
    block: str  # the block whose output the map is
    shape: tuple[int, int]  # h, w

    @classmethod
    def choose(cls, trained: TrainedNetwork, size: int) -> GradCam:
        """Return it for images of so many pixels a side.

        The map is the last with MIN_SIDE positions a side, or else the last of the finest. Raises
        NoFeatureMapError if there is none.
        """
        x = _normalise(trained, torch.zeros(1, size, size, 3, dtype=torch.uint8))
        maps: list[tuple[int, int, str, tuple[int, ...]]] = []
        with torch.no_grad(), _autocast(trained):
            for name, block in _chain(trained):
                x = block(x)
                if x.ndim == 4:
                    maps.append((min(x.shape[2:], default=0), len(maps), name, tuple(x.shape[2:])))
        if not maps:
            raise NoFeatureMapError("no block of the network gives a map with positions")
        _, _, name, shape = max(maps, key=lambda each: (min(each[0], MIN_SIDE), each[1]))
        return cls(trained, name, (shape[0], shape[1]))

    def maps(self, images: NDArray[np.uint8], classes: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return how much each position speaks for a class of each image, (N, h, w).

        The largest number of a map is 1, unless nothing speaks for the class: then it is 0.

        Parameters
        ----------
        images, classes
            (N, H, W, 3) RGB; (N,) the class to look at in each image.
        """
        parts = [
            self._maps(torch.from_numpy(images[k]), torch.from_numpy(classes[k]))
            for k in _slices(len(images))
        ]
        maps = np.concatenate(parts) if parts else np.empty((0, *self.shape), np.float32)
        largest = maps.max((1, 2), keepdims=True, initial=0)
        return np.divide(maps, largest, out=np.zeros_like(maps), where=largest > 0)

    def _maps(self, images: Tensor, classes: Tensor) -> NDArray[np.float32]:
        chain = _chain(self.trained)
        after = [name for name, _ in chain].index(self.block) + 1
        with _autocast(self.trained):
            with torch.no_grad():
                feature_map = _run(chain[:after], _normalise(self.trained, images))
            feature_map.requires_grad_()
            with torch.enable_grad():
                # a copy: a block may change its input in place
                features = _run(chain[after:], feature_map.clone()).float()
                logits = self.trained.network.classify(features)  # (B, C)
                chosen = logits.gather(1, classes.to(logits.device)[:, None]).sum()
            (gradient,) = torch.autograd.grad(chosen, feature_map)  # (B, K, h, w)
        weights = gradient.float().mean((2, 3), keepdim=True)
        maps = (weights * feature_map.detach().float()).sum(1).relu()
        return maps.cpu().numpy()


def _chain(trained: TrainedNetwork) -> list[tuple[str, nn.Module]]:
    """Return all blocks from the images to the features, frozen or not, with their names."""
    parts = (trained.prefix.blocks, trained.network.suffix)
    return [named for part in parts for named in part.named_children()]


def _run(blocks: Iterable[tuple[str, nn.Module]], x: Tensor) -> Tensor:
    for _, block in blocks:
        x = block(x)
    return x


def _normalise(trained: TrainedNetwork, images: Tensor) -> Tensor:
    """Images (B, H, W, 3) uint8 -> what the first block takes, (B, 3, H, W)."""
    nothing = FrozenPrefix(nn.Sequential(), trained.prefix.dtype)
    return nothing(images.to(trained.device.torch_device).permute(0, 3, 1, 2))


def _autocast(trained: TrainedNetwork) -> torch.autocast:
    is_half = trained.device.precision == "bfloat16"
    return torch.autocast(trained.device.type, torch.bfloat16, enabled=is_half)


def _slices(number: int) -> list[slice]:
    return [slice(begin, begin + BATCH_SIZE) for begin in range(0, number, BATCH_SIZE)]

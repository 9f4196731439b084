"""What a training is seen to do: measured as it goes, not read from its settings.

Steps are counted by the optimizer, altered images by their pixels, trained blocks by their numbers,
the effect of a loss by its gradient beside that of cross-entropy at the same logits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.model.backbone import HEAD
from benchmark.model.network import Network
from benchmark.strategy.expectations import CONFIDENCE_BINS

Fingerprints = dict[str, tuple[tuple[float, ...], tuple[float, ...]]]


@dataclass
class StageMonitor:
    """One stretch of a training. C classes."""

    start: int
    drawn: NDArray[np.int64]  # (C,) images shown, by class
    synthetic: NDArray[np.int64]  # (C,) features shown that are no image's
    gradient_norm: NDArray[np.float64]  # (C, CONFIDENCE_BINS, 2), see `gradient_norm`
    steps: int = 0  # that optimizers took
    images: int = 0  # that gave a gradient
    shown: list[int] = field(default_factory=lambda: [0, 0])  # first showings in a pass, repeats
    augmented: list[int] = field(default_factory=lambda: [0, 0])  # by the strategy, of either
    mixed: int = 0  # with more than one class in their target
    blocks: list[str] = field(default_factory=list)  # that have parameters, in order
    averaging: list[str] = field(default_factory=list)  # of those, the ones with batch norm
    trained: set[str] = field(default_factory=set)  # blocks whose parameters changed
    averaged: set[str] = field(default_factory=set)  # blocks whose batch-norm statistics did

    @classmethod
    def empty(cls, start: int, classes: int) -> StageMonitor:
        """Nothing seen yet."""
        drawn, synthetic = np.zeros((2, classes), np.int64)
        return cls(start, drawn, synthetic, np.zeros((classes, CONFIDENCE_BINS, 2)))

    def count(self, labels: NDArray[np.int64], repeat_index: NDArray[np.int64]) -> None:
        """Add a batch: labels (B,), and which showing within its pass each image is (B,)."""
        np.add.at(self.drawn, labels, 1)
        repeats = int(np.count_nonzero(repeat_index))
        self.shown = [self.shown[0] + len(repeat_index) - repeats, self.shown[1] + repeats]

    def add(self, sums: DeviceAccumulators) -> None:
        """Add what lay on the device."""
        self.gradient_norm += sums.gradient_norm.cpu().numpy()
        augmented = sums.augmented.tolist()
        self.augmented = [a + int(b) for a, b in zip(self.augmented, augmented, strict=True)]
        self.mixed += int(sums.mixed.item())
        self.images += sums.images

    def compare(self, before: Fingerprints, after: Fingerprints) -> None:
        """Note the blocks whose numbers differ."""
        self.blocks = [block for block, (parameters, _) in after.items() if parameters]
        self.averaging = [block for block, (_, statistics) in after.items() if statistics]
        for block, (parameters, statistics) in after.items():
            if parameters != before[block][0]:
                self.trained.add(block)
            if statistics != before[block][1]:
                self.averaged.add(block)

    def to_json(self) -> dict[str, Any]:
        """Return everything, for a file."""
        return {
            **self.__dict__,
            "drawn": self.drawn.tolist(),
            "synthetic": self.synthetic.tolist(),
            "gradient_norm": self.gradient_norm.tolist(),
            "trained": sorted(self.trained),
            "averaged": sorted(self.averaged),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> StageMonitor:
        """Read what `to_json` gave."""
        arrays = {name: np.asarray(value[name], np.int64) for name in ("drawn", "synthetic")}
        arrays["gradient_norm"] = np.asarray(value["gradient_norm"])
        sets = {name: set(value[name]) for name in ("trained", "averaged")}
        return cls(**{**value, **arrays, **sets})


@dataclass
class DeviceAccumulators:
    """Added up on the device, which is not waited for."""

    gradient_norm: Tensor  # (C, CONFIDENCE_BINS, 2) float64
    augmented: Tensor  # (2,) first showings and repeats
    mixed: Tensor  # ()
    images: int = 0

    @classmethod
    def empty(cls, classes: int, device: torch.device) -> DeviceAccumulators:
        """Nothing yet."""
        return cls(
            torch.zeros(classes, CONFIDENCE_BINS, 2, dtype=torch.float64, device=device),
            torch.zeros(2, device=device),
            torch.zeros((), device=device),
        )

    def add(self, other: DeviceAccumulators) -> None:
        """Add another's, once the step that they are of went well."""
        self.gradient_norm += other.gradient_norm
        self.augmented += other.augmented
        self.mixed += other.mixed
        self.images += other.images


def gradient_norm(logits: Tensor, gradient: Tensor, target: Tensor) -> Tensor:
    """Return how strongly images pull at the logits, added up: (C, CONFIDENCE_BINS, 2).

    By class, and by probability of the true class, the norm of the loss's gradient and that of
    cross-entropy's, softmax - target, which is there without a backward pass.

    Parameters
    ----------
    logits, target
        (B, C).
    gradient
        (B, C) of every image's own loss, before any mean.
    """
    p = logits.softmax(1)
    norms = torch.stack((gradient.norm(dim=1), (p - target).norm(dim=1)), dim=1)  # (B, 2)
    place = ((p * target).sum(1) * CONFIDENCE_BINS).long().clamp_(max=CONFIDENCE_BINS - 1)
    bins = torch.arange(CONFIDENCE_BINS, device=logits.device)
    places = (place[:, None] == bins).float()  # (B,) -> (B, 1), (B, bins)
    return torch.einsum("bc,bp,bn->cpn", target, places, norms).double()


def fingerprints(network: Network) -> Fingerprints:
    """Return sums over the parameters, and over the other numbers, of every block that has any."""
    found = {}
    for name, block in (*network.suffix.named_children(), (HEAD, network.head)):
        parameters = _sums([p.detach() for p in block.parameters()])
        statistics = _sums([b for b in block.buffers() if b.is_floating_point()])
        if parameters or statistics:
            found[name] = (parameters, statistics)
    return found


def _sums(tensors: list[Tensor]) -> tuple[float, ...]:
    if not tensors:
        return ()
    sums = [t.sum(dtype=torch.float64) for t in tensors]
    squares = [(t * t).sum(dtype=torch.float64) for t in tensors]
    return tuple(torch.stack((torch.stack(sums).sum(), torch.stack(squares).sum())).tolist())

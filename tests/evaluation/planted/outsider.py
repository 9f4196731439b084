"""Errors planted by two more persons who had not read the audit: those that it did not see then."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from benchmark.strategy import RandomAugmentation
from strategies.random_oversampling import Oversampler
from tests.evaluation.planted.planted_error import PlantedError, component, last, whole


@component()
def not_shuffled(self, labels, rng):
    few = np.bincount(labels).min()
    kept = [rng.choice(np.flatnonzero(labels == c), few, False) for c in np.unique(labels)]
    return np.concatenate(kept)  # class after class


def never_balanced(right):
    """t = k / stages in place of k / (stages - 1)."""
    stages = tuple(
        replace(stage, sampler=Oversampler(blend=k / len(right.stages)) if k else stage.sampler)
        for k, stage in enumerate(right.stages)
    )
    return replace(right, stages=stages)


@dataclass(frozen=True)
class WrongAugmentation(RandomAugmentation):
    """RandomAugmentation by hand, with an error."""

    error: str = ""

    def __call__(self, images, repeat_index, rng):
        if self.error == "seeded":
            rng = torch.Generator().manual_seed(42)

        def uniform(width):
            return (2 * torch.rand(len(images), generator=rng) - 1) * width

        angle = torch.deg2rad(uniform(self.degrees))
        if self.error == "one side":
            angle = angle.abs()
        scale, mirror = 1 + uniform(self.zoom), torch.sign(uniform(1.0))
        cos, sin = torch.cos(angle) / scale, torch.sin(angle) / scale
        x = torch.stack((cos * mirror, -sin, uniform(self.shift)), dim=1)
        y = torch.stack((sin * mirror, cos, uniform(self.shift)), dim=1)
        functional, shape = nn.functional, list(images.shape)
        grid = functional.affine_grid(torch.stack((x, y), dim=1), shape, align_corners=False)
        warped = functional.grid_sample(
            images.float(), grid, padding_mode="reflection", align_corners=False
        )
        mean = warped.mean(dim=(1, 2, 3), keepdim=True)
        contrast, brightness = (1 + uniform(self.light).view(-1, 1, 1, 1) for _ in range(2))
        relit = ((mean + (warped - mean) * contrast) * brightness).round()
        if self.error == "wraps":
            return (relit.to(torch.int64) % 256).to(torch.uint8)
        return relit.clamp(0, 255).to(torch.uint8)


@dataclass(frozen=True)
class WrongSmote:
    """SMOTE by hand, with an error."""

    error: str = ""
    neighbors: int = 5

    def __call__(self, features, labels, rng):
        classes, sizes = np.unique(labels, return_counts=True)
        rows, row_labels = [features[:0]], [labels[:0]]
        for c, n in zip(classes, sizes, strict=True):
            own, missing, k = features[labels == c], sizes.max() - n, min(self.neighbors, n - 1)
            among = features if self.error == "all classes" else own
            near = np.linalg.norm(own[:, None] - among, axis=2).argsort(1)[:, 1 : k + 1]
            i = rng.integers(n, size=missing)
            if self.error == "one base":
                i = np.full(missing, rng.integers(n))
            rank = rng.integers(k, size=missing)
            if self.error == "nearest":
                rank = np.zeros(missing, int)
            u = rng.random((missing, 1))
            made = own[i] + u * (among[near[i, rank]] - own[i])
            if self.error == "clipped":
                made = made.clip(0, 1)
            rows.append(made.astype(features.dtype))
            row_labels.append(np.full(missing, c))
        return np.concatenate(rows), np.concatenate(row_labels)


@dataclass(frozen=True)
class LimitedHead:
    """A linear head with an activation of hidden layers, or of outputs, behind it."""

    activation: str  # a function of torch

    def __call__(self, width, classes):
        class Limited(nn.Linear):
            activation = self.activation

            def forward(self, x):
                owner = torch if hasattr(torch, self.activation) else nn.functional
                return getattr(owner, self.activation)(super().forward(x))

        return Limited(width, classes)


@dataclass(frozen=True)
class PriorSubtracted:
    """The prior is taken from the probabilities, which should be divided by it."""

    prior: tuple[float, ...] = ()

    def fit(self, validation, counts):
        return replace(self, prior=tuple((counts / counts.sum()).tolist()))

    def __call__(self, outputs):
        return (np.exp(outputs.log_probabilities) - self.prior).argmax(1)


PRIOR_SUBTRACTED = PriorSubtracted()
PLANTED = [
    PlantedError(
        "undersampled class after class", "sampler", "undersampling", last(sampler=not_shuffled)
    ),
    PlantedError(
        "bright pixels wrap around",
        "augmentation",
        "augmentation_only",
        last(augmentation=WrongAugmentation(error="wraps")),
    ),
    PlantedError(
        "turned to one side",
        "augmentation",
        "augmentation_only",
        last(augmentation=WrongAugmentation(error="one side")),
    ),
    PlantedError(
        "the same random numbers in each call",
        "augmentation",
        "augmentation_only",
        last(augmentation=WrongAugmentation(error="seeded")),
    ),
    PlantedError(
        "only the nearest neighbour",
        "synthesizer",
        "smote",
        last(synthesizer=WrongSmote("nearest")),
    ),
    PlantedError(
        "all rows of a class from one image",
        "synthesizer",
        "smote",
        last(synthesizer=WrongSmote("one base")),
    ),
    PlantedError(
        "neighbours among all images",
        "synthesizer",
        "smote",
        last(synthesizer=WrongSmote("all classes")),
    ),
    PlantedError(
        "features clipped as pixels are",
        "synthesizer",
        "smote",
        last(synthesizer=WrongSmote("clipped")),
    ),
    *(
        PlantedError(f"a {name} in the head", "head", "focal_loss", whole(head=LimitedHead(name)))
        for name in ("sigmoid", "tanh", "relu")
    ),
    PlantedError(
        "the prior subtracted, not divided by",
        "decision",
        "prior_correction",
        whole(decision=PRIOR_SUBTRACTED),
    ),
    PlantedError("never quite balanced", "stages", "progressive_sampling", never_balanced),
]
KEPT_APART: list[PlantedError] = []

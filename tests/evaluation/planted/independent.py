"""Errors planted by somebody who had not read the audit: those that it did not see then.

It saw 16 of 24.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from benchmark.strategy import RandomAugmentation
from benchmark.strategy.expectations.head import HeadIsLinear
from tests.evaluation.planted.planted_error import PlantedError, component, every, last, whole


@component()
def same_repeats_each_epoch(self, labels, rng):
    fixed = np.random.default_rng(42)  # random_state=42
    size = np.bincount(labels).max()
    of_class = [np.flatnonzero(labels == c) for c in np.unique(labels)]
    repeats = [fixed.choice(images, size - len(images)) for images in of_class]
    return rng.permutation(np.concatenate([np.arange(len(labels)), *repeats]))


@dataclass(frozen=True)
class OneAngle(RandomAugmentation):
    """As a transform of torchvision that is called with a whole batch."""

    def __call__(self, images, repeat_index, rng):
        angle = (torch.rand(1, generator=rng) * 2 - 1) * torch.pi / 180 * self.degrees
        cos, sin, zero = angle.cos(), angle.sin(), torch.zeros(1)
        turned = torch.stack((torch.cat((cos, -sin, zero)), torch.cat((sin, cos, zero))))
        functional, shape = nn.functional, list(images.shape)
        grid = functional.affine_grid(turned.expand(len(images), 2, 3), shape, align_corners=False)
        x = functional.grid_sample(
            images.float(), grid, padding_mode="reflection", align_corners=False
        )
        return x.round().clamp(0, 255).to(torch.uint8)


@component()
def own_neighbour(self, features, labels, rng):
    counts = np.bincount(labels)
    rows, row_labels = [features[:0]], [labels[:0]]
    for c in np.flatnonzero((counts > 1) & (counts < counts.max())):
        own, missing = features[labels == c], counts.max() - counts[c]
        distances = np.linalg.norm(own[:, None] - own, axis=2)
        near = distances.argsort(1)[:, :5]  # the nearest is the image itself
        i = rng.integers(len(own), size=missing)
        j = near[i, rng.integers(near.shape[1], size=missing)]
        u = rng.random((missing, 1))
        rows.append((own[i] + u * (own[j] - own[i])).astype(features.dtype))
        row_labels.append(np.full(missing, c))
    return np.concatenate(rows), np.concatenate(row_labels)


@component()
def factor_of_the_batch(self, logits, target, counts):
    losses = -(target * logits.log_softmax(1)).sum(1)
    return (1 - torch.exp(-losses.mean())) ** 2 * losses


@component()
def probabilities(self, width, classes):
    return nn.Sequential(nn.Linear(width, classes), nn.Softmax(1))


PLANTED = [
    PlantedError(
        "the same repeats in each epoch",
        "sampler",
        "random_oversampling",
        every(sampler=same_repeats_each_epoch),
    ),
    PlantedError(
        "one angle for a batch", "augmentation", "augmentation_only", every(augmentation=OneAngle())
    ),
    PlantedError(
        "an image is its own neighbour", "synthesizer", "smote", last(synthesizer=own_neighbour)
    ),
    PlantedError(
        "the focal factor of the batch", "loss", "focal_loss", every(loss=factor_of_the_batch)
    ),
    PlantedError(
        "a softmax in the head",
        "head",
        "no_change",
        whole(head=probabilities, expectations=(HeadIsLinear(),)),
    ),
    PlantedError(
        "a hundredth of the rates", "stages", "deferred_reweighting", last(lr_factor=0.01)
    ),
]
KEPT_APART: list[PlantedError] = []

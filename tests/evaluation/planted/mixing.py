"""Mixing with a planted error."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from strategies.mixup import Mixup
from strategies.remix import Remix
from tests.evaluation.planted.planted_error import PlantedError, every


@dataclass(frozen=True)
class Mixed(Mixup):
    """Mixup with an error."""

    error: str = ""

    def __call__(self, images, target, counts, rng):
        shares = torch.full((len(images),), self.alpha)
        share = torch.distributions.Beta(shares, shares).sample()
        other = torch.randperm(len(images), generator=rng)
        partner, own = other, share
        match self.error:
            case "other label":
                own = 1 - share
            case "third label":
                partner = torch.randperm(len(images), generator=rng)
            case "hard label":
                own = torch.ones_like(share)
            case "halves":
                own = torch.full_like(share, 0.5)
            case "one parameter":
                share = own = torch.distributions.Beta(shares, 1.0).sample()
            case "own class":
                classes = target.argmax(1)
                other = torch.stack([torch.flatten((classes == c).nonzero())[-1] for c in classes])
                partner = other
            case "label alone":
                pixels = torch.ones_like(share)
                mixed = own[:, None] * target + (1 - own[:, None]) * target[partner]
                return pixels[:, None, None, None] * images, mixed
        pixels = share[:, None, None, None]
        mixed = own[:, None] * target + (1 - own[:, None]) * target[partner]
        return pixels * images + (1 - pixels) * images[other], mixed


@dataclass(frozen=True)
class ToMajority(Remix):
    """Remix with the label of the larger class."""

    def label_share(self, share, own, other, counts):
        return super().label_share(share, other, own, counts)


PLANTED = [
    PlantedError(
        "the other image's label", "mixing", "mixup", every(mixing=Mixed(0.2, "other label"))
    ),
    PlantedError(
        "a third image's label", "mixing", "mixup", every(mixing=Mixed(0.2, "third label"))
    ),
    PlantedError(
        "the label goes to the majority", "mixing", "remix", every(mixing=ToMajority(1.0, 3.0, 0.5))
    ),
    PlantedError("labels are not mixed", "mixing", "mixup", every(mixing=Mixed(0.2, "hard label"))),
    PlantedError(
        "labels are halved", "mixing", "mixup:alpha=1", every(mixing=Mixed(1.0, "halves"))
    ),
    PlantedError(
        "beta's second parameter is 1", "mixing", "mixup", every(mixing=Mixed(0.2, "one parameter"))
    ),
    PlantedError("a tenth of alpha", "mixing", "mixup", every(mixing=Mixup(0.02))),
]
KEPT_APART = [
    PlantedError(
        "pixels are not mixed", "mixing", "mixup", every(mixing=Mixed(0.2, "label alone"))
    ),
    PlantedError(
        "every rarer class has the label", "mixing", "remix", every(mixing=Remix(1.0, 1.0, 1.0))
    ),
    PlantedError(
        "images of one class are mixed",
        "mixing",
        "mixup:alpha=1",
        every(mixing=Mixed(1.0, "own class")),
    ),
]

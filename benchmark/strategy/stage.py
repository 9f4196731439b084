"""A strategy as data on a timeline: stages over the step budget, a head, a decision.

Shapes: N images, B images of a batch, C classes, D feature width.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.components import (
    Argmax,
    CrossEntropy,
    LinearHead,
    NoAugmentation,
    NoMixing,
    NoSynthesis,
    Shuffle,
)
from benchmark.strategy.expectations import DecisionMeasurement, Expectation, StageMeasurement
from benchmark.strategy.outputs import Outputs

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


class Sampler(Protocol):
    """Which training images one pass draws, and in which order."""

    def __call__(self, labels: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """Labels of the training images (N,) -> positions in them (M,), repeats allowed.

        Passes follow each other until the step budget is used up, so M changes what is drawn but
        never how much.
        """
        ...


class Augmentation(Protocol):
    """How a drawn image looks."""

    def changes(self, repeat_index: Tensor) -> Tensor:
        """Showing number of each image within its pass (B,) -> which of them are altered (B,) bool.

        Copy 0 is the first showing. Images that are not altered need no new forward pass through
        the frozen layers, so an honest answer here is what makes a strategy cheap.
        """
        ...

    def __call__(self, images: Tensor, repeat_index: Tensor, rng: torch.Generator) -> Tensor:
        """Images (B, 3, H, W) uint8 and their showing number (B,) -> the same shape and type.

        Called with the altered images only. `rng` lives on the device of the images.
        """
        ...


def augments_first(augment: Augmentation) -> bool:
    """Return whether an image that is shown for the first time in a pass is altered."""
    if isinstance(augment, NoAugmentation):  # who only waits need not import torch to know
        return False
    import torch

    return bool(augment.changes(torch.zeros(1, dtype=torch.int64))[0])


class Mixing(Protocol):
    """Inputs and targets of several images blended."""

    def __call__(
        self, images: Tensor, target: Tensor, counts: Tensor, rng: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Images (B, 3, H, W) float in 0..255, targets (B, C), training counts (C,) -> both."""
        ...


class FeatureSynthesizer(Protocol):
    """Features that no image has, to train the head on."""

    def __call__(
        self, features: NDArray[np.floating], labels: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[NDArray[np.floating], NDArray[np.int64]]:
        """Pooled features (N, D) and labels (N,) of the training images -> further (S, D), (S,).

        For a stage that trains the head alone: then features stay what they are. The sampler draws
        from N + S rows.
        """
        ...


class Loss(Protocol):
    """What one prediction costs."""

    def __call__(self, logits: Tensor, target: Tensor, counts: Tensor) -> Tensor:
        """Logits (B, C), target distribution (B, C), training counts (C,) -> one value each (B,).

        The trainer averages. Weights must have mean 1 over the training images, or the strategy
        changes the learning rate as well.
        """
        ...


class Head(Protocol):
    """The classifier put on the pooled features."""

    def __call__(self, width: int, classes: int) -> nn.Module:
        """Return a new module (B, D) -> logits (B, C); torch's global generator is seeded."""
        ...


class Decision(Protocol):
    """How outputs become labels. It is fitted on validation outputs and sees nothing else."""

    def fit(
        self, validation: Outputs, counts: NDArray[np.int64]
    ) -> Callable[[Outputs], NDArray[np.int64]]:
        """Return the rule: outputs of N images -> labels (N,). Training counts are (C,)."""
        ...


@dataclass(frozen=True)
class Stage:
    """What holds during a share of the step budget. Each field has the neutral default."""

    fraction: float = 1.0
    sampler: Sampler = Shuffle()
    augmentation: Augmentation = NoAugmentation()
    mixing: Mixing = NoMixing()
    synthesizer: FeatureSynthesizer = NoSynthesis()
    loss: Loss = CrossEntropy()
    train_from: str | None = None  # a block name or "head"; None: what the recipe's phase trains
    reset_head: bool = False  # start this stage with a new head
    expectations: tuple[
        Expectation[StageMeasurement], ...
    ] = ()  # what must be seen of it, see `expectations`

    def __post_init__(self) -> None:
        if not 0 < self.fraction <= 1:
            raise ValueError(f"a stage's share must be in (0, 1], got {self.fraction}")
        if self.mixing != NoMixing() and self.synthesizer != NoSynthesis():
            raise ValueError(
                "a stage can mix images or make up features, not both: made-up features have no "
                f"image to mix; got mixing={self.mixing!r} and synthesizer={self.synthesizer!r}"
            )


@dataclass(frozen=True)
class Strategy:
    """Stages in order, their shares adding up to 1, a head and a decision.

    A component that declares no effect must at least be seen to do something, and a neutral one
    nothing: see `benchmark.audit`.
    """

    stages: tuple[Stage, ...] = (Stage(),)
    head: Head = LinearHead()
    decision: Decision = Argmax()
    expectations: tuple[
        Expectation[DecisionMeasurement], ...
    ] = ()  # what must be seen of the decision

    def __post_init__(self) -> None:
        if not callable(getattr(self.decision, "fit", None)):
            raise ValueError(
                f"decide must have a method fit(outputs, counts) that returns a rule "
                f"outputs -> labels, got {self.decision!r}"
            )
        total = sum(stage.fraction for stage in self.stages)
        if abs(total - 1) > 1e-9:
            raise ValueError(
                f"the shares of a strategy's stages must add up to 1, got {total:g} from "
                f"{[stage.fraction for stage in self.stages]}"
            )

    def then(self, last: Stage) -> Strategy:
        """Return it with one more stage, all others shortened to leave room for that."""
        before = tuple(replace(s, fraction=s.fraction * (1 - last.fraction)) for s in self.stages)
        return replace(self, stages=(*before, last))

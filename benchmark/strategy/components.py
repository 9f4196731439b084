"""The neutral components, and the few that more than one strategy uses. No torch at import."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.outputs import Outputs

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from benchmark.strategy.stage import Loss


@dataclass(frozen=True)
class Shuffle:
    """Every training image once a pass, in random order."""

    def __call__(self, labels: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """Labels (N,) -> a permutation of 0..N-1."""
        return rng.permutation(len(labels))


@dataclass(frozen=True)
class NoAugmentation:
    """No image is altered."""

    def changes(self, repeat_index: Tensor) -> Tensor:
        """None of them, (B,) bool."""
        return repeat_index < 0

    def __call__(self, images: Tensor, repeat_index: Tensor, rng: torch.Generator) -> Tensor:  # noqa: ARG002
        """Return the images."""
        return images


@dataclass(frozen=True)
class RandomAugmentation:
    """A random view of each image: flip, rotation, zoom, shift, brightness, contrast.

    Drawn per image, applied to the whole batch at once on its device; what turns in from outside
    is a mirror image of the border.
    """

    degrees: float = 15.0  # rotation within +- this
    zoom: float = 0.2  # scale within 1 +- this
    shift: float = 0.1  # of the half width, within +- this
    light: float = 0.25  # brightness and contrast factors within 1 +- this
    from_repeat: int = 0  # showings before this one stay untouched

    def changes(self, repeat_index: Tensor) -> Tensor:
        """Showings from `from_repeat` on, (B,) bool."""
        return repeat_index >= self.from_repeat

    def __call__(self, images: Tensor, repeat_index: Tensor, rng: torch.Generator) -> Tensor:  # noqa: ARG002
        """Images (B, 3, H, W) uint8 -> the same."""
        import torch
        from torch.nn.functional import affine_grid, grid_sample

        def uniform(width: float) -> Tensor:  # (B,) within +- width
            draw = torch.rand(len(images), generator=rng, device=images.device)
            return (2 * draw - 1) * width

        angle = torch.deg2rad(uniform(self.degrees))
        scale = 1 + uniform(self.zoom)
        mirror = torch.sign(uniform(1.0))
        cos, sin = torch.cos(angle) / scale, torch.sin(angle) / scale
        rows = (
            torch.stack((cos * mirror, -sin, uniform(self.shift)), dim=1),  # (B, 3)
            torch.stack((sin * mirror, cos, uniform(self.shift)), dim=1),
        )
        grid = affine_grid(torch.stack(rows, dim=1), list(images.shape), align_corners=False)
        view = grid_sample(images.float(), grid, padding_mode="reflection", align_corners=False)
        mean = view.mean(dim=(1, 2, 3), keepdim=True)  # (B, 1, 1, 1)
        contrast = (1 + uniform(self.light)).view(-1, 1, 1, 1)  # (B,) -> (B, 1, 1, 1)
        brightness = (1 + uniform(self.light)).view(-1, 1, 1, 1)  # (B,) -> (B, 1, 1, 1)
        view = (mean + (view - mean) * contrast) * brightness
        return view.round_().clamp_(0, 255).to(torch.uint8)


@dataclass(frozen=True)
class NoMixing:
    """Images and targets stay as they are."""

    def __call__(
        self,
        images: Tensor,
        target: Tensor,
        counts: Tensor,  # noqa: ARG002
        rng: torch.Generator,  # noqa: ARG002
    ) -> tuple[Tensor, Tensor]:
        """Return both."""
        return images, target


@dataclass(frozen=True)
class NoSynthesis:
    """No features are made up."""

    def __call__(
        self,
        features: NDArray[np.floating],
        labels: NDArray[np.int64],
        rng: np.random.Generator,  # noqa: ARG002
    ) -> tuple[NDArray[np.floating], NDArray[np.int64]]:
        """Features (N, D), labels (N,) -> none of either."""
        return features[:0], labels[:0]


@dataclass(frozen=True)
class CrossEntropy:
    """-sum_c target_c log softmax(logits)_c."""

    def __call__(self, logits: Tensor, target: Tensor, counts: Tensor) -> Tensor:  # noqa: ARG002
        """Logits (B, C), target (B, C) -> (B,)."""
        return -(target * logits.log_softmax(1)).sum(1)


@dataclass(frozen=True)
class Weighted:
    """A loss with the classes of its target weighted, sum_c w_c t_c L_c; a loss is linear in t.

    Weights are scaled to mean 1 over the training images, so that the learning rate stays what it
    was.
    """

    weights: Callable[[Tensor], Tensor]  # training counts (C,), none 0 -> (C,), of any scale
    loss: Loss = CrossEntropy()

    def of(self, counts: Tensor) -> Tensor:
        """Counts (C,) -> weights (C,)."""
        raw = self.weights(counts.clamp(min=1))
        return raw * counts.sum() / (raw * counts).sum()

    def __call__(self, logits: Tensor, target: Tensor, counts: Tensor) -> Tensor:
        """Logits (B, C), target (B, C), counts (C,) -> (B,)."""
        return self.loss(logits, self.of(counts) * target, counts)


@dataclass(frozen=True)
class LinearHead:
    """One fully connected layer."""

    def __call__(self, width: int, classes: int) -> nn.Module:
        """Return Linear(D, C), initialised as torch does."""
        from torch import nn

        return nn.Linear(width, classes)


@dataclass(frozen=True)
class Argmax:
    """The class with the largest logit."""

    def fit(
        self,
        validation: Outputs,  # noqa: ARG002
        counts: NDArray[np.int64],
    ) -> Callable[[Outputs], NDArray[np.int64]]:
        """Nothing is fitted."""
        return AddOffset((0.0,) * len(counts))


@dataclass(frozen=True)
class AddOffset:
    """argmax_c (log p_c + offset_c): a fitted rule, which the record keeps."""

    offset: tuple[float, ...]  # (C,)

    def __call__(self, outputs: Outputs) -> NDArray[np.int64]:
        """Outputs of N images -> labels (N,)."""
        return (outputs.log_probabilities + np.asarray(self.offset)).argmax(axis=1)

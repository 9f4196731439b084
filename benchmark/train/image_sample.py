"""A sample of the images of a step range: logits, gradient, target and shares of the pixels.

The audit compares them with a declared formula, image by image. Which images are kept is decided
without the device, so that no step synchronises: the first of each class, and the latest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.storage.packed import pack_array, unpack_array
from benchmark.train.batch_sampler import repeat_indices

_MOST, _LEAST, _NUMBERS = 256, 64, 2**14  # images kept: about so many logits, within these bounds
_GREY_LEVEL = 1.0  # of 255, by which a sum of images may differ from a blend: it may be rounded
_FIRST_STEPS, _EVERY = 16, 4  # steps that are sampled: the first of a range, then each fourth


@dataclass
class ImageSample:
    """Rows (K, W) of float32 for up to K images; NaN where there is none yet.

    Columns are logits (C), gradient of the loss at the logits (C) and target (C). If images are
    mixed, the share of each class in the pixels (C) and that of the image's own pixels follow.
    """

    rows: NDArray[np.float32]  # (K, W)
    drawn: NDArray[np.int64]  # (G,) images sampled so far, by group of classes

    @classmethod
    def empty(cls, classes: int, mixes: bool) -> ImageSample:
        """Return a sample without images; class c belongs to group c mod G."""
        images = min(_MOST, max(_LEAST, _NUMBERS // classes))
        groups = min(classes, images // 2)
        width = 4 * classes + 1 if mixes else 3 * classes
        images -= images % groups
        return cls(np.full((images, width), np.nan, np.float32), np.zeros(groups, np.int64))

    def choose(self, labels: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Labels (B,) -> the rows of the batch to keep, and where, (S,) each."""
        groups = labels % len(self.drawn)
        number = self.drawn[groups] + repeat_indices(groups)  # (B,) of the image in its group
        np.add.at(self.drawn, groups, 1)
        slots = len(self.rows) // len(self.drawn)
        first = slots // 2
        slot = np.where(number < first, number, first + (number - first) % (slots - first))
        chosen, last = np.unique((groups * slots + slot)[::-1], return_index=True)
        return len(labels) - 1 - last, chosen  # of images for the same slot, the last

    def to_json(self) -> dict[str, Any]:
        """Return all fields as JSON-able values."""
        return {"rows": pack_array(self.rows), "drawn": self.drawn.tolist()}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> ImageSample:
        """Read the value of `to_json`."""
        return cls(unpack_array(value["rows"]), np.asarray(value["drawn"], np.int64))


def is_sampled(step: int) -> bool:
    """Return whether images of this step of a range are kept."""
    return step < _FIRST_STEPS or step % _EVERY == 0


class DeviceImageSample:
    """Rows of an `ImageSample` that lie on the device."""

    def __init__(self, sample: ImageSample, device: torch.device) -> None:
        self.sample = sample
        self._rows = torch.zeros(sample.rows.shape, device=device)
        self._written = np.zeros(len(sample.rows), bool)

    def add(self, rows: Tensor, labels: NDArray[np.int64]) -> None:
        """Keep some of the rows (B, W) of a batch with labels (B,)."""
        chosen, slots = self.sample.choose(labels)
        indices = torch.from_numpy(np.stack((chosen, slots)))
        if rows.is_cuda:
            indices = indices.pin_memory()
        rows_to_keep, target = indices.to(rows.device, non_blocking=True)
        self._rows.index_copy_(0, target, rows.index_select(0, rows_to_keep))
        self._written[slots] = True

    def write_back(self) -> None:
        """Copy what was added to the sample, which synchronises."""
        if self._written.any():
            self.sample.rows[self._written] = self._rows.cpu().numpy()[self._written]
            self._written[:] = False


def grid(images: Tensor) -> Tensor:
    """Images (B, 3, H, W) -> their pixels on a grid of about 32 x 32, (B, P) float64."""
    stride = max(1, images.shape[-1] // 32)
    return images[:, :, ::stride, ::stride].flatten(1).double()


def pixel_shares(
    sources: Tensor, target: Tensor, blends: Tensor, positions: NDArray[np.int64]
) -> Tensor:
    """Return the share of each class in the pixels of blended images, and that of their own.

    Each of the `blends` (B, P) is explained as a sum of the `sources` (B, P) by least squares.
    `target` (B, C) has the classes of the sources, `positions` (B,) tells which are the same image.
    Returns (B, C + 1); NaN for blends of images that are sums of others, as those of one colour,
    and for what is no sum of whole images, as an image with a box of another.
    """
    gram = sources @ sources.T
    ridge = 1e-7 * gram.diagonal().mean() + 1e-9
    factor, _ = torch.linalg.cholesky_ex(gram + ridge * torch.eye(len(gram)).to(gram))
    same = torch.from_numpy(positions[:, None] == positions).to(gram)
    shares, known = (  # (B, B): of each source in each blend, and in each source
        torch.cholesky_solve(sources @ images.T, factor).T for images in (blends, sources)
    )
    unknown = (known @ same - same).abs().amax(1)  # (B,) of a source: 0 if it is itself alone
    measured = torch.cat((shares @ target.double(), (shares * same).sum(1, keepdim=True)), dim=1)
    rest = (blends - shares @ sources).square().mean(1).sqrt()  # (B,) grey levels
    is_known = (shares.abs() @ unknown < 0.01) & (rest < _GREY_LEVEL)
    return torch.where(is_known[:, None], measured, torch.nan).to(target.dtype)

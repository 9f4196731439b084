"""Synthetic images on which the audit tests an augmentation, as it tests a decision on a network.

Real images may hide what an augmentation does, or that it gives an image the pixels of another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.measurements import PatternsAugmented
from benchmark.strategy.protocols import Augmentation

if TYPE_CHECKING:
    from torch import Tensor

SIZE, IMAGES, BATCHES = 64, 16, 16
_DARK, _BRIGHT, _WIDTH = 60.0, 120.0, 3.0  # grey levels of ground and dot; pixels
_LEAST = 20.0  # grey levels that a dot differs from the ground
_COLOUR = (40, 240, 255)  # grey levels of red, green and blue of an image of one colour
_DIM, _STEP = 100.0, 5.0  # grey levels: a dim image's highest one, and the least difference
_ANGLES = np.deg2rad([0, 110, 215])  # of the dots of the first image


def augment_patterns(augmentation: Augmentation) -> PatternsAugmented:
    """Augment images of three dots, one in each colour, and see where the dots are then.

    The triangle of the dots has another shape in each image of a batch. Turning, mirroring, scaling
    and shifting leave its angles, so that it tells whose dots they are.
    """
    import torch

    dots = _dots()  # (IMAGES, 3, 2)
    images = torch.from_numpy(_draw(dots))
    rng, repeat_index = torch.Generator().manual_seed(0), torch.ones(IMAGES, dtype=torch.int64)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        augmented, coloured = (
            np.concatenate(
                [augmentation(x.clone(), repeat_index, rng).numpy() for _ in range(BATCHES)]
            ).astype(float)
            for x in (images, _one_colour(images))
        )
    is_flat = np.ptp(augmented, axis=(2, 3)).max(1) < _LEAST
    located = np.stack([_locate(image) for image in augmented])  # (K, 3, 2)
    number = np.tile(np.arange(IMAGES), BATCHES)
    turns = [_rotation(dots[k], dot) for k, dot in zip(number, located, strict=True)]
    angle, is_mirrored = (np.array(values) for values in zip(*turns, strict=True))
    distance = np.abs(_shape(located)[:, None] - _shape(dots)).max(2)  # (K, IMAGES)
    is_own = distance.argmin(1) == number
    return PatternsAugmented(is_flat, angle, is_mirrored, is_own, _wraps(coloured), BATCHES)


def _dots() -> NDArray[np.float64]:
    """Return the dots (IMAGES, 3, 2) of each image: x and y from -1 to 1."""
    steps = np.arange(IMAGES)
    wide = np.stack([0 * steps, 0.5 * (steps % 4) / 3, -0.5 * (steps // 4) / 3], axis=1)
    angle = _ANGLES + wide
    return 0.35 * np.stack((np.cos(angle), np.sin(angle)), axis=2)


def _draw(dots: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Dots (K, 3, 2) -> images (K, 3, SIZE, SIZE)."""
    grid = (np.arange(SIZE) + 0.5) / SIZE * 2 - 1
    x = grid - dots[..., 0, None]  # (K, 3, SIZE)
    y = grid - dots[..., 1, None]
    square = (x[..., None, :] ** 2 + y[..., :, None] ** 2) * (SIZE / 2 / _WIDTH) ** 2
    return (_DARK + _BRIGHT * np.exp(-square / 2)).round().astype(np.uint8)


def _one_colour(images: Tensor) -> Tensor:
    """Return images of the same shape (K, 3, H, W), all of the same bright colour."""
    return images.new_tensor(_COLOUR).view(1, 3, 1, 1).expand_as(images)


def _wraps(images: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether levels above 255 began again at 0 in images (K, 3, H, W) of one bright colour, (K,).

    Green and blue are then dark, and green is below both: a change of light, an inversion, a
    solarisation or other colours don't do that, as each keeps some of the levels high or their
    order the same or the opposite.
    """
    red, green, blue = np.median(images, axis=(2, 3)).T
    is_dim = np.maximum(np.maximum(red, green), blue) < _DIM
    return is_dim & (green + _STEP <= np.minimum(red, blue))


def _locate(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """Image (3, H, W) -> the middle of the dot of each colour, (3, 2); NaN without a dot."""
    grid = (np.arange(image.shape[-1]) + 0.5) / image.shape[-1] * 2 - 1
    ground = np.median(image, axis=(1, 2), keepdims=True)
    height = image - ground
    peak = height.max((1, 2), keepdims=True)
    weight = np.maximum(height - peak / 2, 0)
    total = weight.sum((1, 2))
    middle = np.stack(((weight.sum(1) * grid).sum(1), (weight.sum(2) * grid).sum(1)), axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(peak[:, 0] < _LEAST, np.nan, middle / total[:, None])


def _shape(dots: NDArray[np.float64]) -> NDArray[np.float64]:
    """Dots (K, 3, 2) -> the angles of their triangle, (K, 3)."""
    side = np.roll(dots, -1, axis=1) - dots  # (K, 3, 2)
    back = -np.roll(side, 1, axis=1)
    length = np.linalg.norm(side, axis=2) * np.linalg.norm(back, axis=2)
    with np.errstate(invalid="ignore", divide="ignore"):
        angles = np.arccos(((side * back).sum(2) / length).clip(-1, 1))
    return np.where(np.isfinite(angles), angles, np.pi)


def _rotation(before: NDArray[np.float64], after: NDArray[np.float64]) -> tuple[float, bool]:
    """Return by how many degrees dots (3, 2) are turned, and whether they were mirrored before."""
    if not np.isfinite(after).all():
        return float("nan"), False
    old, new = (dots - dots.mean(0) for dots in (before, after))
    matrix = new.T @ np.linalg.pinv(old.T)  # (2, 2)
    is_mirrored = bool(np.linalg.det(matrix) < 0)  # left to right, then turned
    if is_mirrored:
        matrix = matrix @ np.diag([-1.0, 1.0])
    turn = np.arctan2(matrix[1, 0] - matrix[0, 1], np.trace(matrix))
    return float(np.rad2deg(turn)), is_mirrored

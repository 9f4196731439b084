"""Synthetic images on which the audit tests an augmentation, as it tests a decision on a network.

Real images may hide what an augmentation does, or that it gives an image the pixels of another.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.measurements import PatternsAugmented
from benchmark.strategy.protocols import Augmentation

SIZE, IMAGES, BATCHES = 64, 16, 16
_DARK, _BRIGHT, _WIDTH = 60.0, 120.0, 3.0  # grey levels of ground and dot; pixels
_LEAST = 20.0  # grey levels that a dot differs from the ground
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
        batches = [augmentation(images.clone(), repeat_index, rng) for _ in range(BATCHES)]
    augmented = np.concatenate([batch.numpy() for batch in batches]).astype(float)
    is_flat = np.ptp(augmented, axis=(2, 3)).max(1) < _LEAST
    located = np.stack([_locate(image) for image in augmented])  # (K, 3, 2)
    number = np.tile(np.arange(IMAGES), BATCHES)
    angle = np.array([_rotation(dots[k], dot) for k, dot in zip(number, located, strict=True)])
    distance = np.abs(_shape(located)[:, None] - _shape(dots)).max(2)  # (K, IMAGES)
    return PatternsAugmented(is_flat, angle, distance.argmin(1) == number, BATCHES)


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


def _rotation(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    """Return by how many degrees dots (3, 2) are turned, after a mirroring if there is one."""
    if not np.isfinite(after).all():
        return float("nan")
    old, new = (dots - dots.mean(0) for dots in (before, after))
    matrix = new.T @ np.linalg.pinv(old.T)  # (2, 2)
    if np.linalg.det(matrix) < 0:  # mirrored left to right, then turned
        matrix = matrix @ np.diag([-1.0, 1.0])
    return float(np.rad2deg(np.arctan2(matrix[1, 0] - matrix[0, 1], np.trace(matrix))))

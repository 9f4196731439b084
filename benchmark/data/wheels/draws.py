"""Random numbers and array maths that give the same bits on every machine.

Pixels depend on the key alone. The numbers come from the raw 64-bit output of
PCG64 seeded by a SeedSequence, both frozen by numpy's compatibility policy (the distributions of
``Generator`` are not). Arrays see only operations that IEEE 754 rounds correctly one element at a
time (+ - * / sqrt min max rint), so vector width and thread count can't matter; trigonometry is
done on single numbers and rounded, so a last-bit difference between C libraries vanishes.
"""

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Plane = np.ndarray  # one float32 number per pixel, (H, W)

T = TypeVar("T")


class Draws:
    """A stream of random values fixed by its key, a few non-negative integers."""

    def __init__(self, *key: int) -> None:
        self._seeds = np.random.SeedSequence(key)
        self._bits = np.random.PCG64(self._seeds)

    def uniform(self, low: float, high: float) -> float:
        """Return a number in [low, high)."""
        return low + (high - low) * ((int(self._bits.random_raw()) >> 11) * 2.0**-53)

    def chance(self, probability: float) -> bool:
        """Return True with this probability."""
        return self.uniform(0.0, 1.0) < probability

    def integer(self, low: int, high: int) -> int:
        """Return a whole number from low to high, both included."""
        return low + int(self.uniform(0.0, 1.0) * (high - low + 1))

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the options, all equally likely."""
        return options[self.integer(0, len(options) - 1)]

    def bytes(self, *shape: int) -> npt.NDArray[np.uint8]:
        """Return random bytes of this shape, from a stream of their own.

        So later draws do not depend on the number of pixels.
        """
        count = math.prod(shape)
        bits = np.random.PCG64(self._seeds.spawn(1)[0])
        raw = bits.random_raw((count + 7) // 8).astype("<u8", copy=False)
        return raw.view(np.uint8)[:count].reshape(shape)  # (count,) -> shape

    def gaussian_noise(self, *shape: int) -> Plane:
        """Return noise of mean 0 and deviation 1: the sum of four bytes, nearly normal."""
        four = self.bytes(4, *shape)
        total = four[0].astype(np.int16)
        for byte in four[1:]:
            total += byte
        # a byte has variance (256^2 - 1) / 12; four of them have mean 510
        return (total - np.int16(510)).astype(np.float32) * np.float32(1 / 147.8)

    def value_noise(self, size: int, steps: int) -> Plane:
        """Return smooth noise in [0, 1), (size, size): a random grid, interpolated."""
        grid = self.bytes(steps + 2, steps + 2).astype(np.float32) / np.float32(256)
        position = (np.arange(size, dtype=np.float32) + np.float32(0.5)) * np.float32(steps / size)
        low = position.astype(np.intp)
        weight = position - low.astype(np.float32)
        weight = weight * weight * (3 - 2 * weight)
        rows = grid[low] + (grid[low + 1] - grid[low]) * weight[:, None]  # (size, steps + 2)
        rows = np.ascontiguousarray(rows.T)  # (steps + 2, size)
        return rows[low] + (rows[low + 1] - rows[low]) * weight[:, None]  # transposed: still noise


def cosine(turns: float) -> float:
    """Return the cosine of an angle in turns, rounded to ten digits."""
    return round(math.cos(2 * math.pi * turns), 10)


def sine(turns: float) -> float:
    """Return the sine of an angle in turns, rounded to ten digits."""
    return round(math.sin(2 * math.pi * turns), 10)


def angle_in_turns(x: Plane, y: Plane) -> Plane:
    """Return the angle of each point in turns, [-0.5, 0.5]: atan2 as a polynomial, exact to 1e-4.

    Abramowitz & Stegun 4.4.49, divided by 2 pi; numpy's own arctan2 differs between processors.
    """
    width, height = np.abs(x), np.abs(y)
    ratio = np.minimum(width, height) / np.maximum(np.maximum(width, height), np.float32(1e-9))
    square = ratio * ratio
    angle = square * 0.0208351 - 0.0851330
    angle *= square
    angle += 0.1801410
    angle *= square
    angle -= 0.3302995
    angle *= square
    angle += 0.9998660
    angle *= ratio
    angle *= 1 / (2 * math.pi)
    # each reflection is |c - angle|, with c = 0 where it doesn't apply
    np.abs(np.multiply(height > width, np.float32(0.25)) - angle, out=angle)
    np.abs(np.multiply(x < 0, np.float32(0.5)) - angle, out=angle)
    return np.copysign(angle, y, out=angle)


def soft_step(plane: Plane, width: float) -> Plane:
    """Return a smooth edge: 0 where plane <= -width / 2, 1 where >= width / 2, a ramp between."""
    ramp = plane * (1 / width)
    ramp += 0.5
    np.maximum(ramp, 0, out=ramp)
    np.minimum(ramp, 1, out=ramp)
    return ramp

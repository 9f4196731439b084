"""A picture being painted, back to front, in linear light."""

from __future__ import annotations

import math

import numpy as np

from benchmark.data.wheels.draws import Draws, Plane, step
from benchmark.data.wheels.pose import Pose, Vector

Colour = tuple[float, float, float]  # linear red, green, blue; 1 is white

PAINTS: tuple[Colour, ...] = (  # of cars and walls
    (0.02, 0.02, 0.025),
    (0.75, 0.75, 0.74),
    (0.45, 0.46, 0.48),
    (0.14, 0.15, 0.17),
    (0.45, 0.03, 0.03),
    (0.03, 0.08, 0.35),
    (0.04, 0.18, 0.08),
    (0.60, 0.42, 0.05),
    (0.35, 0.28, 0.20),
)


class Scene:
    """The canvas, and what all painters share: the draws, the pose, the sun, textures.

    The picture spans [-1, 1] in x (right) and y (down). On the wheel lengths are in rim radii.
    """

    def __init__(self, draws: Draws, size: int) -> None:
        self.draws, self.size = draws, size
        self.tyre = draws.uniform(1.18, 1.5)  # its radius
        self.pose = Pose.draw(draws, self.tyre)
        line = (np.arange(size, dtype=np.float32) + np.float32(0.5)) * np.float32(2 / size) - 1
        self.x: Plane = line[None, :]  # (1, W)
        self.y: Plane = line[:, None]  # (H, 1)
        self.pixel = 2 / size / self.pose.scale  # a pixel's side on the wheel
        self.canvas: Plane = np.empty((3, size, size), np.float32)
        self.rough = draws.cloud(size, draws.integer(2, 4))
        self.fine = draws.cloud(size, draws.integer(9, 14))
        self.grain = draws.bell(size, size)
        self.rim_x, self.rim_y = self.pose.plane(self.x, self.y, 0.0)
        self.rim_r = np.sqrt(self.rim_x * self.rim_x + self.rim_y * self.rim_y)
        self.rim = step(1.0 - self.rim_r, self.pixel)  # 1 within the rim's edge
        self.sun = _sun(draws)

    def paint(self, cover: Plane, colour: Colour, shade: Plane | float = 1.0) -> None:
        """Lay a colour times a shade over the picture where `cover` is 1."""
        for channel, value in zip(self.canvas, colour, strict=True):
            top = shade * value - channel
            top *= cover
            channel += top

    def radius(self, front: float) -> Plane:
        """Return each pixel's distance from the axle, on the plane `front` before the rim."""
        x, y = self.pose.plane(self.x, self.y, front)
        return np.sqrt(x * x + y * y)

    def darken(self, shadow: Plane, strength: float) -> None:
        """Remove the fraction `strength` of the light where `shadow` is 1."""
        self.canvas *= 1 - strength * shadow


def _sun(draws: Draws) -> Vector:
    """Return the direction towards the light, from above and in front, a unit vector."""
    x, y = draws.uniform(-0.8, 0.8), draws.uniform(-0.9, -0.1)
    norm = math.sqrt(x * x + y * y + 0.6)
    return x / norm, y / norm, math.sqrt(0.6) / norm

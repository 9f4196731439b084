"""The scene that is painted: the pose of the wheel, and the canvas in linear light."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from benchmark.data.wheels.draws import Draws, Plane, cosine, sine, soft_step

Colour = tuple[float, float, float]  # linear red, green, blue; 1 is white
Vector = tuple[float, float, float]

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


@dataclass(frozen=True)
class Pose:
    """A camera: maps image points to points on any plane parallel to the wheel.

    Each vector is homogeneous, (x, y, w): a point p right, q down and d in front of the wheel's
    centre is seen at p * right + q * down + d * axle + centre, divided by its last component.
    """

    right: Vector
    down: Vector
    axle: Vector
    centre: Vector
    spin: float  # turns by which the wheel has rolled

    @classmethod
    def draw(cls, draws: Draws, tyre_radius: float) -> Pose:
        """Draw a pose for a wheel whose tyre has radius `tyre_radius`, in rim radii."""
        yaw = draws.uniform(-0.125, 0.125)  # turns: up to 45 degrees from the front
        pitch, roll = draws.uniform(-0.01, 0.05), draws.uniform(-0.03, 0.03)
        cy, sy, cp, sp = cosine(yaw), sine(yaw), cosine(pitch), sine(pitch)
        cr, sr = cosine(roll), sine(roll)
        scale = draws.uniform(0.72, 1.12) / tyre_radius
        near = draws.uniform(0.05, 0.3) * scale  # one over the distance: wide angle or tele

        def rotate(x: float, y: float, z: float) -> Vector:
            x, z = cy * x + sy * z, cy * z - sy * x
            y, z = cp * y + sp * z, cp * z - sp * y
            x, y = cr * x - sr * y, sr * x + cr * y
            return scale * x, scale * y, near * z

        centre = (draws.uniform(-0.18, 0.18), draws.uniform(-0.15, 0.15), 1.0)
        spin = draws.uniform(0, 1)
        return cls(rotate(1, 0, 0), rotate(0, 1, 0), rotate(0, 0, 1), centre, spin)

    @property
    def scale(self) -> float:
        """Length of a rim radius in the picture, in halves of its side."""
        x, y, _ = self.down
        return math.sqrt(x * x + y * y)

    def plane(self, x: Plane, y: Plane, front: float) -> tuple[Plane, Plane]:
        """Return wheel coordinates of image points on the plane `front` rim radii before the rim.

        x is (1, W), y is (H, 1), both results are (H, W).
        """
        a, d, g = self.right
        b, e, h = self.down
        c, f, i = (base + front * axle for base, axle in zip(self.centre, self.axle, strict=True))
        # rows of the adjugate of [[a b c] [d e f] [g h i]]: the inverse, up to a common factor
        u = (e * i - f * h) * x + ((c * h - b * i) * y + (b * f - c * e))
        v = (f * g - d * i) * x + ((a * i - c * g) * y + (c * d - a * f))
        w = (d * h - e * g) * x + ((b * g - a * h) * y + (a * e - b * d))
        u /= w
        v /= w
        return u, v


class Scene:
    """The canvas, and what all painters share: the draws, the pose, the sun, textures.

    The picture spans [-1, 1] in x (right) and y (down). On the wheel lengths are in rim radii.
    """

    def __init__(self, draws: Draws, size: int) -> None:
        self.draws, self.size = draws, size
        self.tyre_radius = draws.uniform(1.18, 1.5)  # in rim radii
        self.pose = Pose.draw(draws, self.tyre_radius)
        line = (np.arange(size, dtype=np.float32) + np.float32(0.5)) * np.float32(2 / size) - 1
        self.x: Plane = line[None, :]  # (1, W)
        self.y: Plane = line[:, None]  # (H, 1)
        self.pixel = 2 / size / self.pose.scale  # a pixel's side on the wheel
        self.canvas: Plane = np.empty((3, size, size), np.float32)
        self.rough = draws.value_noise(size, draws.integer(2, 4))
        self.fine = draws.value_noise(size, draws.integer(9, 14))
        self.grain = draws.gaussian_noise(size, size)
        self.rim_x, self.rim_y = self.pose.plane(self.x, self.y, 0.0)
        self.rim_r = np.sqrt(self.rim_x * self.rim_x + self.rim_y * self.rim_y)
        self.rim = soft_step(1.0 - self.rim_r, self.pixel)  # 1 within the rim's edge
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

"""The pose of a wheel in the picture: yaw, pitch, roll, size, position and perspective."""

from __future__ import annotations

import math
from dataclasses import dataclass

from benchmark.data.wheels.draws import Draws, Plane, cosine, sine

Vector = tuple[float, float, float]


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
    def draw(cls, draws: Draws, tyre: float) -> Pose:
        """Draw a pose for a wheel whose tyre has this radius, in rim radii."""
        yaw = draws.uniform(-0.125, 0.125)  # turns: up to 45 degrees from the front
        pitch, roll = draws.uniform(-0.01, 0.05), draws.uniform(-0.03, 0.03)
        cy, sy, cp, sp = cosine(yaw), sine(yaw), cosine(pitch), sine(pitch)
        cr, sr = cosine(roll), sine(roll)
        scale = draws.uniform(0.72, 1.12) / tyre
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

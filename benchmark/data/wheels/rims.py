"""The 17 rim designs, each as the outline of its metal.

A design maps polar coordinates on the wheel (the rim's edge is at radius 1) to a signed distance
to the edge of the metal: positive on metal, negative in the openings, in rim radii. Union of
shapes is a maximum, cutting one out is a minimum. The draws vary proportions within a design, so
that a class is an idea (five broad spokes), not one drawing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

import numpy as np

from benchmark.data.wheels.draws import Draws, Plane, angle_in_turns


@dataclass(frozen=True)
class Polar:
    """Points of a plane of the wheel: radius in rim radii and angle in turns, each (H, W)."""

    radius: Plane
    angle: Plane

    @classmethod
    def from_points(cls, x: Plane, y: Plane, spin: float) -> Polar:
        """Return the polar coordinates of points on a wheel that has rolled by `spin` turns."""
        return cls(np.sqrt(x * x + y * y), angle_in_turns(x, y) + spin)

    def fold(self, count: int, phase: float = 0.0, twist: float = 0.0) -> Plane:
        """Return the signed arc length to the nearest of `count` spokes; twist is in turns."""
        turn = self.angle + phase
        if twist:
            turn += twist * self.radius
        turn *= count
        turn -= np.rint(turn)
        turn *= 2 * math.pi / count
        turn *= self.radius
        return turn


Outline = Callable[[Polar], Plane]


@dataclass(frozen=True)
class Rim:
    """One wheel of a design: its outline, and how far its face sits behind the rim's edge."""

    outline: Outline
    recess: float = 0.0  # rim radii


def union(*shapes: Plane) -> Plane:
    """Return the signed distance of everything covered by any of the shapes."""
    return reduce(np.maximum, shapes)


def _frame(at: Polar, hub: float, lip: float = 0.93) -> Plane:
    """Hub disc and outer ring, which nearly every design has."""
    return np.maximum(hub - at.radius, at.radius - lip)


def _spokes(count: int, hub: float, inner: float, outer: float, twist: float = 0.0) -> Outline:
    """Straight or curved spokes of half-width `inner` at the hub, `outer` at the rim."""

    def outline(at: Polar) -> Plane:
        width = inner + (outer - inner) * at.radius
        return union(_frame(at, hub), width - np.abs(at.fold(count, twist=twist)))

    return outline


def _straight(count: int, thin: float, wide: float, hub: float = 0.3) -> Callable[[Draws], Rim]:
    """Design of `count` straight spokes, half-width from `thin` to `wide`, hub of 0.2 to `hub`."""

    def design(draws: Draws) -> Rim:
        width = draws.uniform(thin, wide)
        return Rim(_spokes(count, draws.uniform(0.2, hub), width, width * draws.uniform(0.7, 1.2)))

    return design


def _multi_spoke(draws: Draws) -> Rim:
    wide = draws.uniform(0.022, 0.034)
    return Rim(_spokes(draws.integer(16, 22), draws.uniform(0.22, 0.36), wide, wide * 1.1))


def _swirl_spoke(draws: Draws) -> Rim:
    wide, twist = draws.uniform(0.09, 0.14), draws.uniform(0.09, 0.15) * draws.pick((-1, 1))
    return Rim(_spokes(draws.integer(5, 7), draws.uniform(0.2, 0.3), wide, wide, twist))


def _turbine(draws: Draws) -> Rim:
    wide, twist = draws.uniform(0.035, 0.05), draws.uniform(0.08, 0.16) * draws.pick((-1, 1))
    fan = draws.uniform(0.09, 0.13)  # blades broaden towards the rim
    return Rim(_spokes(draws.integer(11, 15), draws.uniform(0.22, 0.34), wide, fan, twist))


def _twin_spoke(draws: Draws) -> Rim:
    hub, gap = draws.uniform(0.2, 0.3), draws.uniform(0.085, 0.125)
    wide = draws.uniform(0.032, 0.055)

    def outline(at: Polar) -> Plane:
        pair = np.abs(np.abs(at.fold(5)) - gap)
        return union(_frame(at, hub), np.minimum(wide - pair, at.radius - 0.1))

    return Rim(outline)


def _split_spoke(draws: Draws) -> Rim:
    hub, wide = draws.uniform(0.2, 0.28), draws.uniform(0.13, 0.175)
    slit, start = draws.uniform(0.022, 0.045), draws.uniform(0.42, 0.52)

    def outline(at: Polar) -> Plane:
        arc = np.abs(at.fold(5))
        # the slit runs along the middle of the spoke and is closed at both ends
        cut = union(arc - slit, start - at.radius, at.radius - 0.84)
        return union(_frame(at, hub), np.minimum(wide - arc, cut))

    return Rim(outline)


def _y_spoke(draws: Draws) -> Rim:
    count, hub = draws.integer(5, 7), draws.uniform(0.18, 0.26)
    stem, arm = draws.uniform(0.06, 0.09), draws.uniform(0.034, 0.05)
    fork, reach = draws.uniform(0.45, 0.58), draws.uniform(0.5, 0.62) * math.pi / count
    slope = reach / (1 - fork)

    def outline(at: Polar) -> Plane:
        arc = np.abs(at.fold(count))
        arms = arm - np.abs(arc - slope * (at.radius - fork))
        trunk = np.minimum(stem - arc, fork + 0.08 - at.radius)
        return union(_frame(at, hub), trunk, np.minimum(arms, at.radius - fork))

    return Rim(outline)


def _v_spoke(draws: Draws) -> Rim:
    count, hub = draws.integer(5, 7), draws.uniform(0.2, 0.28)
    arm, reach = draws.uniform(0.036, 0.052), draws.uniform(0.5, 0.62) * math.pi / count
    slope = reach / (1 - hub)

    def outline(at: Polar) -> Plane:
        arms = arm - np.abs(np.abs(at.fold(count)) - slope * (at.radius - hub))
        return union(_frame(at, hub), np.minimum(arms, at.radius - hub))

    return Rim(outline)


def _mesh(draws: Draws) -> Rim:
    count, twist = draws.integer(9, 13), draws.uniform(0.09, 0.14)
    hub, wide = draws.uniform(0.2, 0.32), draws.uniform(0.022, 0.036)

    def outline(at: Polar) -> Plane:
        left, right = np.abs(at.fold(count, twist=twist)), np.abs(at.fold(count, twist=-twist))
        return union(_frame(at, hub), wide - np.minimum(left, right))

    return Rim(outline)


def _wire(draws: Draws) -> Rim:
    count, twist = draws.integer(18, 24), draws.uniform(0.05, 0.09)
    hub, wide = draws.uniform(0.12, 0.2), draws.uniform(0.008, 0.013)

    def outline(at: Polar) -> Plane:
        left, right = at.fold(count, twist=twist), at.fold(count, 0.5 / count, twist=-twist)
        wires = wide - np.minimum(np.abs(left), np.abs(right))
        return union(_frame(at, hub, 0.9), wires)

    return Rim(outline, recess=draws.uniform(-0.06, 0.1))


def _deep_dish(draws: Draws) -> Rim:
    reach = draws.uniform(0.66, 0.76)
    count, hub, wide = draws.integer(5, 6), draws.uniform(0.17, 0.24), draws.uniform(0.09, 0.13)

    def outline(at: Polar) -> Plane:
        face = union(hub - at.radius, wide - np.abs(at.fold(count)), at.radius - reach + 0.05)
        return np.minimum(face, reach - at.radius)

    return Rim(outline, recess=draws.uniform(0.28, 0.45))


def holes(at: Polar, count: int, centre: float, hole: float) -> Plane:
    """Return the signed distance to `count` round holes on a circle, positive outside them."""
    arc, radial = at.fold(count), at.radius - centre
    return np.sqrt(arc * arc + radial * radial) - hole


def _steel(draws: Draws) -> Rim:
    count, centre = draws.integer(9, 15), draws.uniform(0.66, 0.74)
    hole = draws.uniform(0.4, 0.58) * centre * math.pi / count

    def outline(at: Polar) -> Plane:
        ridge = np.abs(at.radius - 0.42) * 0.3 + 0.004  # the pressed ring around the hub
        return np.minimum(holes(at, count, centre, hole), ridge)

    return Rim(outline, recess=draws.uniform(0.02, 0.12))


def _hubcap(draws: Draws) -> Rim:
    count, start = draws.integer(7, 11), draws.uniform(0.5, 0.62)
    slot, groove = draws.uniform(0.035, 0.06), draws.uniform(0.3, 0.42)

    def outline(at: Polar) -> Plane:
        arc = np.abs(at.fold(count))
        slots = union(arc - slot, start - at.radius, at.radius - 0.86)
        ridge = np.abs(at.radius - groove) * 0.4 + 0.004
        return np.minimum(slots, ridge)

    return Rim(outline)


def _aero_disc(draws: Draws) -> Rim:
    count, ring = draws.integer(5, 12), draws.uniform(0.3, 0.7)
    slit, length = draws.uniform(0.006, 0.02), draws.uniform(0.08, 0.2)

    def outline(at: Polar) -> Plane:
        arc = np.abs(at.fold(count))
        slits = union(np.abs(at.radius - 0.84) - slit, arc - length)
        ridge = np.abs(at.radius - ring) * 0.4 + 0.004
        return np.minimum(slits, ridge)

    return Rim(outline)


# The order is the order of frequency. It was fixed by hand, once: plain and fine-structured
# designs alternate, and the look-alike of a common design is rare (v beside y, aero disc beside
# hubcap, six beside five and seven, split beside twin, wire beside mesh, swirl beside turbine,
# deep dish beside five), as in nature, where the variant is rarer than the type.
DESIGNS: dict[str, Callable[[Draws], Rim]] = {
    "five_spoke": _straight(5, 0.10, 0.17),
    "steel": _steel,
    "multi_spoke": _multi_spoke,
    "twin_spoke": _twin_spoke,
    "y_spoke": _y_spoke,
    "hubcap": _hubcap,
    "ten_spoke": _straight(10, 0.045, 0.075, 0.32),
    "mesh": _mesh,
    "turbine": _turbine,
    "seven_spoke": _straight(7, 0.08, 0.14),
    "v_spoke": _v_spoke,
    "aero_disc": _aero_disc,
    "six_spoke": _straight(6, 0.09, 0.155),
    "split_spoke": _split_spoke,
    "wire": _wire,
    "swirl_spoke": _swirl_spoke,
    "deep_dish": _deep_dish,
}

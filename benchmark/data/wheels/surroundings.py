"""The surroundings of a wheel: background, shadows, and things in front.

Without backgrounds a network would learn that a wheel is whatever differs from grey. Shadows and
occluders hide a part of the rim, so that each spoke must be enough to know the class.
"""

import numpy as np

from benchmark.data.wheels.draws import cosine, sine, soft_step
from benchmark.data.wheels.scene import PAINTS, Colour, Scene

OCCLUDERS: tuple[Colour, ...] = (  # in front of the wheel
    (0.05, 0.05, 0.07),  # cloth
    (0.04, 0.07, 0.18),
    (0.45, 0.28, 0.20),  # skin
    (0.22, 0.15, 0.09),  # wood
    (0.35, 0.34, 0.32),  # metal
    (0.50, 0.06, 0.05),  # a reflector
)
GROUND_COVERS: tuple[Colour, ...] = (  # reach up from the ground
    (0.70, 0.72, 0.75),  # snow
    (0.10, 0.16, 0.05),  # grass
    (0.16, 0.15, 0.06),
    (0.22, 0.15, 0.09),  # soil
    (0.35, 0.34, 0.32),  # a kerb
)


def paint_background(scene: Scene) -> None:
    """Paint a car on a road, a wall, or a cluttered yard."""
    draws = scene.draws
    ground = draws.uniform(0.1, 0.45)
    tint = draws.uniform(0.85, 1.0)
    shade = scene.rough * draws.uniform(0.3, 1.0) + (0.6 + draws.uniform(0.02, 0.2) * scene.grain)
    colour = (ground, ground * (1 + tint) / 2, ground * tint)
    for channel, value in zip(scene.canvas, colour, strict=True):
        np.multiply(shade, value, out=channel)
    kind = draws.uniform(0, 1)
    if kind < 0.6:
        _car(scene)
    elif kind < 0.8:
        _wall(scene)
    else:
        _clutter(scene)


def _car(scene: Scene) -> None:
    """Paint body, wheel arch and the shadow on the road."""
    draws, pose = scene.draws, scene.pose
    reflection = 0.55 + 0.6 * scene.rough - draws.uniform(0.0, 0.5) * scene.y
    sill = pose.centre[1] + draws.uniform(0.05, 0.5)
    scene.paint(soft_step(sill - scene.y, 0.03), draws.pick(PAINTS), reflection)
    gap = scene.tyre_radius + draws.uniform(0.04, 0.25)
    arch = soft_step(gap - scene.radius(-0.08), 2 * scene.pixel)
    arch *= soft_step(sill + 0.2 - scene.y, 0.2)
    dark = draws.uniform(0.004, 0.03)
    scene.paint(arch, (dark, dark, dark))
    shadow = soft_step(scene.y - sill, 0.1) * soft_step(sill + draws.uniform(0.3, 1) - scene.y, 0.5)
    scene.darken(shadow, draws.uniform(0.4, 0.85))


def _wall(scene: Scene) -> None:
    """Paint a wall, half of them with the joints of planks, above the floor."""
    draws = scene.draws
    floor = scene.pose.centre[1] + draws.uniform(0.4, 0.8)
    shade = 0.6 + 0.5 * scene.fine + draws.uniform(0, 0.1) * scene.grain
    if draws.chance(0.5):
        rows = scene.y * draws.uniform(4, 8)
        joint = np.abs(rows - np.rint(rows)) - 0.06
        shade *= 0.6 + 0.4 * soft_step(joint, 0.1)
    scene.paint(soft_step(floor - scene.y, 0.02), draws.pick(PAINTS), shade)


def _clutter(scene: Scene) -> None:
    """Paint boxes of all sizes."""
    draws = scene.draws
    for _ in range(draws.integer(4, 9)):
        left, top = draws.uniform(-1.3, 1), draws.uniform(-1, 1)
        wide, tall = draws.uniform(0.1, 1.2), draws.uniform(0.1, 1.2)
        light = draws.uniform(0.2, 0.85)
        columns = soft_step(scene.x - left, 0.02) * soft_step(left + wide - scene.x, 0.02)
        box = columns * soft_step(scene.y - top, 0.02) * soft_step(top + tall - scene.y, 0.02)
        scene.paint(0.7 * box, draws.pick(PAINTS), light)


def paint_shadows(scene: Scene) -> None:
    """Let the straight edge of a shadow, or light through leaves, fall over everything."""
    draws = scene.draws
    if draws.chance(0.35):
        toward = draws.uniform(0, 1)
        edge = scene.x * cosine(toward) + scene.y * sine(toward) - draws.uniform(-0.5, 0.5)
        scene.darken(soft_step(edge, draws.uniform(0.03, 0.3)), draws.uniform(0.3, 0.75))
    elif draws.chance(0.25):
        leaves = soft_step(scene.fine + scene.rough - draws.uniform(0.8, 1.2), 0.4)
        scene.darken(leaves, draws.uniform(0.3, 0.7))


def paint_occluder(scene: Scene) -> None:
    """Put something in front of a part of the wheel in four of ten pictures."""
    draws = scene.draws
    if not draws.chance(0.4):
        return
    shade = 0.6 + 0.6 * scene.fine
    kind = draws.integer(0, 2)
    if kind == 0:  # a pole, a leg, a bumper
        toward = draws.uniform(0, 1)
        line = scene.x * cosine(toward) + scene.y * sine(toward) - draws.uniform(-0.6, 0.6)
        shape = draws.uniform(0.04, 0.14) - np.abs(line)
    elif kind == 1:  # grass, snow or a kerb from below
        rough = draws.uniform(0.0, 0.5)
        level = scene.pose.centre[1] + draws.uniform(0.15, 0.6)
        shape = scene.y - level + rough * (scene.fine - 0.5)
    else:  # a hand, a bag, a ball
        x = scene.x - draws.uniform(-0.7, 0.7)
        y = scene.y - draws.uniform(-0.7, 0.7)
        shape = draws.uniform(0.12, 0.32) - np.sqrt(x * x + y * y) + 0.15 * (scene.rough - 0.5)
    colours = GROUND_COVERS if kind == 1 else OCCLUDERS
    scene.paint(soft_step(shape, 3 / scene.size), draws.pick(colours), shade)

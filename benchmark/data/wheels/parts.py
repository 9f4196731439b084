"""The wheel itself: the tyre, the brake behind the openings, the rim, and the dirt on it.

Finish, brake, bolts, tyre and dirt are drawn independently of the design: the shape of the openings
alone tells the class.
"""

import math

import numpy as np

from benchmark.data.wheels.draws import Plane, angle_in_turns, cosine, sine, soft_step
from benchmark.data.wheels.rims import Polar, Rim, holes
from benchmark.data.wheels.scene import Colour, Scene

ALLOYS: tuple[Colour, ...] = (
    (0.62, 0.63, 0.65),  # silver
    (0.70, 0.70, 0.70),
    (0.50, 0.51, 0.54),
    (0.17, 0.18, 0.20),  # gun-metal
    (0.035, 0.035, 0.04),  # black
    (0.02, 0.02, 0.02),
    (0.50, 0.33, 0.09),  # gold
    (0.30, 0.17, 0.08),  # bronze
    (0.80, 0.80, 0.78),  # white
)
CALIPERS: tuple[Colour, ...] = (
    (0.12, 0.12, 0.12),
    (0.30, 0.30, 0.30),
    (0.50, 0.02, 0.02),
    (0.55, 0.40, 0.02),
    (0.03, 0.10, 0.45),
)


def paint_tyre(scene: Scene) -> None:
    """Paint the tyre: its tread reaches back, its side wall has rings and sometimes letters."""
    draws, outer, radius = scene.draws, scene.tyre_radius, scene.rim_r
    black = draws.uniform(0.012, 0.06)
    rubber = (black * 1.05, black, black * 0.95)
    for front in (-0.8, -0.4):
        tread = soft_step(outer - scene.radius(front), 2 * scene.pixel)
        scene.paint(tread, rubber, 0.5 + 0.8 * scene.fine)
    rings = (radius - 1) * (draws.uniform(2, 5) / (outer - 1))
    shade = 0.7 + 1.2 * np.abs(rings - np.rint(rings)) + 0.1 * scene.grain
    shade += 0.5 * (scene.rim_x * scene.sun[0] + scene.rim_y * scene.sun[1])
    if draws.chance(0.35):
        shade += draws.uniform(2, 14) * _letters(scene)
    scene.paint(soft_step(outer - radius, 1.5 * scene.pixel), rubber, shade)


def _letters(scene: Scene) -> Plane:
    """Return a word on the side wall: dashes on a part of a circle."""
    draws, depth = scene.draws, scene.tyre_radius - 1
    angle = angle_in_turns(scene.rim_x, scene.rim_y) + draws.uniform(-0.5, 0.5)
    middle = 1 + depth * draws.uniform(0.4, 0.6)
    band = soft_step(0.1 * depth - np.abs(scene.rim_r - middle), scene.pixel)
    word = soft_step(draws.uniform(0.05, 0.15) - np.abs(angle), 0.01)
    return band * word * soft_step(scene.fine - 0.45, 0.1)


def paint_brake(scene: Scene) -> None:
    """Paint what is behind the openings: the barrel, then a disc with a caliper, or a drum."""
    draws = scene.draws
    barrel = draws.uniform(0.02, 0.3)
    # the inner wall of the rim is lit on the side away from the sun
    shade = 0.6 - 0.5 * (scene.rim_x * scene.sun[0] + scene.rim_y * scene.sun[1])
    scene.paint(scene.rim, (barrel, barrel, barrel), np.maximum(shade + 0.4 * scene.rough, 0.1))
    x, y = scene.pose.plane(scene.x, scene.y, -0.55)
    radius = np.sqrt(x * x + y * y)
    dark = draws.uniform(0.004, 0.03)
    scene.paint(scene.rim * soft_step(0.88 - radius, 4 * scene.pixel), (dark, dark, dark))
    if draws.chance(0.25):  # a drum: nothing but dark iron
        iron = draws.uniform(0.02, 0.1)
        drum = scene.rim * soft_step(draws.uniform(0.4, 0.65) - radius, 2 * scene.pixel)
        scene.paint(drum, (iron * 1.2, iron, iron * 0.85), 0.7 + 0.6 * scene.fine)
        return
    outer = draws.uniform(0.5, 0.82)
    iron = draws.uniform(0.06, 0.4)
    grooves = radius * draws.uniform(9, 14)
    shade = 0.7 + 0.3 * np.abs(grooves - np.rint(grooves)) + 0.5 * scene.rough
    disc = scene.rim * soft_step(outer - radius, 2 * scene.pixel)
    scene.paint(disc, (iron, iron * 0.96, iron * 0.92), shade)
    if draws.chance(0.7):
        toward = draws.uniform(0, 1)
        length = np.abs(x * cosine(toward) + y * sine(toward) - outer * 0.85)
        width = np.abs(y * cosine(toward) - x * sine(toward))
        shape = np.minimum(0.1 + outer * 0.25 - length, 0.3 - width)
        caliper = scene.rim * soft_step(shape, 2 * scene.pixel)
        scene.paint(caliper, draws.pick(CALIPERS), 0.7 + 0.5 * scene.fine)


def paint_face(scene: Scene, rim: Rim) -> None:
    """Paint the rim: the flanks of its openings, its face lit by its own relief, its lip."""
    draws = scene.draws
    colour = draws.pick(ALLOYS)
    flank = _polar(scene, -rim.recess - draws.uniform(0.05, 0.12))
    side = scene.rim * soft_step(rim.outline(flank), 1.2 * scene.pixel)
    scene.paint(side, colour, 0.12 + 0.3 * scene.rough)

    at = _polar(scene, -rim.recess)
    metal = rim.outline(at)
    cover = scene.rim * soft_step(metal, scene.pixel)
    # height of the metal: a bevel along every edge, bolts and cap pressed in, the whole dished
    bevel = draws.uniform(0.025, 0.06)
    bolts = np.abs(holes(at, draws.pick((4, 5, 5, 6)), draws.uniform(0.11, 0.16), 0.022))
    cap = np.abs(at.radius - draws.uniform(0.05, 0.085))
    height = np.minimum(np.minimum(metal, bevel), np.minimum(bolts, cap) + bevel * 0.4)
    height += draws.uniform(-0.25, 0.25) * at.radius * at.radius
    light, shine = _relief(scene, height)
    mirrored = draws.uniform(0.0, 0.35) * (scene.rough - 0.5)
    shade = 0.25 + draws.uniform(0.5, 0.8) * light + mirrored
    scene.paint(cover, colour, shade)
    if draws.chance(0.2):  # diamond-cut: bare metal on top, paint in the bevels
        scene.paint(cover * soft_step(metal - 0.6 * bevel, scene.pixel), ALLOYS[0], shade)
    lip = scene.rim * soft_step(scene.rim_r - draws.uniform(0.94, 0.975), scene.pixel)
    ring = 0.3 + 0.6 * np.abs(scene.rim_x * scene.sun[0] + scene.rim_y * scene.sun[1])
    scene.paint(lip, colour if draws.chance(0.6) else ALLOYS[0], ring + 0.4 * scene.rough)
    scene.canvas += draws.uniform(0.05, 1.0) * shine * cover


def _polar(scene: Scene, front: float) -> Polar:
    x, y = scene.pose.plane(scene.x, scene.y, front)
    return Polar.from_points(x, y, scene.pose.spin)


def _relief(scene: Scene, height: Plane) -> tuple[Plane, Plane]:
    """Return diffuse and specular light, each (H, W), on a surface of this height."""
    slope_x, slope_y = np.zeros_like(height), np.zeros_like(height)
    gain = 0.5 / scene.pixel
    np.subtract(height[:, 2:], height[:, :-2], out=slope_x[:, 1:-1])
    np.subtract(height[2:], height[:-2], out=slope_y[1:-1])
    slope_x *= gain
    slope_y *= gain
    length = 1 / np.sqrt(slope_x * slope_x + slope_y * slope_y + 1)
    sx, sy, sz = scene.sun
    toward = sz - sx * slope_x - sy * slope_y
    light = np.maximum(toward * length, 0)
    # Blinn-Phong: the normal against the direction half-way between sun and camera
    shine = np.maximum((toward + 1) * length * (1 / math.sqrt(2 + 2 * sz)), 0)
    for _ in range(scene.draws.integer(3, 5)):  # to the power of 8, 16 or 32
        shine *= shine
    return light, shine


def paint_dirt(scene: Scene) -> None:
    """Lay brake dust and mud over the rim in half of the pictures, and scratches."""
    draws = scene.draws
    if draws.chance(0.5):
        amount = draws.uniform(0.1, 0.75)
        patch = soft_step(scene.rough + scene.fine - draws.uniform(1.1, 1.7), 1)
        mud = draws.uniform(0.02, 0.16)
        scene.paint(
            scene.rim * patch * amount, (mud, mud * 0.8, mud * 0.58), 0.7 + 0.3 * scene.grain
        )
    for _ in range(draws.integer(0, 2)):  # along the edge, from kerbs
        edge, toward = draws.uniform(0.68, 0.88), draws.uniform(0, 1)
        line = np.abs(scene.rim_x * cosine(toward) + scene.rim_y * sine(toward) - edge)
        scene.paint(0.7 * scene.rim * soft_step(0.006 - line, scene.pixel), (0.5, 0.5, 0.5))

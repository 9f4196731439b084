"""One photograph of a wheel, from a design and a stream of draws alone."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from benchmark.data.wheels.draws import Draws, Plane
from benchmark.data.wheels.parts import paint_brake, paint_dirt, paint_face, paint_tyre
from benchmark.data.wheels.rims import Rim
from benchmark.data.wheels.scene import Scene
from benchmark.data.wheels.surroundings import paint_background, paint_occluder, paint_shadows

SHARP = 128  # side of the picture in whose pixels the blur is given


def photograph(design: Callable[[Draws], Rim], draws: Draws, size: int) -> npt.NDArray[np.uint8]:
    """Return a picture of a wheel of this design, (size, size, 3) uint8 RGB.

    The same draws show the same wheel at any size; only texture and noise depend on the pixels.
    """
    rim = design(draws)
    scene = Scene(draws, size)
    paint_background(scene)
    paint_tyre(scene)
    paint_brake(scene)
    paint_face(scene, rim)
    paint_dirt(scene)
    paint_shadows(scene)
    paint_occluder(scene)
    return _expose(scene)


def _expose(scene: Scene) -> npt.NDArray[np.uint8]:
    """Turn linear light into 8 bit, with white balance, blur and noise; uses up the canvas."""
    draws, size = scene.draws, scene.size
    bright, warm = draws.uniform(0.5, 1.6), draws.uniform(-0.15, 0.15)
    lens = draws.uniform(0.3, 1.0)  # deviation
    shake = draws.uniform(1, 6) if draws.chance(0.12) else 0.0  # variance, sideways
    noise = 255 * draws.uniform(0.004, 0.035)
    pixels = np.empty((size, size, 3), np.uint8)
    balance = (1 + warm, 1.0, 1 - warm)
    for band, (channel, gain) in enumerate(zip(scene.canvas, balance, strict=True)):
        channel *= bright * gain
        _blur(channel, lens * lens)
        _blur(channel.T, lens * lens + shake)
        np.maximum(channel, 0, out=channel)
        np.minimum(channel, 1, out=channel)  # highlights burn out
        np.sqrt(channel, out=channel)  # gamma 2: exact, unlike 2.2
        channel *= 255
        channel += noise * draws.gaussian_noise(size, size)
        np.rint(channel, out=channel)
        np.maximum(channel, 0, out=channel)
        np.minimum(channel, 255, out=channel)
        pixels[:, :, band] = channel
    return pixels


def _blur(plane: Plane, variance: float) -> None:
    """Blur in place along the first axis, by a bell of this variance in 128ths of a picture."""
    size = len(plane)
    remaining, gap = variance * (size / SHARP) ** 2, 1
    while remaining > 0.01 and 2 * gap < size:
        # three taps, `gap` pixels apart; wider taps follow as long as variance is left
        weight = min(0.25, remaining / (2 * gap * gap))
        neighbours = plane[2 * gap :] + plane[: -2 * gap]
        neighbours *= weight
        middle = plane[gap:-gap]
        middle *= 1 - 2 * weight
        middle += neighbours
        remaining -= 2 * weight * gap * gap
        gap += 1

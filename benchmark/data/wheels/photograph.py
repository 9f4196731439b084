"""One photograph of a wheel, from a design and a stream of draws alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from benchmark.data.wheels.camera import expose
from benchmark.data.wheels.draws import Draws
from benchmark.data.wheels.parts import brake, dirt, face, tyre
from benchmark.data.wheels.rims import Rim
from benchmark.data.wheels.scene import Scene
from benchmark.data.wheels.surroundings import background, occluder, shadows


def photograph(design: Callable[[Draws], Rim], draws: Draws, size: int) -> npt.NDArray[np.uint8]:
    """Return a picture of a wheel of this design, (size, size, 3) uint8 RGB.

    The same draws show the same wheel at any size; only texture and noise depend on the pixels.
    """
    rim = design(draws)
    scene = Scene(draws, size)
    background(scene)
    tyre(scene)
    brake(scene)
    face(scene, rim)
    dirt(scene)
    shadows(scene)
    occluder(scene)
    return expose(scene)

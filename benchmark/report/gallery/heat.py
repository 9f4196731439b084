"""A map of where a network looks, laid over an image."""

import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray
from PIL import Image

MAP = "inferno"  # its lightness rises with the value, so it works with any colour vision
LEAST, MOST = 0.35, 0.75  # share of the colour in the picture, where the map is 0 and 1
_COLOURS = (255 * colormaps[MAP](np.linspace(0.05, 0.95, 256))[:, :3]).astype(np.float32)


def overlay(square: NDArray[np.uint8], heat: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Lay a map (h, w), from 0 to 1, over an image (H, H, 3): dark where it is 0, bright where 1.

    The image is grey below, so that its own colours are not taken for heat.
    """
    side = square.shape[0]
    large = Image.fromarray(heat.astype(np.float32)).resize((side, side), Image.Resampling.BICUBIC)
    values = np.clip(np.asarray(large), 0, 1)
    grey = np.asarray(Image.fromarray(square).convert("L"), np.float32)[..., None]
    share = LEAST + (MOST - LEAST) * values[..., None]
    colour = _COLOURS[(255 * values).astype(np.uint8)]
    return (grey * (1 - share) + colour * share).round().astype(np.uint8)

"""The grey scale of wide images: one for all images of a set, from the range of their values.

A scale for each image would show -6 degrees brighter than 24, and a fixed one would show the 12
bits of a microscope nearly black.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from benchmark.data.decoding.decode import FLOAT, INTEGER
from benchmark.data.decoding.strips import strips

# of 8, 10, 12, 14 and 16 bits; files have no word for how many of their bits are used
USUAL_MAXIMA = {INTEGER: (255, 1023, 4095, 16383, 65535), FLOAT: (1, 255, 1023, 4095, 16383, 65535)}
FILLED = 0.25  # of the usual range that the values must span; else their own range is taken
HUGE = 1e30  # no measurement: -3.4e38 marks missing pixels in maps


@dataclass(frozen=True)
class GreyScale:
    """The values that become black and white; those between are spaced evenly."""

    black: float
    white: float

    @property
    def is_usual(self) -> bool:
        """Whether white is what a number of bits can hold, not the set's own maximum."""
        return self.black == 0 and self.white in USUAL_MAXIMA[FLOAT]

    def levels(self, values: np.ndarray | float) -> np.ndarray:
        """Return grey levels, 0 to 255 as float64, of values of any shape; NaN becomes 0."""
        scaled = (np.asarray(values, dtype=np.float64) - self.black) / (self.white - self.black)
        return np.floor(np.clip(np.nan_to_num(scaled), 0, 1) * 255 + 0.5)

    def to_rgb(self, image: Image.Image) -> Image.Image:
        """Return a wide image as RGB."""
        grey = Image.new("L", image.size)
        for top, strip in strips(image):
            levels = self.levels(grey_values(strip)).astype(np.uint8)
            grey.paste(Image.fromarray(levels), (0, top))
        return grey.convert("RGB")


def is_wide(image: Image.Image) -> bool:
    """Return whether an image has more than 8 bits of grey, so that it needs a scale."""
    return image.mode in USUAL_MAXIMA


def grey_values(image: Image.Image) -> np.ndarray:
    """Return the values of a wide image, (H, W) float64, NaN where a pixel has no measurement."""
    values = np.asarray(image).astype(np.float64)
    # the mark is written in decimal digits, the pixels are float32
    mark = image.info.get("no_data")
    missing = ~(np.abs(values) < HUGE)
    if mark is not None:
        missing |= values == float(np.float32(mark))
    return np.where(missing, np.nan, values)


def choose_scale(mode: str, low: float, high: float) -> GreyScale:
    """Return the scale for a set of wide images.

    White is the smallest usual maximum that covers all. Where values are negative or beyond all of
    them, or span less than a quarter of its range (a camera's hundredths of a Kelvin), the scale
    goes from the least to the greatest value.

    Parameters
    ----------
    mode
        "I" or "F".
    low, high
        The least and the greatest value of the set.
    """
    covering = [maximum for maximum in USUAL_MAXIMA[mode] if high <= maximum]
    if low >= 0 and covering and (low == high or high - low >= FILLED * covering[0]):
        return GreyScale(0, covering[0])
    return GreyScale(low, max(high, float(np.nextafter(low, np.inf))))

"""A small grey picture of an image, by which copies are told. Worker processes load it."""

import base64
from collections.abc import Sequence

import numpy as np
from PIL import Image

from benchmark.data.decoding.grey_scale import grey_values, is_wide

SIDE = 16  # pixels
SAMPLED = 64  # pixels a side that are averaged: the levels of Pillow's pixels are whole numbers
STEPS = 256  # of one grey level that are stored: of a dark image, all lies in a few levels
WIDE_SAMPLE = 512  # pixels a side that are looked at in wide grey, which takes memory
WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)  # of red, green and blue in grey


def make_thumbnail(image: Image.Image, dark: float, bright: float) -> str:
    """Return SIDE x SIDE grey levels as base64 text: the mean of what lies below each pixel.

    The aspect is ignored, so that it survives every resizing. Wide grey is shown from its own
    `dark` to its own `bright` value: copies are compared by differences, which no scale changes.
    """
    if is_wide(image):
        sides = (min(WIDE_SAMPLE, image.width), min(WIDE_SAMPLE, image.height))
        sample = image.resize(sides, Image.Resampling.NEAREST)
        sample.info = image.info  # which value marks missing pixels
        clipped = np.clip(np.nan_to_num(grey_values(sample), nan=dark), dark, bright)
        scaled = (clipped - dark) / ((bright - dark) or 1)
        image = Image.fromarray((255 * scaled).astype(np.uint8))
    # in whole steps to twice the size, then exactly: a fifth of the time for the same levels.
    # A box filter takes whole pixels alone, so that a resized copy would get other levels.
    sides = (SAMPLED, SAMPLED)
    sample = image.resize(sides, Image.Resampling.BILINEAR, reducing_gap=2.0)
    grey = np.asarray(sample.convert("RGB"), np.float32) @ WEIGHTS
    means = grey.reshape(SIDE, SAMPLED // SIDE, SIDE, SAMPLED // SIDE).mean(axis=(1, 3))
    return base64.b64encode(np.round(STEPS * means).astype("<u2").tobytes()).decode()


def read_steps(texts: Sequence[str]) -> np.ndarray:
    """Return thumbnails from their texts, (N, SIDE, SIDE) in steps; without a text it is black."""
    black = bytes(2 * SIDE * SIDE)
    steps = b"".join(base64.b64decode(text) if text else black for text in texts)
    return np.frombuffer(steps, dtype="<u2").reshape(len(texts), SIDE, SIDE)


def grey_levels(steps: np.ndarray) -> np.ndarray:
    """Return thumbnails in steps as levels of grey, float32."""
    return steps.astype(np.float32) / STEPS

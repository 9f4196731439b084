"""One image from an array or a tensor, as Pillow has it.

Only what is certain is read: bytes from 0 to 255, and floats from 0 to 1. The sentences of errors
say how to come to these.
"""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmark.data.decoding.decode import decode, standardize
from benchmark.data.decoding.limits import MAX_BYTES
from benchmark.storage.plain_file import read_plain
from benchmark.storage.user_folders import expand_home

CHANNELS = (1, 3, 4)  # grey, RGB, RGBA
BLACK = 1 / 255  # floats that reach no further were divided twice
ROUNDING = 1e-5  # floats that were computed, as by a resizing, may be so far outside of 0 to 1


def to_image(value: Any) -> Image.Image:
    """Return an image, upright and of mode RGB, or of wide grey (see `standardize`).

    Parameters
    ----------
    value
        A PIL image, the path or the bytes of an image file, or an array or tensor: (H, W),
        (H, W, C) or (C, H, W), C of 1, 3 or 4; uint8, bool, floats from 0 to 1, or uint16 for grey.

    Raises
    ------
    ValueError
        If shape, type or range of an array make no image, saying what would.
    OSError
        If the file can't be read.
    """
    if isinstance(value, Image.Image):
        return standardize(value)
    if isinstance(value, str | Path):
        return decode(read_plain(expand_home(value), MAX_BYTES))
    if isinstance(value, bytes):
        return decode(value)
    array = _channels_last(to_numpy(value))
    require_range(array)
    if array.dtype == np.uint16:
        if array.ndim == 3:
            raise ValueError("uint16 with several channels: divide by 65535 for floats from 0 to 1")
        array = array.astype(np.int32)
    elif array.dtype != np.uint8:
        array = np.rint(array.astype(np.float32).clip(0, 1) * 255).astype(np.uint8)
    return standardize(Image.fromarray(np.ascontiguousarray(array)))


def to_numpy(value: Any) -> np.ndarray:
    """Return an array, a tensor on any device, or nested lists as an array, copied if need be.

    ValueError says why NumPy can't hold them: a sparse tensor, one without numbers, ragged lists.
    """
    try:
        if hasattr(value, "detach") and hasattr(value, "cpu"):  # a torch tensor; files detach too
            value = value.detach().cpu()
            value = value.float() if "bfloat16" in str(value.dtype) else value
        return np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        if not hasattr(value, "dtype"):
            raise ValueError(f"a {type(value).__name__} of several shapes is no array") from error
        reason = " ".join(str(error).split())
        raise ValueError(f"NumPy can't hold a tensor of {value.dtype}: {reason}") from error


def require_range(array: np.ndarray) -> None:
    """Raise ValueError if the values are not those of images, saying what to do."""
    kind = array.dtype
    if not array.size:
        raise ValueError(f"an array of the shape {array.shape} holds no pixels")
    if kind in (np.uint8, np.uint16, np.bool_):
        return
    if kind.kind not in "fiu":
        raise ValueError(f"values of type {kind} are no pixels; uint8 and floats are taken")
    low, high = float(array.min()), float(array.max())
    reached = f"values from {low:g} to {high:g}, of type {kind}, are not taken"
    if kind.kind in "iu":
        if low >= 0 and high <= 255:
            raise ValueError(
                f"{reached}: if 255 is white, give .astype('uint8'); else divide by the value of "
                "white, for floats from 0 to 1"
            )
        raise ValueError(f"{reached}: divide by the value of white, for floats from 0 to 1")
    if low < -ROUNDING:
        raise ValueError(
            f"{reached}: floats go from 0 to 1. Leave the Normalize transform away: the network "
            "here normalises its input itself"
        )
    if not high <= 1 + ROUNDING:  # also NaN
        raise ValueError(
            f"{reached}: floats go from 0 to 1; divide by the value of white, like 255"
        )


def require_contrast(array: np.ndarray) -> None:
    """Raise ValueError if all of several images are black, as after a wrong scaling."""
    high = float(array.max())
    if array.dtype == np.uint8 and high == 1:
        raise ValueError("uint8 goes from 0 to 255, and these are 0 and 1: multiply by 255")
    if array.dtype.kind == "f" and 0 < high <= BLACK:
        raise ValueError(f"floats go from 0 to 1, and these to {high:g}: divided by 255 twice?")


def _channels_last(array: np.ndarray) -> np.ndarray:
    """Return (H, W) or (H, W, 3|4), whichever axis the channels are on."""
    shape = "an image is (H, W), (H, W, C) or (C, H, W), with C of 1, 3 or 4"
    if array.ndim == 2:
        return array
    if array.ndim == 0:
        raise ValueError(f"a value of the type {type(array.item()).__name__} is no image: {shape}")
    if array.ndim != 3:
        raise ValueError(f"the shape {array.shape} is no image's: {shape}")
    first, last = array.shape[0] in CHANNELS, array.shape[2] in CHANNELS
    if first == last:
        reason = "both ends could be channels" if first else "no end can be channels"
        raise ValueError(f"the shape {array.shape} is no image's, as {reason}: {shape}")
    array = array.transpose(1, 2, 0) if first else array
    return array[:, :, 0] if array.shape[2] == 1 else array

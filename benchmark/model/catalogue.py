"""The names a user can give for blocks and weights; imports no torch, so that help stays quick."""

from __future__ import annotations

WEIGHTS: dict[str, str] = {
    "auto": "official ImageNet weights from torchvision (cache or download), else the bundled ones",
    "imagenet": "official ImageNet weights from torchvision (cache or download), or an error",
    "bundled": "8-bit InceptionV3 that comes with this package; weaker than the official weights",
    "none": "random numbers; the results then say nothing about fine-tuning",
    "PATH": "a .pth, .pt or .safetensors file with a torchvision or timm inception_v3 state dict",
}

# block: channels that come out, and the window and stride that shrink its map; 1 and 1 keep it
_SHAPES: dict[str, tuple[int, int, int]] = {
    "Conv2d_1a_3x3": (32, 3, 2),
    "Conv2d_2a_3x3": (32, 3, 1),
    "Conv2d_2b_3x3": (64, 1, 1),
    "maxpool1": (64, 3, 2),
    "Conv2d_3b_1x1": (80, 1, 1),
    "Conv2d_4a_3x3": (192, 3, 1),
    "maxpool2": (192, 3, 2),
    "Mixed_5b": (256, 1, 1),
    "Mixed_5c": (288, 1, 1),
    "Mixed_5d": (288, 1, 1),
    "Mixed_6a": (768, 3, 2),
    "Mixed_6b": (768, 1, 1),
    "Mixed_6c": (768, 1, 1),
    "Mixed_6d": (768, 1, 1),
    "Mixed_6e": (768, 1, 1),
    "Mixed_7a": (1280, 3, 2),
    "Mixed_7b": (2048, 1, 1),
    "Mixed_7c": (2048, 1, 1),
    "avgpool": (2048, 1, 1),
}
BLOCKS: tuple[str, ...] = tuple(_SHAPES)

HEAD = "head"
WIDTH = 2048  # numbers per image that the head sees
MIN_SIZE = 75  # pixels; a smaller image has nothing left at Mixed_7a

_DEPTHS = {"head": HEAD, "half": "Mixed_6c", "full": BLOCKS[0]}


def first_trained(fine_tune: str) -> str:
    """Return the first block that is trained; every block before it is frozen.

    ``head`` trains the classifier alone, ``half`` freezes up to and including Mixed_6b, ``full``
    freezes nothing, and a block's name trains from that block on.

    Raises
    ------
    ValueError
        If `fine_tune` is none of these.
    """
    if fine_tune in BLOCKS:
        return fine_tune
    if fine_tune not in _DEPTHS:
        raise ValueError(
            f"fine-tune is {fine_tune!r}; allowed are {', '.join(_DEPTHS)} "
            f"or the first block to train: {', '.join(BLOCKS)}"
        )
    return _DEPTHS[fine_tune]


def input_shape(first: str, image_size: int) -> tuple[int, int, int]:
    """Return the shape (C, H, W) of what enters the block `first`, without running the network.

    Args:
        first: one of BLOCKS.
        image_size: side of the images in pixels.
    """
    channels, side = 3, image_size
    for block in BLOCKS[: BLOCKS.index(first)]:
        channels, window, stride = _SHAPES[block]
        side = (side - window) // stride + 1
    return channels, side, side

"""The names a user can give for blocks and weights; imports no torch, so that help stays quick."""

from __future__ import annotations

WEIGHTS: dict[str, str] = {
    "auto": "official ImageNet weights from torchvision (cache or download), else the bundled ones",
    "imagenet": "official ImageNet weights from torchvision (cache or download), or an error",
    "bundled": "8-bit InceptionV3 that comes with this package; weaker than the official weights",
    "none": "random numbers; the results then say nothing about fine-tuning",
    "PATH": "a .pth, .pt or .safetensors file with a torchvision or timm inception_v3 state dict",
}

BLOCKS: tuple[str, ...] = (
    "Conv2d_1a_3x3",
    "Conv2d_2a_3x3",
    "Conv2d_2b_3x3",
    "maxpool1",
    "Conv2d_3b_1x1",
    "Conv2d_4a_3x3",
    "maxpool2",
    "Mixed_5b",
    "Mixed_5c",
    "Mixed_5d",
    "Mixed_6a",
    "Mixed_6b",
    "Mixed_6c",
    "Mixed_6d",
    "Mixed_6e",
    "Mixed_7a",
    "Mixed_7b",
    "Mixed_7c",
    "avgpool",
)

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

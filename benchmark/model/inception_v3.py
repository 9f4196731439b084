"""InceptionV3 without torch: names, shapes and weights. `inception_blocks` has the layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.model.backbone import Backbone

if TYPE_CHECKING:
    from torch import nn

WEIGHTS: dict[str, str] = {
    "auto": "official ImageNet weights from torchvision (cache or download), else the bundled ones",
    "imagenet": "official ImageNet weights from torchvision (cache or download), or an error",
    "bundled": "8-bit InceptionV3 that comes with this package; weaker than the official weights",
    "none": "random numbers; the results then say nothing about fine-tuning",
    "PATH": "a checkpoint of torch.save or safetensors with a torchvision or timm inception_v3",
}

# block: its output channels, and the window and stride that shrink its map; 1 and 1 keep the size
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
BLOCKS = tuple(_SHAPES)


class InceptionV3(Backbone):
    """The network that the harness is for; Szegedy et al. 2016, arXiv 1512.00567.

    Its shapes are written down: an experiment is checked and planned without torch.
    """

    blocks = BLOCKS
    width = 2048
    has_weights = True

    def input_shape(self, first: str, image_size: int) -> tuple[int, ...]:
        """Return the shape (C, H, W) of the input of the block `first`, for square images."""
        channels, side = 3, image_size
        for block in BLOCKS[: BLOCKS.index(first)]:
            channels, window, stride = _SHAPES[block]
            side = (side - window) // stride + 1
        return channels, side, side


def _build() -> nn.Sequential:
    """InceptionV3 (Szegedy et al. 2016), the network that the harness is for."""
    from benchmark.model.inception_blocks import build_inception

    return build_inception(BLOCKS)


# below 75 px nothing is left at Mixed_7a; 0.5 is torchvision's dropout before the classifier
INCEPTION_V3 = InceptionV3("inception_v3", _build, half="Mixed_6c", min_size=75, dropout=0.5)

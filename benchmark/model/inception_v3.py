"""InceptionV3 without torch: names, shapes and weights. `inception_blocks` has the layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.model.built_in import BuiltInBackbone, Shapes, build_layers
from benchmark.model.weights_source import Address, Naming, keep_name

if TYPE_CHECKING:
    from torch import nn

_SHAPES: Shapes = {
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


class InceptionV3(BuiltInBackbone):
    """The network that the harness is for; Szegedy et al. 2016, arXiv 1512.00567."""

    shapes = _SHAPES
    namings = (Naming("torchvision's or timm's names", keep_name),)
    official = Address(
        "https://download.pytorch.org/models/inception_v3_google-0cc3c7bd.pth",
        size=110 * 10**6,
        name="ImageNet (torchvision Inception_V3_Weights.IMAGENET1K_V1)",
    )


def _build() -> nn.Sequential:
    """InceptionV3 (Szegedy et al. 2016), the network that the harness is for."""
    return build_layers("inception_blocks", _SHAPES)


# below 75 px nothing is left at Mixed_7a; 0.5 is torchvision's dropout before the classifier
INCEPTION_V3 = InceptionV3("inception_v3", _build, half="Mixed_6c", min_size=75, dropout=0.5)

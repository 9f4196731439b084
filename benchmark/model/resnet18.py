"""ResNet-18 without torch: names, shapes and weights. `resnet18_blocks` has the layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.model.built_in import BuiltInBackbone, Shapes, build_layers
from benchmark.model.weights_source import Address, Naming

if TYPE_CHECKING:
    from torch import nn

_SHAPES: Shapes = {
    "stem": (64, 1, 4),
    "layer1": (64, 1, 1),
    "layer2": (128, 1, 2),
    "layer3": (256, 1, 2),
    "layer4": (512, 1, 2),
    "avgpool": (512, 1, 1),
}


def torchvision_name(name: str) -> str:
    """Return what torchvision and timm call a tensor: they have no stem.

    >>> torchvision_name("stem.conv1.weight"), torchvision_name("layer1.0.conv1.weight")
    ('conv1.weight', 'layer1.0.conv1.weight')
    """
    return name.removeprefix("stem.")


class ResNet18(BuiltInBackbone):
    """The smallest residual network; He et al. 2016, arXiv 1512.03385."""

    shapes = _SHAPES
    namings = (Naming("torchvision's or timm's names", torchvision_name),)
    official = Address(
        "https://download.pytorch.org/models/resnet18-f37072fd.pth",
        size=47 * 10**6,
        name="ImageNet (torchvision ResNet18_Weights.IMAGENET1K_V1)",
    )


def _build() -> nn.Sequential:
    """ResNet-18 (He et al. 2016), a small network that many publications use."""
    return build_layers("resnet18_blocks", _SHAPES)


# 55 % of the multiply-adds lie before layer3; its authors dropped nothing before the classifier
RESNET18 = ResNet18("resnet18", _build, half="layer3")

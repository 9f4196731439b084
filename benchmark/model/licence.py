"""The licence that pretrained weights come with, for whoever passes a network on."""

from benchmark.model.bundled.dequantise import FILE
from benchmark.model.weights import Weights

TORCHVISION = (
    "torchvision offers them with its BSD-3-Clause licence, and says that terms of the images that "
    "they were trained on, those of ImageNet, may apply too."
)
PACKAGE = "the package that they come in names no licence of theirs: ask its authors."
BUNDLED = "MIT, © 2019 Infinite Red, Inc. Its text is in LICENSE.weights and must stay with them."
UNKNOWN = "their licence is not known here: it is that of their authors."
NONE = "random numbers, which have no licence."


def licence_sentence(weights: Weights) -> str:
    """Say under which licence weights are, as far as it is known."""
    if not weights.sha256:
        return NONE
    if weights.source == FILE.name:
        return BUNDLED
    if weights.name.startswith("ImageNet (torchvision"):
        return TORCHVISION
    return PACKAGE if "==" in weights.source else UNKNOWN


def licence_text(weights: Weights) -> str:
    """Return the licence that a copy of weights must carry; '' for others than the bundled."""
    if weights.source != FILE.name:
        return ""
    return FILE.with_name("LICENSE").read_text(encoding="utf-8")

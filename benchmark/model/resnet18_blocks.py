"""The layers of ResNet-18: torchvision's network as a chain of named blocks."""

from collections import OrderedDict
from collections.abc import Sequence

from torch import nn
from torchvision.models.resnet import resnet18

from benchmark.model.layers import GlobalAverage, InputScale, initialise

# of ImageNet's pixels
_MEAN = (0.485 * 255, 0.456 * 255, 0.406 * 255)
_DEVIATION = (0.229 * 255, 0.224 * 255, 0.225 * 255)


def build_chain(blocks: Sequence[str]) -> nn.Sequential:
    """Build ResNet-18 without its classifier, (B, 3, H, W) in [-1, 1] -> (B, 512).

    `blocks` are the names of its blocks, in order: the stem, and torchvision's names.
    """
    model = resnet18(weights=None)
    stem = ("conv1", "bn1", "relu", "maxpool")
    model.stem = nn.Sequential(
        OrderedDict(
            scale=InputScale(_MEAN, _DEVIATION), **{name: getattr(model, name) for name in stem}
        )
    )
    model.avgpool = GlobalAverage()
    initialise(model)
    return nn.Sequential(OrderedDict((name, getattr(model, name)) for name in blocks))

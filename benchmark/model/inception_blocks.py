"""The layers of InceptionV3: torchvision's network as a chain of named blocks."""

from collections import OrderedDict
from collections.abc import Sequence

from torch import nn
from torchvision.models.inception import inception_v3

from benchmark.model.layers import GlobalAverage, initialise


def build_chain(blocks: Sequence[str]) -> nn.Sequential:
    """Build InceptionV3 without its classifiers, (B, 3, H, W) in [-1, 1] -> (B, 2048).

    `blocks` are torchvision's names, in order. The tensors have torchvision's names too.
    """
    model = inception_v3(weights=None, aux_logits=False, init_weights=False, transform_input=False)
    model.avgpool = GlobalAverage()
    initialise(model)  # torchvision's truncated normal is slow and ignores the fan-in
    return nn.Sequential(OrderedDict((name, getattr(model, name)) for name in blocks))

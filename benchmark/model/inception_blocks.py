"""The layers of InceptionV3: torchvision's network as a chain of named blocks."""

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torchvision.models.inception import inception_v3


class GlobalAverage(nn.Module):
    """Mean over the positions, (B, C, H, W) -> (B, C), in float32 whatever the input is."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the mean of each channel."""
        return x.mean((2, 3), dtype=torch.float32)


def build_inception(blocks: Sequence[str]) -> nn.Sequential:
    """Build InceptionV3 without its classifiers, (B, 3, H, W) in [-1, 1] -> (B, 2048).

    `blocks` are torchvision's names, in order. The tensors have torchvision's names too.
    """
    model = inception_v3(weights=None, aux_logits=False, init_weights=False, transform_input=False)
    model.avgpool = GlobalAverage()
    # He's scale keeps activations alive through 94 layers even where batch norm is frozen at its
    # initial identity; torchvision's truncated normal is slow and ignores the fan-in.
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    return nn.Sequential(OrderedDict((name, getattr(model, name)) for name in blocks))

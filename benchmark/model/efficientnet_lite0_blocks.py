"""The layers of EfficientNet-Lite0, as in TensorFlow's efficientnet_lite_builder.py.

Its stochastic depth is left out: it draws blocks to skip where training is from random numbers.
"""

from collections import OrderedDict
from collections.abc import Sequence

from torch import Tensor, nn

from benchmark.model.layers import (
    ConvNorm,
    DepthwiseConv2d,
    GlobalAverage,
    InputScale,
    SameConv2d,
    initialise,
)

# stages: blocks, window, stride of the first block, expansion, output channels
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


class InvertedResidual(nn.Sequential):
    """Expand the channels, filter each, project them; Sandler et al. 2018, arXiv 1801.04381."""

    def __init__(self, inputs: int, outputs: int, window: int, stride: int, expansion: int) -> None:
        middle = inputs * expansion
        layers = OrderedDict[str, nn.Module]()
        if expansion > 1:
            layers["expand"] = ConvNorm(_pointwise(inputs, middle))
        layers["depthwise"] = ConvNorm(DepthwiseConv2d(middle, window, stride))
        layers["project"] = ConvNorm(_pointwise(middle, outputs), activation=False)
        super().__init__(layers)
        self.has_shortcut = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """Maps (B, C, H, W) -> (B, D, H', W')."""
        y = super().forward(x)
        return x + y if self.has_shortcut else y


def _pointwise(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 1, bias=False)


def build_chain(blocks: Sequence[str]) -> nn.Sequential:
    """Build it without its classifier, (B, 3, H, W) in [-1, 1] -> (B, 1280).

    `blocks` are the names of its blocks, in order.
    """
    stem = ConvNorm(SameConv2d(3, 32, 3, stride=2, bias=False))
    # its authors' input is (pixels - 127) / 128
    layers: list[nn.Module] = [
        nn.Sequential(OrderedDict(scale=InputScale((127,), (128,)), **dict(stem.named_children())))
    ]
    inputs = 32
    for repeats, window, first_stride, expansion, outputs in _STAGES:
        for number in range(repeats):
            stride = first_stride if number == 0 else 1
            layers.append(InvertedResidual(inputs, outputs, window, stride, expansion))
            inputs = outputs
    layers += [ConvNorm(_pointwise(inputs, 1280)), GlobalAverage()]
    chain = nn.Sequential(OrderedDict(zip(blocks, layers, strict=True)))
    initialise(chain)
    return chain

"""What files call the tensors of EfficientNet-Lite0."""

import pytest

from benchmark.model.efficientnet_lite0 import EFFICIENTNET_LITE0, timm_name


@pytest.mark.parametrize(
    ("ours", "timms"),
    [
        ("stem.conv.weight", "conv_stem.weight"),
        ("stem.bn.running_mean", "bn1.running_mean"),
        ("block0.depthwise.conv.weight", "blocks.0.0.conv_dw.weight"),
        ("block0.depthwise.bn.bias", "blocks.0.0.bn1.bias"),
        ("block0.project.conv.weight", "blocks.0.0.conv_pw.weight"),
        ("block0.project.bn.bias", "blocks.0.0.bn2.bias"),
        ("block1.expand.conv.weight", "blocks.1.0.conv_pw.weight"),
        ("block7.depthwise.bn.weight", "blocks.3.2.bn2.weight"),
        ("block8.project.bn.weight", "blocks.4.0.bn3.weight"),
        ("block15.project.conv.weight", "blocks.6.0.conv_pwl.weight"),
        ("conv_head.conv.weight", "conv_head.weight"),
        ("conv_head.bn.weight", "bn2.weight"),
    ],
)
def test_timm_numbers_the_blocks_within_their_stage(ours, timms):
    assert ours in EFFICIENTNET_LITE0.layout()
    assert timm_name(ours) == timms

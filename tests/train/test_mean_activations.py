"""Means over positions: of a block's inputs, each time that it runs, and then no more."""

import pytest
import torch
from torch import nn

from benchmark.train.mean_activations import mean_inputs, mean_over_positions


def test_maps_are_averaged_and_features_are_kept():
    maps = torch.arange(24.0).reshape(2, 3, 2, 2)  # (B, C, H, W)
    assert mean_over_positions(maps).tolist() == [[1.5, 5.5, 9.5], [13.5, 17.5, 21.5]]
    features = torch.rand(2, 5)
    assert mean_over_positions(features) is features


def test_inputs_of_a_block_are_noted_while_the_context_lasts():
    blocks = nn.Sequential()
    blocks.add_module("first", nn.ReLU())
    blocks.add_module("second", nn.Flatten())
    x = torch.randn(2, 3, 4, 4).to(torch.bfloat16)
    with mean_inputs(blocks, "second") as means:
        blocks(x)
        blocks(x[:1])
    blocks(x)
    assert [tuple(m.shape) for m in means] == [(2, 3), (1, 3)]
    torch.testing.assert_close(means[0], x.relu().float().mean((2, 3)))


def test_the_block_after_the_last_gets_what_they_give():
    blocks, x = nn.Sequential(nn.ReLU()), torch.randn(2, 3, 4, 4)
    for chain, expected in ((blocks, x.relu()), (nn.Sequential(), x)):
        with mean_inputs(chain, "next") as means:
            chain(x)
        chain(x)
        (mean,) = means
        torch.testing.assert_close(mean, expected.mean((2, 3)))


def test_a_block_without_layers_gets_its_own_inputs():
    blocks = nn.Sequential(nn.ReLU(), nn.Sequential(), nn.Tanh())
    x = torch.randn(2, 3, 4, 4)
    with mean_inputs(blocks, "1") as means:
        blocks(x)
    torch.testing.assert_close(means, [x.relu().mean((2, 3))])


def test_an_error_inside_takes_the_hook_off():
    blocks = nn.Sequential(nn.ReLU())
    with pytest.raises(ValueError, match="stop"), mean_inputs(blocks, "0") as means:
        raise ValueError("stop")
    blocks(torch.rand(1, 2, 3, 3))
    assert not means

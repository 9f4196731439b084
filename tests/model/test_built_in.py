"""The shapes that are written down, of every backbone of the package."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmark.model.built_in import BuiltInBackbone
from benchmark.model.network import build_network, freeze
from benchmark.model.registry import BACKBONES

BUILT_IN = [network for network in BACKBONES.values() if isinstance(network, BuiltInBackbone)]

each = pytest.mark.parametrize("network", BUILT_IN, ids=lambda network: network.name)


@each
def test_written_shapes_are_those_of_the_network(network) -> None:
    sizes = (network.min_size, 76, 77, 128, 224, 299)
    for size in sizes:
        x = torch.zeros(2, 3, size, size, device="meta")
        for name, block in network._skeleton.named_children():
            assert network.input_shape(name, size) == tuple(x.shape[1:]), (name, size)
            x = block(x)
        assert x.shape == (2, network.width)


@each
def test_half_is_the_block_before_which_half_of_the_multiply_adds_lie(network) -> None:
    counts, x = {}, torch.zeros(1, 3, 224, 224, device="meta")
    for name, block in network._skeleton.named_children():
        with FlopCounterMode(display=False) as counter:
            x = block(x)
        counts[name] = counter.get_total_flops()
    before = sum(counts[name] for name in network.blocks[: network.blocks.index(network.half)])
    assert 0.5 < before / sum(counts.values()) < 0.6


@each
def test_each_naming_gives_every_tensor_a_name_of_its_own(network) -> None:
    for naming in network.namings:
        assert len({naming.rename(name) for name in network.layout()}) == len(network.layout())


@each
def test_random_activations_stay_alive(network) -> None:
    torch.manual_seed(6)
    images = torch.randint(0, 256, (2, 3, 75, 75), dtype=torch.uint8)
    features = freeze(build_network(network, None))(images)
    assert 0.05 < float(features.std()) < 20

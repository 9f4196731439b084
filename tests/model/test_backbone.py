"""Shapes and tensors of a plug-in's network, which has no written table of them."""

from collections import OrderedDict

import pytest
import torch
from torch import nn

from benchmark.model.backbone import HEAD, Backbone
from benchmark.model.network import build_network
from tests.model.small_chain import small_chain

SMALL = Backbone("small", small_chain, half="body", min_size=16, dropout=0.2)


def test_blocks_and_shapes_are_those_of_the_chain():
    assert SMALL.blocks == ("stem", "body", "tail", "average")
    assert SMALL.width == 24
    assert SMALL.input_shape("stem", 32) == (3, 32, 32)
    assert SMALL.input_shape("tail", 32) == (16, 8, 8)
    assert SMALL.layout()["tail.0.weight"] == (24, 16, 3, 3)
    assert "stem.1.num_batches_tracked" not in SMALL.layout()


def test_what_is_trained_begins_at_a_block():
    assert [SMALL.first_trained(depth) for depth in ("head", "half", "full", "tail")] == [
        *(HEAD, "body", "stem", "tail")
    ]
    assert SMALL.trainable("tail") == ("tail", "average", HEAD)
    with pytest.raises(ValueError, match=r"'quarter'.*head, half, full.*stem, body, tail"):
        SMALL.first_trained("quarter")


def test_facts_come_from_the_function():
    def brings_weights(pretrained=False):
        """The first line.

        And more.
        """

    other = Backbone("other", brings_weights, half="x")
    assert (other.summary, other.has_weights) == ("The first line.", True)
    assert not SMALL.has_weights


def conv_and_pool(pool):
    return nn.Sequential(OrderedDict(conv=nn.Conv2d(3, 4, 3), pool=pool))


@pytest.mark.parametrize(
    ("half", "pool", "message"),
    [
        ("body", nn.Flatten(), "small: half='body' is none of its blocks conv, pool"),
        ("conv", nn.Identity(), r"must give features \(2, D\), got \(2, 4, 14, 14\)"),
        ("conv", nn.Flatten(0), r"must give features \(2, D\), got \(1568,\)"),
    ],
)
def test_a_chain_that_is_no_backbone_is_refused(half, pool, message):
    chain = Backbone("small", lambda: conv_and_pool(pool), half=half, min_size=16)
    with pytest.raises(ValueError, match=message):
        chain.blocks  # noqa: B018


def test_random_weights_follow_the_seed():
    torch.manual_seed(1)
    first = build_network(SMALL, None)
    torch.manual_seed(1)
    second = build_network(SMALL, None)
    assert torch.equal(first.stem[0].weight, second.stem[0].weight)
    assert first.stem[0].weight.is_contiguous(memory_format=torch.channels_last)


def test_a_network_takes_all_its_tensors_and_no_others():
    state = {n: t for n, t in build_network(SMALL, None).state_dict().items() if "num_" not in n}
    network = build_network(SMALL, state)
    assert torch.equal(network.tail[0].weight, state["tail.0.weight"])
    with pytest.raises(RuntimeError, match=r"tail\.0\.weight"):
        build_network(SMALL, {n: t for n, t in state.items() if n != "tail.0.weight"})
    with pytest.raises(RuntimeError, match="extra"):
        build_network(SMALL, state | {"extra": torch.ones(1)})

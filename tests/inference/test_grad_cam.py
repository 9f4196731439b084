"""Grad-CAM: against the closed form on InceptionV3, and against its definition."""

from collections import OrderedDict
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from benchmark.inference.grad_cam import GradCam, NoFeatureMapError
from benchmark.inference.trained_network import TrainedNetwork
from benchmark.model.inception_v3 import INCEPTION_V3
from benchmark.model.network import Network, build_network, freeze, split
from benchmark.system.device import choose_device
from tests.model.small_chain import small_chain

CPU = choose_device("cpu", "fp32")


def trained(chain, cut, width, classes=3):
    prefix, suffix = split(chain.eval(), cut)
    network = Network(suffix, nn.Linear(width, classes), 0.5).eval().requires_grad_(False)
    return TrainedNetwork(freeze(prefix), network, CPU)


def images(number, size):
    return np.random.default_rng(0).integers(0, 256, (number, size, size, 3), dtype=np.uint8)


@pytest.fixture(scope="module", autouse=True)
def seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def closed_form(network, pixels, classes, last):
    """After the last map come the average over H W positions and the head: no pass goes back."""
    kept = []
    hook = last.register_forward_pre_hook(lambda _, inputs: kept.append(inputs[0]))
    with torch.no_grad():
        network.outputs(torch.from_numpy(pixels))
    hook.remove()
    feature_map = torch.cat(kept)[: len(pixels)]  # the prefix pads its batch
    weights = network.network.head.weight[classes] / feature_map[0, 0].numel()
    maps = (weights[:, :, None, None] * feature_map).sum(1).relu().numpy()
    largest = maps.max((1, 2), keepdims=True)
    return np.divide(maps, largest, out=np.zeros_like(maps), where=largest > 0)


@pytest.mark.parametrize("cut", ["Mixed_7c", "head"])
def test_on_the_last_map_of_inception_v3_it_is_the_closed_form(cut):
    network = trained(build_network(INCEPTION_V3, None), cut, 2048)
    pixels, classes = images(2, 139), np.array([2, 0])
    blocks = network.prefix.blocks if cut == "head" else network.network.suffix
    maps = GradCam(network, "Mixed_7c", (3, 3)).maps(pixels, classes)
    assert maps.shape == (2, 3, 3)
    assert maps.max() == 1
    assert maps == pytest.approx(closed_form(network, pixels, classes, blocks.avgpool), abs=1e-5)


@pytest.mark.parametrize("cut", ["stem", "body", "tail", "head"])
def test_where_the_network_is_cut_changes_nothing(cut):
    torch.manual_seed(1)
    chain = small_chain()
    whole = trained(chain, "stem", 24)
    other = trained(chain, cut, 24)
    other.network.head.load_state_dict(whole.network.head.state_dict())
    pixels, classes = images(5, 48), np.array([0, 1, 2, 1, 0])
    maps = [GradCam(each, "body", (12, 12)).maps(pixels, classes) for each in (whole, other)]
    assert maps[0] == pytest.approx(maps[1], abs=1e-6)
    assert maps[0].any()


def test_weights_are_the_mean_gradients_of_a_map_that_is_not_the_last():
    network = trained(small_chain(), "body", 24)
    pixels, classes = images(3, 48), np.array([0, 1, 2])
    x = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1
    feature_map = network.network.suffix.body(network.prefix.blocks.stem(x)).requires_grad_()
    features = network.network.suffix.average(network.network.suffix.tail(feature_map))
    logits = network.network.head(features)
    (gradient,) = torch.autograd.grad(logits[range(3), classes].sum(), feature_map)
    expected = (gradient.mean((2, 3), keepdim=True) * feature_map).sum(1).relu().detach().numpy()
    maps = GradCam(network, "body", (12, 12)).maps(pixels, classes)
    largest = expected.max((1, 2), keepdims=True)
    assert maps == pytest.approx(expected / np.where(largest > 0, largest, 1), abs=1e-6)


@pytest.mark.parametrize(
    ("size", "block", "shape"), [(48, "tail", (6, 6)), (16, "body", (4, 4)), (8, "stem", (4, 4))]
)
def test_the_last_map_with_four_positions_a_side_is_taken(size, block, shape):
    chosen = GradCam.choose(trained(small_chain(), "tail", 24), size)
    assert (chosen.block, chosen.shape) == (block, shape)


def test_of_maps_that_are_all_coarse_the_last_of_the_finest_is_taken():
    assert GradCam.choose(trained(small_chain(), "tail", 24), 4).block == "stem"


def test_a_network_without_maps_is_refused_in_words():
    flat = nn.Sequential(OrderedDict(flat=nn.Flatten(), layer=nn.Linear(3 * 8 * 8, 24)))
    with pytest.raises(NoFeatureMapError, match="no block of the network gives a map"):
        GradCam.choose(trained(flat, "layer", 24), 8)


def test_a_block_may_change_its_input_in_place():
    chain = small_chain()
    chain.tail = nn.Sequential(nn.ReLU(inplace=True), *chain.tail)
    maps = GradCam(trained(chain, "tail", 24), "body", (4, 4)).maps(images(1, 16), np.array([1]))
    assert np.isfinite(maps).all()


def test_where_nothing_speaks_for_a_class_the_map_is_0():
    network = trained(small_chain(), "tail", 24)
    network.network.head.weight.data[:] = -1  # the features are not negative
    maps = GradCam(network, "tail", (2, 2)).maps(images(2, 16), np.array([0, 1]))
    assert not maps.any()


def test_no_images_give_no_maps():
    grad_cam = GradCam(trained(small_chain(), "tail", 24), "tail", (2, 2))
    assert grad_cam.maps(images(0, 16), np.empty(0, np.int64)).shape == (0, 2, 2)


def test_in_bfloat16_it_is_nearly_the_same():
    chain = small_chain().eval()
    prefix, suffix = split(chain, "tail")
    half = replace(CPU, precision="bfloat16")
    network = Network(suffix, nn.Linear(24, 3), 0.0).eval().requires_grad_(False)
    in_half = TrainedNetwork(freeze(prefix, torch.bfloat16), network, half)
    pixels, classes = images(4, 48), np.array([0, 1, 2, 0])
    maps = [
        GradCam(each, "body", (12, 12)).maps(pixels, classes)
        for each in (TrainedNetwork(freeze(prefix), network, CPU), in_half)
    ]
    assert maps[1] == pytest.approx(maps[0], abs=0.1)

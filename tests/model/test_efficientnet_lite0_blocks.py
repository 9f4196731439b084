"""The network computes what another implementation of it computes; see `lite0_reference`."""

import json
from importlib.util import find_spec

import pytest
import torch
from torch import Tensor

from benchmark.model.efficientnet_lite0 import EFFICIENTNET_LITE0, package_name
from benchmark.model.network import build_network, freeze
from benchmark.model.packaged import packaged_file
from benchmark.model.weights import load_weights
from benchmark.model.weights_file import read_content
from tests.model.lite0_reference import FILE, SHOWN, SIZES, make_images, make_tensors

REFERENCE = json.loads(FILE.read_text("utf-8"))


def assert_equal(outputs: Tensor, reference: dict) -> None:
    """Compare up to the rounding of float32 through 52 layers."""
    first = torch.tensor(reference["first"])
    torch.testing.assert_close(outputs[:, :SHOWN], first, rtol=1e-4, atol=1e-4)
    norm = torch.tensor(reference["norm"])
    torch.testing.assert_close(outputs.norm(dim=1), norm, rtol=1e-5, atol=0)


@pytest.mark.parametrize("size", SIZES)
def test_features_of_random_weights_are_those_of_the_other_implementation(size, tmp_path):
    shapes = {package_name(name): s for name, s in EFFICIENTNET_LITE0.layout().items()}
    assert len(shapes) == len(EFFICIENTNET_LITE0.layout())
    torch.save(make_tensors(shapes | {"_fc.weight": (2, 1280), "_fc.bias": (2,)}), tmp_path / "w")
    weights = load_weights(str(tmp_path / "w"), EFFICIENTNET_LITE0)
    assert weights.message == ""
    features = freeze(build_network(EFFICIENTNET_LITE0, weights.read()))(make_images(size))
    assert_equal(features, REFERENCE[str(size)]["features of random weights"])


@pytest.mark.skipif(
    find_spec(EFFICIENTNET_LITE0.official.module) is None, reason="needs the extra `small`"
)
@pytest.mark.parametrize("size", SIZES)
def test_logits_of_imagenet_are_those_of_the_other_implementation(size):
    weights = load_weights("imagenet", EFFICIENTNET_LITE0)
    features = freeze(build_network(EFFICIENTNET_LITE0, weights.read()))(make_images(size))
    content = read_content(packaged_file(EFFICIENTNET_LITE0.official))
    logits = features @ content["_fc.weight"].t() + content["_fc.bias"]
    assert_equal(logits, REFERENCE[str(size)]["logits"])


def test_bfloat16_is_close() -> None:
    torch.manual_seed(2)
    network, images = build_network(EFFICIENTNET_LITE0, None), make_images(64)
    exact, rounded = freeze(network)(images), freeze(network, torch.bfloat16)(images)
    assert 0 < float((exact - rounded).norm() / exact.norm()) < 0.05

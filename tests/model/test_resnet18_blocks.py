"""The chain computes what torchvision's network computes."""

import pytest
import torch
from torch import nn
from torchvision.models import resnet18
from torchvision.transforms.functional import normalize

from benchmark.model.network import build_network, freeze
from benchmark.model.resnet18 import RESNET18
from benchmark.model.weights import load_weights


@pytest.mark.parametrize("size", [64, 75])
def test_features_are_torchvisions(size, tmp_path):
    torch.manual_seed(1)
    network = resnet18().eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 2)
    torch.save(network.state_dict(), tmp_path / "torchvision.pth")
    weights = load_weights(str(tmp_path / "torchvision.pth"), RESNET18)
    assert weights.message == ""
    images = torch.randint(0, 256, (2, 3, size, size), dtype=torch.uint8)
    features = freeze(build_network(RESNET18, weights.read()))(images)
    network.fc = nn.Identity()
    scaled = normalize(images / 255, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    with torch.no_grad():
        torch.testing.assert_close(features, network(scaled), rtol=1e-4, atol=1e-5)

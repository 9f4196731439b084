from __future__ import annotations

import pytest
import torch
from torch import Tensor

from benchmark.model.inception_v3 import INCEPTION_V3
from benchmark.model.network import build_network, freeze


def test_random_weights_follow_the_seed_and_activations_stay_alive() -> None:
    images = torch.randint(0, 256, (2, 3, 75, 75), dtype=torch.uint8)

    def features() -> Tensor:
        torch.manual_seed(6)
        return freeze(build_network(INCEPTION_V3, None))(images)

    first = features()
    assert torch.equal(first, features())
    assert 0.05 < float(first.std()) < 20


def test_images_below_the_smallest_size_leave_nothing() -> None:
    network, smallest = build_network(INCEPTION_V3, None).eval(), INCEPTION_V3.min_size
    assert network(torch.zeros(1, 3, smallest, smallest)).isfinite().all()
    with pytest.raises(RuntimeError, match="size"):
        network(torch.zeros(1, 3, smallest - 1, smallest - 1))

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from benchmark.model.inception_v3 import BLOCKS, INCEPTION_V3


@pytest.mark.parametrize(
    ("fine_tune", "first"),
    [("head", "head"), ("half", "Mixed_6c"), ("full", "Conv2d_1a_3x3"), ("Mixed_7a", "Mixed_7a")],
)
def test_depth_names_the_first_trained_block(fine_tune: str, first: str) -> None:
    assert INCEPTION_V3.first_trained(fine_tune) == first


def test_half_freezes_up_to_and_including_mixed_6b() -> None:
    assert BLOCKS[BLOCKS.index(INCEPTION_V3.first_trained("half")) - 1] == "Mixed_6b"


def test_unknown_depth_lists_what_is_allowed() -> None:
    with pytest.raises(ValueError, match=r"'quarter'.*head, half, full.*Mixed_7c"):
        INCEPTION_V3.first_trained("quarter")


def test_catalogue_needs_no_torch() -> None:
    code = "import sys, benchmark.model.inception_v3; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("size", [75, 76, 128, 299])
def test_shapes_are_those_of_the_network(size: int) -> None:
    x, network = torch.zeros(2, 3, size, size, device="meta"), INCEPTION_V3.network(None).to("meta")
    for name, block in network.named_children():
        assert INCEPTION_V3.input_shape(name, size) == tuple(x.shape[1:]), name
        x = block(x)


def test_who_only_plans_and_waits_needs_no_torchvision() -> None:
    code = (
        "import sys, benchmark.run.executor; from benchmark.model.weights import *;"
        "load_weights('bundled'); sys.exit('torchvision' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

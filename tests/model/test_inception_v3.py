from __future__ import annotations

import pytest
import torch
from torchvision.models import Inception3

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


def test_the_layout_is_torchvisions_without_classifiers() -> None:
    with torch.device("meta"):
        model = Inception3(aux_logits=True, init_weights=False)
    assert INCEPTION_V3.layout() == {
        name: tuple(tensor.shape)
        for name, tensor in model.state_dict().items()
        if not name.startswith(("fc.", "AuxLogits.")) and "num_batches_tracked" not in name
    }

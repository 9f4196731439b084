"""The pretrained network: each process builds its own."""

import pickle

import pytest
import torch
from safetensors.torch import load_file, save_file

from benchmark.model.bundled.dequantise import bundled_state
from benchmark.model.pretrained import Pretrained
from benchmark.model.weights import Weights, load_weights
from benchmark.system.device import Device

LARGEST_TASK = 4096  # bytes


def pretrained(weights: str = "none") -> Pretrained:
    return Pretrained("inception_v3", load_weights(weights), "Mixed_7c", Device("cpu", "float32"))


def test_a_worker_gets_no_layers_and_builds_the_same_ones() -> None:
    here = pretrained()
    images = torch.randint(0, 256, (2, 3, 75, 75), dtype=torch.uint8)
    expected = here.prefix(images)
    sent = pickle.dumps(here)
    assert len(sent) < LARGEST_TASK
    there = pickle.loads(sent)
    assert torch.equal(there.prefix(images), expected)
    for mine, theirs in zip(here.suffix().parameters(), there.suffix().parameters(), strict=True):
        assert torch.equal(mine, theirs)


@pytest.mark.parametrize("weights", ["none", "bundled"])
def test_each_suffix_is_a_copy_of_its_own(weights: str) -> None:
    made = pretrained(weights)
    first = made.suffix()
    with torch.no_grad():
        for parameter in first.parameters():
            parameter.add_(1)
    second = dict(made.suffix().named_parameters())
    for name, parameter in first.named_parameters():
        torch.testing.assert_close(parameter - 1, second[name], rtol=0, atol=1e-6)


def test_a_file_is_not_trained_with_the_network(tmp_path) -> None:
    path = tmp_path / "weights.safetensors"
    state = bundled_state()
    save_file(state, path)
    with torch.no_grad():
        for parameter in pretrained(str(path)).suffix().parameters():
            parameter.zero_()
    assert all(torch.equal(load_file(path)[name], tensor) for name, tensor in state.items())


def test_weights_that_change_during_the_run_are_not_used(tmp_path) -> None:
    path = tmp_path / "weights.safetensors"
    state = bundled_state()
    save_file(state, path)
    weights: Weights = load_weights(str(path))
    state["Mixed_7c.branch1x1.bn.bias"] += 1
    save_file(state, path)
    with pytest.raises(ValueError, match="changed during the run; run again"):
        weights.read()

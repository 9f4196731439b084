from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from benchmark.model.bundled import dequantise
from benchmark.model.bundled.dequantise import AFFINE, FILE, SHA256, bundled_state
from benchmark.model.inception_v3 import INCEPTION_V3
from benchmark.model.network import build_network, freeze, split
from benchmark.model.weights import load_weights


def test_file_is_small_described_and_licensed() -> None:
    assert FILE.stat().st_size <= 23e6
    assert hashlib.sha256(FILE.read_bytes()).hexdigest() == SHA256
    assert SHA256 in FILE.with_name("README.md").read_text()
    assert "Infinite Red" in FILE.with_name("LICENSE").read_text()


@pytest.mark.parametrize("offset", [3, 40, 5000, 10**6, -1, "cut", "zeros", "gone"])
def test_a_damaged_file_is_refused_with_what_to_do(
    offset: int | str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, copy = bytearray(FILE.read_bytes()), tmp_path / FILE.name
    if isinstance(offset, int):
        content[offset] ^= 1
    elif offset == "cut":
        del content[10**7 :]
    else:
        content[8192:12288] = bytes(4096)
    if offset != "gone":
        copy.write_bytes(content)
    monkeypatch.setattr(dequantise, "FILE", copy)
    with pytest.raises(ValueError, match=rf"{FILE.name}, .*Install it again: pip install"):
        load_weights("bundled")


def test_numbers_are_dequantised_per_tensor() -> None:
    stored, state = load_file(FILE), bundled_state()
    name = "Mixed_6e.branch7x7_2.conv.weight"
    assert stored[name].dtype == torch.uint8
    scale, minimum = stored[name + AFFINE].tolist()
    number = int(stored[name][3, 5, 0, 2])
    assert float(state[name][3, 5, 0, 2]) == pytest.approx(number * scale + minimum, rel=1e-6)
    assert torch.equal(state["Mixed_6e.branch7x7_2.bn.weight"], torch.ones(192))
    assert load_weights("bundled").message == ""


def test_unit_input_is_folded_exactly() -> None:
    stored, state = load_file(FILE), bundled_state()
    layer = "Conv2d_1a_3x3"

    def raw(name: str) -> torch.Tensor:
        scale, minimum = stored[f"{layer}.{name}{AFFINE}"]
        return stored[f"{layer}.{name}"].double() * scale + minimum

    images = torch.randint(0, 256, (2, 3, 21, 21), dtype=torch.uint8)
    x = F.conv2d(images.double() / 255, raw("conv.weight"), stride=2)
    expected = F.batch_norm(
        x, raw("bn.running_mean"), raw("bn.running_var"), bias=raw("bn.bias"), eps=1e-3
    ).relu()
    block = build_network(INCEPTION_V3, state).eval().double().get_submodule(layer)
    actual = block(images.double() / 127.5 - 1)
    torch.testing.assert_close(actual, expected, rtol=1e-5, atol=1e-5)


def test_activations_equal_an_independent_forward_of_the_source() -> None:
    # made by walking the package's own TF.js graph, [0, 1] input, without any of this code
    golden = [
        *(0.0043, 0.0172, 0.8054, 0.2827, 0.0247, 0.0386, 0.0, 0.1096),
        *(0.0, 0.028, 0.0025, 0.0, 0.0, 0.0542, 0.0, 0.0),
        *(0.0363, 0.0, 0.0393, 0.0, 0.0, 0.0, 0.0, 0.0),
    ]
    index = torch.arange(3 * 96 * 96).view(1, 3, 96, 96)
    images = (index * index % 251).to(torch.uint8)
    prefix = freeze(split(build_network(INCEPTION_V3, bundled_state()), "Mixed_7a")[0])
    actual = prefix(images)[0].mean((1, 2))
    torch.testing.assert_close(actual[::32], torch.tensor(golden), rtol=0, atol=2e-4)

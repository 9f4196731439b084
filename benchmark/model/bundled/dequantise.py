"""Read the bundled 8-bit weights as float32 tensors in torchvision's layout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import safe_open

if TYPE_CHECKING:
    from torch import Tensor

FILE = Path(__file__).with_name("inception_v3_nsfwjs_uint8.safetensors")
BIAS = ".bn.bias"
AFFINE = "/affine"  # <tensor>/affine = (scale, min) float64, value = number * scale + min


def bundled_state(file: Path = FILE) -> dict[str, Tensor]:
    """Return the state dict of the bundled InceptionV3 for input x / 127.5 - 1.

    Keys and shapes are torchvision's, without ``fc``, ``AuxLogits`` and ``num_batches_tracked``.
    """
    import torch
    from safetensors.torch import load_file

    stored = load_file(file)
    state: dict[str, Tensor] = {}
    for name, numbers in stored.items():
        if name.endswith(AFFINE):
            continue
        scale, minimum = stored[name + AFFINE]
        state[name] = (numbers.double() * scale + minimum).float()
        if name.endswith(BIAS):
            state[_scale_of(name)] = torch.ones_like(state[name])
    return _accept_signed_input(state)


def layout(file: Path = FILE) -> dict[str, tuple[int, ...]]:
    """Return the names and shapes of `bundled_state`, which are those of any InceptionV3."""
    shapes: dict[str, tuple[int, ...]] = {}
    with safe_open(file, "np") as stored:
        for name in stored.keys():  # noqa: SIM118
            if not name.endswith(AFFINE):
                shapes[name] = tuple(stored.get_slice(name).get_shape())
            if name.endswith(BIAS):
                shapes[_scale_of(name)] = shapes[name]
    # convolutions first: an error names the first few that are missing
    return {name: shapes[name] for name in sorted(shapes, key=lambda n: (".conv." not in n, n))}


def _scale_of(bias: str) -> str:
    """Name the scale of the batch norm that has this bias: the source's has none, so it is 1."""
    return bias.removesuffix("bias") + "weight"


def _accept_signed_input(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Fold the source's input range [0, 1] into the first convolution.

    With u = (x + 1) / 2 the convolution w * u is (w / 2) * x + sum(w) / 2, exactly, because it has
    no padding; the constant moves into the mean that batch norm subtracts.
    """
    kernel = state["Conv2d_1a_3x3.conv.weight"] / 2  # (32, 3, 3, 3)
    mean = state["Conv2d_1a_3x3.bn.running_mean"] - kernel.sum((1, 2, 3))
    return state | {"Conv2d_1a_3x3.conv.weight": kernel, "Conv2d_1a_3x3.bn.running_mean": mean}

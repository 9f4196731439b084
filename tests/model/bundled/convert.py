"""Convert the InceptionV3 of the npm package nsfwjs 4.4.0 to one safetensors file.

``python -m tests.model.bundled.convert nsfwjs-4.4.0.tgz`` writes the file of the package. The
source is a TF.js layers model: a manifest of tensors, and six base64 shards with their 8-bit
numbers one after the other, value = number * scale + min (per tensor). The tensors are only renamed
and transposed; scale and min are stored beside them in float64.
"""

import base64
import math
import re
import sys
import tarfile
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor
from torchvision.models.inception import BasicConv2d

from benchmark.model.bundled.dequantise import AFFINE, FILE
from benchmark.model.inception_v3 import INCEPTION_V3
from benchmark.model.network import build_network
from benchmark.storage.atomic import atomic

FOLDER = "package/dist/models/inception_v3"
SHARDS = [f"{FOLDER}/group1-shard{i}of6.min.js" for i in range(1, 7)]
EXPECTED = "expected nsfwjs 4.4.0 (npm pack nsfwjs@4.4.0)"

_TENSOR = re.compile(
    r'\{name:"(?P<name>[^"]+)",shape:\[(?P<shape>[\d,]+)\],dtype:"float32",'
    r'quantization:\{min:(?P<min>[^,]+),scale:(?P<scale>[^,]+),dtype:"uint8"\}\}'
)
_SHARD = re.compile(r'\.exports="([A-Za-z0-9+/=]+)"')


def convert(package: Path, target: Path = FILE) -> None:
    """Write the 8-bit InceptionV3 in `package` (the .tgz that ``npm pack`` fetches) to `target`.

    A package that does not hold the model as it is in nsfwjs 4.4.0 raises ValueError.
    """
    with tarfile.open(package) as archive:
        manifest = _read_member(archive, f"{FOLDER}/model.min.js")
        shards = [_read_member(archive, name) for name in SHARDS]
    source = _tensors(manifest, shards)
    network = build_network(INCEPTION_V3, None)
    # torchvision registers its convolutions in the order in which Keras creates its own
    names = [name for name, part in network.named_modules() if isinstance(part, BasicConv2d)]
    shapes = {name: tensor.shape for name, tensor in network.state_dict().items()}
    stored: dict[str, Tensor] = {}
    for number, name in enumerate(names, start=1):
        batch_norm = f"batch_normalization_{number}"
        for theirs, ours in {
            f"conv2d_{number}/kernel": f"{name}.conv.weight",
            f"{batch_norm}/beta": f"{name}.bn.bias",
            f"{batch_norm}/moving_mean": f"{name}.bn.running_mean",
            f"{batch_norm}/moving_variance": f"{name}.bn.running_var",
        }.items():
            if theirs not in source:
                raise ValueError(f"the package has no tensor {theirs}: {EXPECTED}")
            numbers, affine = source[theirs]
            if numbers.ndim == 4:
                numbers = numbers.permute(3, 2, 0, 1)  # (kh, kw, in, out) -> (out, in, kh, kw)
            if (shape := numbers.shape) != shapes[ours]:
                raise ValueError(f"{theirs} is {tuple(shape)}, {ours} is {tuple(shapes[ours])}")
            stored[ours] = numbers.contiguous()
            stored[ours + AFFINE] = torch.tensor(affine, dtype=torch.float64)
    with atomic(target) as temporary:
        temporary.write_bytes(save(stored))


def _read_member(archive: tarfile.TarFile, name: str) -> str:
    try:
        member = archive.extractfile(name)
    except KeyError:
        member = None
    if member is None:
        raise ValueError(f"the package has no {name}: {EXPECTED}")
    return member.read().decode("ascii")


def _tensors(manifest: str, shards: list[str]) -> dict[str, tuple[Tensor, tuple[float, float]]]:
    """Cut the shards into named uint8 tensors, each with its (scale, min)."""
    encoded = [_SHARD.search(text) for text in shards]
    content = bytearray().join(base64.b64decode(match[1]) for match in encoded if match)
    tensors, start = {}, 0
    for match in _TENSOR.finditer(manifest):
        shape = [int(size) for size in match["shape"].split(",")]
        end = start + math.prod(shape)
        numbers = torch.frombuffer(content[start:end], dtype=torch.uint8).reshape(shape)
        tensors[match["name"]] = numbers, (float(match["scale"]), float(match["min"]))
        start = end
    if start != len(content):
        raise ValueError(
            f"the manifest names {start} numbers, the shards hold {len(content)}: {EXPECTED}"
        )
    return tensors


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tests.model.bundled.convert nsfwjs-4.4.0.tgz")
    convert(Path(sys.argv[1]))
    print(f"wrote {FILE.name}, {FILE.stat().st_size / 1e6:.1f} MB")

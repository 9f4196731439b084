from __future__ import annotations

import base64
import io
import tarfile
from pathlib import Path

import pytest
from safetensors.torch import load_file

from benchmark.model.bundled.dequantise import AFFINE, FILE
from tests.model.bundled.convert import FOLDER, SHARDS, convert

# The order in which Keras' InceptionV3 creates its convolutions, 1 to 94, written out by hand.
A = ["1x1", "5x5_1", "5x5_2", "3x3dbl_1", "3x3dbl_2", "3x3dbl_3", "_pool"]
B = ["3x3", "3x3dbl_1", "3x3dbl_2", "3x3dbl_3"]
C = [
    "1x1",
    "7x7_1",
    "7x7_2",
    "7x7_3",
    "7x7dbl_1",
    "7x7dbl_2",
    "7x7dbl_3",
    "7x7dbl_4",
    "7x7dbl_5",
    "_pool",
]
D = ["3x3_1", "3x3_2", "7x7x3_1", "7x7x3_2", "7x7x3_3", "7x7x3_4"]
E = ["1x1", "3x3_1", "3x3_2a", "3x3_2b", "3x3dbl_1", "3x3dbl_2", "3x3dbl_3a", "3x3dbl_3b", "_pool"]
STEM = ["Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "Conv2d_3b_1x1", "Conv2d_4a_3x3"]
MIXED = {"5b": A, "5c": A, "5d": A, "6a": B, "6b": C, "6c": C, "6d": C, "6e": C}
MIXED |= {"7a": D, "7b": E, "7c": E}
KERAS = STEM + [f"Mixed_{key}.branch{branch}" for key, part in MIXED.items() for branch in part]


def package(path: Path, drop: str = "") -> Path:
    """The npm package as the converter expects it, made backwards from the file that lies here."""
    stored = load_file(FILE)
    manifest, content = [], bytearray()
    for number, name in enumerate(KERAS, start=1):
        for theirs, ours in {
            f"batch_normalization_{number}/beta": "bn.bias",
            f"batch_normalization_{number}/moving_mean": "bn.running_mean",
            f"batch_normalization_{number}/moving_variance": "bn.running_var",
            f"conv2d_{number}/kernel": "conv.weight",
        }.items():
            if theirs == drop:
                continue
            numbers = stored[f"{name}.{ours}"]
            scale, minimum = stored[f"{name}.{ours}{AFFINE}"].tolist()
            if numbers.ndim == 4:
                numbers = numbers.permute(2, 3, 1, 0)  # (out, in, kh, kw) -> (kh, kw, in, out)
            shape = ",".join(map(str, numbers.shape))
            manifest.append(
                f'{{name:"{theirs}",shape:[{shape}],dtype:"float32",'
                f'quantization:{{min:{minimum!r},scale:{scale!r},dtype:"uint8"}}}}'
            )
            content += numbers.contiguous().numpy().tobytes()
    files = {f"{FOLDER}/model.min.js": f"n.exports={{weights:[{','.join(manifest)}]}}"}
    size = -(-len(content) // len(SHARDS))
    for index, name in enumerate(SHARDS):
        shard = base64.b64encode(content[index * size : (index + 1) * size]).decode()
        files[name] = f'n.exports="{shard}"'
    with tarfile.open(path, "w") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return path


def test_converter_makes_the_file_that_lies_here(tmp_path: Path) -> None:
    assert len(KERAS) == 94
    convert(package(tmp_path / "nsfwjs.tgz"), tmp_path / "made.safetensors")
    assert (tmp_path / "made.safetensors").read_bytes() == FILE.read_bytes()


def test_converter_refuses_another_package(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no tensor conv2d_94/kernel.*nsfwjs 4\.4\.0"):
        convert(package(tmp_path / "p.tgz", drop="conv2d_94/kernel"), tmp_path / "out.safetensors")
    with tarfile.open(tmp_path / "empty.tgz", "w"):
        pass
    with pytest.raises(ValueError, match=r"model\.min\.js.*nsfwjs 4\.4\.0"):
        convert(tmp_path / "empty.tgz", tmp_path / "out.safetensors")
    assert not (tmp_path / "out.safetensors").exists()

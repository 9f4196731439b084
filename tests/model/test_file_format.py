"""What a file is: by its content, whatever its suffix."""

from __future__ import annotations

import copy
import io
import json
import pickle
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save

from benchmark.model.file_format import SAFETENSORS, TORCH, excerpt, weights_format


def saved(content: object, **options: bool) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer, **options)
    return buffer.getvalue()


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return buffer.getvalue()


def tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("weights.pth"))
    return buffer.getvalue()


def npy() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3))
    return buffer.getvalue()


STATE = {"weight": torch.ones(3)}
TAKEN = {
    "torch": (saved(STATE), TORCH),
    "torch before 1.6": (saved(STATE, _use_new_zipfile_serialization=False), TORCH),
    "safetensors": (save(STATE), SAFETENSORS),
    "safetensors that begin with a brace": (save(STATE, {"a": "b" * 40}), SAFETENSORS),
}
REFUSED = {
    "empty": (b"", "is empty"),
    "Git LFS": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\n",
        "a Git LFS pointer",
    ),
    "HTML": (b"<!DOCTYPE html><html>Sign in</html>", "an HTML page"),
    "HTML after spaces": (b"\n  <HTML lang=en>", "an HTML page"),
    "HTML with a byte order mark": (b"\xef\xbb\xbf<!doctype html>", "an HTML page"),
    "XML": (b'<?xml version="1.0"?><Error>AccessDenied</Error>', "is XML"),
    "JSON": (b'{"error": "Repository not found"}', "is JSON"),
    "JSON list": (b'[{"error": 1}]', "is JSON"),
    "index": (json.dumps({"metadata": {}, "weight_map": {"a": "b"}}).encode(), "in parts"),
    "Keras .h5": (b"\x89HDF\r\n\x1a\n" + bytes(99), "HDF5 file, as Keras writes"),
    "Keras .keras": (zipped("metadata.json", "config.json", "model.weights.h5"), "a Keras model"),
    "NumPy": (npy(), "a NumPy array"),
    "NumPy archive": (zipped("a.npy", "b.npy"), "an archive of NumPy arrays"),
    "TensorFlow index": (bytes(60) + bytes.fromhex("57fb808b247547db"), "a TensorFlow checkpoint"),
    "TensorFlow list": (b'model_checkpoint_path: "model-1"', "a TensorFlow checkpoint"),
    "TensorFlow graph": (b"\n\x1f\n\x05input\x12\x0bPlaceholder*\x0b", "a TensorFlow graph"),
    "TensorFlow Lite": (b"\x1c\0\0\0TFL3\0\0", "a TensorFlow Lite model"),
    "ONNX": (b"\x08\x07\x12\x07pytorch\x1a\x052.1.0", "an ONNX model"),
    "ONNX of a longer name": (b"\x08\x0a\x12\x0aonnx.utils\x1a\x00", "an ONNX model"),
    "SavedModel": (b"\x08\x01\x12\x82\xab\x04\x0a\x05serve", "a TensorFlow SavedModel"),
    "Core ML": (b"\x08\x04\x12\xb0\x01\x0a\x10\x0a\x05image", "a Core ML model"),
    "GGUF": (b"GGUF\x03\0\0\0", "a GGUF model"),
    "gzip": (b"\x1f\x8b\x08\0", "is compressed: unpack it"),
    "7z": (b"7z\xbc\xaf\x27\x1c", "is compressed: unpack it"),
    "tar": (tar(), "a tar archive: unpack it"),
    "zip": (zipped("run1/weights.pth", "run1/log.txt"), r"holds run1/weights\.pth, run1/log\.txt:"),
    "zip of nothing": (zipped("a\nb"), r"ZIP archive that holds a\\nb: unpack"),
    "TorchScript": (zipped("net/data.pkl", "net/constants.pkl"), r"torch\.jit\.load\('x\.pth'\)"),
    "torch.export": (zipped("net/archive_format", "net/models/model.json"), r"of torch\.export"),
    "half a download": (saved(STATE)[:500], "ends too early"),
    "half of safetensors' header": (save(STATE)[:40], "ends too early"),
    "pickle": (pickle.dumps({"a": 1}), "a pickle that torch.save did not write"),
    "zeros": (bytes(5000), "begins with zeros alone"),
    "text": (b"epoch,loss\n1,0.3\n", r"it begins with epoch,loss\\n1,0\.3\\n"),
    "image": (b"\x89PNG\r\n\x1a\n", "it begins with 89 50 4e 47"),
}


@pytest.mark.parametrize("name", TAKEN)
def test_files_of_torch_and_safetensors_are_recognised(tmp_path: Path, name: str) -> None:
    content, expected = TAKEN[name]
    (tmp_path / "weights.any").write_bytes(content)
    assert weights_format(tmp_path / "weights.any") == expected


@pytest.mark.parametrize("name", REFUSED)
def test_other_files_are_called_by_name_in_one_line(tmp_path: Path, name: str) -> None:
    content, message = REFUSED[name]
    (tmp_path / "x.pth").write_bytes(content)
    with pytest.raises(ValueError, match=message) as error:
        weights_format(tmp_path / "x.pth")
    assert str(error.value).startswith(f"weights file {tmp_path / 'x.pth'} ")
    assert str(error.value).isprintable()


def test_the_numbers_of_a_tensorflow_checkpoint_are_known_by_the_files_name(tmp_path: Path) -> None:
    file = tmp_path / "model.ckpt.data-00000-of-00001"
    file.write_bytes(b"\x12\x34" * 99)
    with pytest.raises(ValueError, match="a TensorFlow checkpoint"):
        weights_format(file)


def test_long_text_is_cut_for_a_message() -> None:
    assert excerpt("é\u202e\t" + "x" * 300) == "é\\u202e\\t" + "x" * 191 + "…"


@pytest.mark.parametrize("kind", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_file_that_unpacks_to_more_than_it_has_is_refused(tmp_path: Path, kind: int) -> None:
    file = tmp_path / "weights.pth"
    with (
        zipfile.ZipFile(io.BytesIO(saved(STATE))) as source,
        zipfile.ZipFile(file, "w", kind) as archive,
    ):
        for name in source.namelist():
            archive.writestr(name, source.read(name))
    with pytest.raises(ValueError, match=r"weights\.pth holds compressed or overlapping records"):
        weights_format(file)


def test_records_may_not_share_their_bytes(tmp_path: Path) -> None:
    file = tmp_path / "weights.pth"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a/data.pkl", b"x" * 1000)
        first = archive.infolist()[0]
        for number in range(9):
            again = copy.copy(first)
            again.filename = f"a/data/{number}"
            archive.filelist.append(again)
    with pytest.raises(ValueError, match="compressed or overlapping records"):
        weights_format(file)

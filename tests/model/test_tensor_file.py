"""Files of tensors: written whole, with the system's own errors."""

import errno

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from benchmark.model import tensor_file


def test_tensors_are_written_as_others_may_read_them(tmp_path):
    tensor_file.write_tensors(tmp_path / "a.safetensors", {"x": torch.arange(3.0)}, {"k": "v"})
    assert torch.equal(load_file(tmp_path / "a.safetensors")["x"], torch.arange(3.0))
    (tmp_path / "plain").touch()
    modes = {file.stat().st_mode for file in tmp_path.iterdir()}
    assert len(modes) == 1, "safetensors leaves files that only their owner can read"


def test_a_full_disk_is_an_error_of_the_system(tmp_path, monkeypatch):
    def full(*_):
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(tensor_file, "save_file", full)
    with pytest.raises(OSError, match="No space left on device") as raised:
        tensor_file.write_tensors(tmp_path / "a.safetensors", {}, {})
    assert raised.value.errno == errno.ENOSPC
    assert not list(tmp_path.iterdir())

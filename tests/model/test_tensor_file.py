"""Files of tensors: written whole, with the system's own errors."""

import errno

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

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


# ---- read --------------------------------------------------------------------------------------

TENSORS = {
    "x": torch.arange(6.0).reshape(2, 3),
    "none": torch.empty(0, 4),
    "half": torch.ones(1).half(),
}


@pytest.fixture
def file(tmp_path):
    tensor_file.write_tensors(tmp_path / "a.safetensors", TENSORS, {"k": "v"})
    return tmp_path / "a.safetensors"


def no_map(*_):
    raise OSError("No such device (os error 19)")  # as safetensors says it


def read(file, framework="pt"):
    with tensor_file.open_tensors(file, framework) as opened:
        return {name: opened.get_tensor(name) for name in opened.keys()}, opened.metadata()  # noqa: SIM118


@pytest.mark.parametrize("how", ["mapped", "no map", "on a network"])
@pytest.mark.parametrize("framework", ["pt", "np"])
def test_tensors_are_read_with_a_map_and_without(file, monkeypatch, how, framework):
    if how == "no map":
        monkeypatch.setattr(tensor_file, "safe_open", no_map)
    if how == "on a network":
        monkeypatch.setattr(tensor_file, "is_on_network", lambda _: True)
        monkeypatch.setattr(tensor_file, "safe_open", lambda *_: pytest.fail("mapped"))
    tensors, metadata = read(file, framework)
    assert metadata == {"k": "v"}
    assert tensors.keys() == TENSORS.keys()
    for name, tensor in tensors.items():
        assert torch.equal(torch.as_tensor(tensor), TENSORS[name])


def test_a_file_without_metadata_has_none(tmp_path, monkeypatch):
    save_file({"x": torch.ones(2)}, tmp_path / "b.safetensors")
    monkeypatch.setattr(tensor_file, "is_on_network", lambda _: True)
    assert read(tmp_path / "b.safetensors")[1] is None


@pytest.mark.parametrize("is_network", [True, False])
def test_other_errors_stay(file, tmp_path, monkeypatch, is_network):
    monkeypatch.setattr(tensor_file, "is_on_network", lambda _: is_network)
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "missing")
    file.write_bytes(b"no tensors")
    with pytest.raises(SafetensorError):
        read(file)

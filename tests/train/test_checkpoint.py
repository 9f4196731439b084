"""States on disk: written as they lie in memory, and read back."""

import errno
import json
import os
from unittest.mock import Mock

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

from benchmark.model import tensor_file
from benchmark.storage import unchanged
from benchmark.storage.stored_file import DamagedFileError
from benchmark.storage.unreadable import UnreadableError
from benchmark.train import checkpoint
from benchmark.train.checkpoint import is_whole, load_tensors, save_tensors, saved_step
from tests.closed_files import close

STATE = {
    "maps": torch.rand(4, 3, 2, 2).contiguous(memory_format=torch.channels_last),
    "permuted by hand": torch.rand(2, 2, 3, 4).permute(3, 2, 0, 1),
    "narrow": torch.rand(4, 3, 1, 1).contiguous(memory_format=torch.channels_last),
    "plain": torch.rand(4, 3, 2, 2),
    "matrix": torch.rand(3, 4).t(),
    "number": torch.tensor(3.0),
}


def test_a_state_comes_back_as_it_was(tmp_path):
    save_tensors(tmp_path / "state", STATE, {"step": 3})
    tensors, metadata = load_tensors(tmp_path / "state")
    assert metadata == {"step": 3}
    assert tensors.keys() == STATE.keys()
    for name, tensor in STATE.items():
        assert torch.equal(tensors[name], tensor), name
    for name in ("maps", "plain", "number"):
        assert tensors[name].stride() == STATE[name].stride(), name


def test_equal_states_are_equal_files(tmp_path):
    for name in "abcdefgh":  # of equal order by chance: 1 in 6 ** 7, if there were three keys
        save_tensors(tmp_path / name, STATE, {"step": 3, "stats": {"loss": [0.1]}})
    assert len({file.read_bytes() for file in tmp_path.iterdir()}) == 1


def test_maps_that_are_channels_last_are_written_without_a_copy(tmp_path, monkeypatch):
    written = {}
    save_file = tensor_file.save_file

    def spy(tensors, *rest):
        written.update({name: tensor.data_ptr() for name, tensor in tensors.items()})
        save_file(tensors, *rest)

    monkeypatch.setattr(tensor_file, "save_file", spy)
    save_tensors(tmp_path / "state", STATE, {})
    for name in ("maps", "narrow", "plain"):
        assert written[name] == STATE[name].data_ptr(), name


SMALL = {
    "maps": torch.rand(2, 2, 2, 2).contiguous(memory_format=torch.channels_last),
    "half": torch.rand(3).bfloat16(),
    "none": torch.empty(0, 3),
}


def is_refused(path):
    """Whether a changed state is refused in words; else it must be what was saved."""
    saved_step(path)
    try:
        tensors, metadata = load_tensors(path)
    except DamagedFileError as error:
        return str(path) in str(error)
    assert metadata == {"step": 3}
    assert all(torch.equal(tensors[name], tensor) for name, tensor in SMALL.items())
    return False


@pytest.mark.parametrize("bit", [1, 32])
def test_no_bit_of_a_state_can_change_unseen(tmp_path, bit):
    path = tmp_path / "state"
    save_tensors(path, SMALL, {"step": 3})
    content = path.read_bytes()
    taken = []
    for offset in range(len(content)):
        path.write_bytes(content[:offset] + bytes([content[offset] ^ bit]) + content[offset + 1 :])
        if not is_refused(path):
            taken.append(offset)
    assert len(content) > 400
    assert len(taken) < 10  # spaces that fill up the header, where nothing is


def test_a_state_that_was_cut_or_has_zeros_is_damaged(tmp_path):
    path = tmp_path / "state"
    save_tensors(path, SMALL, {"step": 3})
    content = path.read_bytes()
    for size in range(0, len(content), 7):
        path.write_bytes(content[:size])
        assert is_refused(path), size
        assert saved_step(path) == -1
        path.write_bytes(content[:size] + bytes(7) + content[size + 7 :])
        assert is_refused(path) or not any(content[size : size + 7]), size
    path.write_bytes(content + b"more")
    assert is_refused(path)
    path.unlink()
    os.mkfifo(path)
    assert is_refused(path)


def test_a_file_without_a_digest_or_with_other_tensors_is_damaged(tmp_path):
    about = {"about": {"step": 3}, "channels_last": []}
    for header in ({}, [], about, about | {"sha256": "0" * 64}):
        described = {"imbalance_bench": json.dumps(header)}
        save_file({"a": torch.ones(3)}, tmp_path / "state", described)
        assert is_refused(tmp_path / "state")
    for header in (None, {}, {"sha256": "0" * 64}):
        save_file({"a": torch.ones(3)}, tmp_path / "state", header)
        assert is_refused(tmp_path / "state")


def test_whether_a_state_is_whole_is_found_out_once(tmp_path, monkeypatch):
    reads, read = [], checkpoint.load_tensors
    monkeypatch.setattr(checkpoint, "load_tensors", lambda p: (reads.append(p), read(p))[1])
    monkeypatch.setattr(unchanged, "TICKS_NS", 0)  # else a file so new is read each time
    path = tmp_path / "state"
    assert is_whole(path), "what is not there is not damaged"
    save_tensors(path, SMALL, {"step": 3})
    assert is_whole(path)
    assert is_whole(path)
    assert len(reads) == 1
    path.write_bytes(path.read_bytes()[:-1])
    assert not is_whole(path)


def test_without_a_state_there_is_none(tmp_path):
    assert saved_step(tmp_path / "state") == -1
    with pytest.raises(FileNotFoundError):
        load_tensors(tmp_path / "state")


def test_a_state_that_cannot_be_read_now_is_no_damage(tmp_path, monkeypatch):
    path = tmp_path / "state"
    save_tensors(path, SMALL, {"step": 3})
    with monkeypatch.context() as patch:
        close(patch, errno.EMFILE, path)
        for read in (load_tensors, is_whole, saved_step):
            with pytest.raises(UnreadableError, match=r"state can't be read \(Too many open files"):
                read(path)
    no_memory = SafetensorError("I/O error: Cannot allocate memory (os error 12)")
    for error in (no_memory, RuntimeError("unable to mmap 9 bytes: Cannot allocate memory (12)")):
        monkeypatch.setattr(tensor_file, "safe_open", Mock(side_effect=error))
        with pytest.raises(UnreadableError, match=r"state can't be read \(Cannot allocate memory"):
            load_tensors(path)
        with pytest.raises(UnreadableError):
            saved_step(path)

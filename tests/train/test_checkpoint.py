"""States on disk: written as they lie in memory, and read back."""

import torch

from benchmark.train import checkpoint
from benchmark.train.checkpoint import load_tensors, save_tensors

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


def test_maps_that_are_channels_last_are_written_without_a_copy(tmp_path, monkeypatch):
    written = {}
    save_file = checkpoint.save_file

    def spy(tensors, *rest):
        written.update({name: tensor.data_ptr() for name, tensor in tensors.items()})
        save_file(tensors, *rest)

    monkeypatch.setattr(checkpoint, "save_file", spy)
    save_tensors(tmp_path / "state", STATE, {})
    for name in ("maps", "narrow", "plain"):
        assert written[name] == STATE[name].data_ptr(), name

"""What is done when memory runs out."""

import numpy as np
import pytest
import torch

from benchmark.train import memory
from benchmark.train.memory import host_memory, in_full_batches, is_out_of_memory


def test_a_failed_allocation_of_the_host_is_known():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.uint8)
    assert is_out_of_memory(caught.value)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"), True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), True),
        (MemoryError(), True),
        (RuntimeError("shapes do not match"), False),
        (ValueError("can't allocate memory"), False),
    ],
)
def test_other_errors_are_not_taken_for_it(error, expected):
    assert is_out_of_memory(error) is expected


def test_a_batch_for_which_there_is_no_memory_is_halved_and_nothing_is_lost():
    sizes = []

    def compute(indices):
        sizes.append(len(indices))
        if len(indices) > 20:
            raise torch.OutOfMemoryError("out of memory")
        return torch.from_numpy(indices) * 10

    parts = list(in_full_batches(np.arange(40), compute))
    assert sizes == [64, 32, 16, 16, 16]
    assert torch.equal(torch.cat([values for _, values in parts]), torch.arange(40) * 10)
    assert [len(part) for part, _ in parts] == [16, 16, 8]


def test_what_fits_at_no_size_is_an_error():
    def compute(indices):
        raise torch.OutOfMemoryError("out of memory")

    with pytest.raises(torch.OutOfMemoryError):
        list(in_full_batches(np.arange(3), compute))


def test_other_errors_are_raised_at_once():
    calls = []

    def compute(indices):
        calls.append(1)
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        list(in_full_batches(np.arange(3), compute))
    assert len(calls) == 1


def test_a_container_has_the_memory_of_its_limit(monkeypatch, tmp_path):
    physical = host_memory()
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(memory, "_LIMITS", (str(limit), str(tmp_path / "none")))
    for text, expected in ((str(2**30), 2**30), ("max", physical)):
        limit.write_text(f"{text}\n")
        assert host_memory() == expected

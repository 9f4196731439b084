"""How much memory there is, and what happens when it runs out."""

import gc
import platform
import subprocess
import sys
import weakref

import numpy as np
import pytest
import torch

from benchmark.system import memory
from benchmark.system.memory import (
    compute_in_batches,
    host_memory,
    is_out_of_memory,
    older_objects_spared,
    release_memory,
)

FREED_BELOW_WHAT_IS_HELD = """
import torch
from tests.perf.memory import tree_memory
from benchmark.system.memory import release_memory
import os
anonymous = lambda: tree_memory(os.getpid())["anonymous"]
blocks = [torch.ones(25_000) for _ in range(1000)]  # 0.1 MB each: from the heap, not mapped
top = torch.ones(1000)
before = anonymous()
del blocks
kept = anonymous()
release_memory()
print((before - kept) // 10**6, (kept - anonymous()) // 10**6)
"""


def test_a_failed_allocation_of_the_host_is_out_of_memory():
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
def test_other_errors_do_not_count_as_out_of_memory(error, expected):
    assert is_out_of_memory(error) is expected


def test_a_batch_for_which_there_is_no_memory_is_halved_and_nothing_is_lost():
    sizes = []

    def compute(indices):
        sizes.append(len(indices))
        if len(indices) > 20:
            raise torch.OutOfMemoryError("out of memory")
        return torch.from_numpy(indices) * 10

    parts = list(compute_in_batches(np.arange(40), compute))
    assert sizes == [64, 32, 16, 16, 16]
    assert torch.equal(torch.cat([values for _, values in parts]), torch.arange(40) * 10)
    assert [len(part) for part, _ in parts] == [16, 16, 8]


def test_a_single_image_that_does_not_fit_is_an_error():
    def compute(indices):
        raise torch.OutOfMemoryError("out of memory")

    with pytest.raises(torch.OutOfMemoryError):
        list(compute_in_batches(np.arange(3), compute))


def test_other_errors_are_raised_at_once():
    calls = []

    def compute(indices):
        calls.append(1)
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        list(compute_in_batches(np.arange(3), compute))
    assert len(calls) == 1


def test_a_container_has_the_memory_of_its_limit(monkeypatch, tmp_path):
    physical = host_memory()
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(memory, "_LIMITS", (str(limit), str(tmp_path / "none")))
    for text, expected in ((str(2**30), 2**30), ("max", physical)):
        limit.write_text(f"{text}\n")
        assert host_memory() == expected


@pytest.mark.parametrize("uses_gpu", [True, False])
def test_the_cache_of_a_gpu_is_emptied_only_where_one_is_in_use(monkeypatch, uses_gpu):
    calls = []
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: uses_gpu)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: calls.append(1))
    release_memory()
    assert len(calls) == uses_gpu


class InACircle:
    """What only garbage collection frees."""

    def __init__(self):
        self.me = self


def test_what_is_made_inside_is_released_and_what_is_older_afterwards():
    older = weakref.ref(InACircle())
    with older_objects_spared():
        newer = weakref.ref(InACircle())
        release_memory()
        assert newer() is None
        assert older() is not None
    assert gc.get_freeze_count() == 0
    release_memory()
    assert older() is None


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries keep less")
def test_memory_that_is_freed_below_what_is_held_is_given_back():
    command = [sys.executable, "-c", FREED_BELOW_WHAT_IS_HELD]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    by_itself, released = map(int, printed.split())
    assert by_itself < 10  # or there is nothing to do
    assert released > 90

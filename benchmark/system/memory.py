"""Memory: how much the machine has, and what to do when it runs out."""

import contextlib
import ctypes
import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_UNKNOWN_MEMORY = 8 * 2**30  # bytes that a machine is taken to have if it does not say
FULL_BATCH = 64  # images that pass a network at once where nothing is trained

# messages of torch, as plain RuntimeErrors, when the host's allocator, cuDNN or cuBLAS gets none
_MESSAGES = ("can't allocate memory", "STATUS_ALLOC_FAILED", "out of memory")
# glibc keeps freed memory below what is in use: 80 MB after reading weights, 200 after training
_TRIM = None if os.name == "nt" else getattr(ctypes.CDLL(None), "malloc_trim", None)
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an allocation failed, on a GPU or in the host's memory."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and any(text in str(error) for text in _MESSAGES)
    )


def release_memory() -> None:
    """Free unreferenced memory: collect garbage, empty the CUDA cache, trim the heap."""
    gc.collect()
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    if _TRIM:
        _TRIM(0)


@contextlib.contextmanager
def older_objects_spared() -> Iterator[None]:
    """Let `release_memory` look through what is made in here alone.

    Hundreds of thousands of objects of imported modules take it 0.3 s, each time.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def compute_in_batches(
    indices: NDArray[np.int64], compute: Callable[[NDArray[np.int64]], Tensor]
) -> Iterator[tuple[NDArray[np.int64], Tensor]]:
    """Yield parts (B,) of `indices` with the results of `compute` for them, (B, ...).

    Every part is filled up to a full batch, because the rounding of float32 depends on the size of
    the batch. If memory runs out, this batch and all that follow are halved.
    """
    size, start = FULL_BATCH, 0
    while start < len(indices):
        part = indices[start : start + size]
        values = None
        try:
            values = compute(np.resize(part, size))
        except (RuntimeError, MemoryError) as error:
            if size == 1 or not is_out_of_memory(error):
                raise
        if values is None:  # here and not above: the error holds what is to be released
            size //= 2
            release_memory()
            continue
        yield part, values[: len(part)]
        start += len(part)


def host_memory() -> int:
    """Return the bytes of memory of this machine, or of the container that this process is in."""
    if not hasattr(os, "sysconf"):  # Windows
        return _UNKNOWN_MEMORY
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in _LIMITS:
        with contextlib.suppress(OSError, ValueError):  # no such file, or no limit: "max"
            memory = min(memory, int(Path(path).read_text(encoding="ascii")))
    return memory

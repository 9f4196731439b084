"""Memory: how much there is, and what is done when it runs out."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

FULL_BATCH = 64  # images that pass a network at once where nothing is trained

# what torch says when the host's allocator, cuDNN or cuBLAS gets none, as plain RuntimeErrors
_SAID = ("can't allocate memory", "STATUS_ALLOC_FAILED", "out of memory")
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an allocation failed, on a GPU or in the host's memory."""
    import torch

    return isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and any(said in str(error) for said in _SAID)
    )


def release_memory() -> None:
    """Give back what only the dead still hold."""
    gc.collect()
    if (torch := sys.modules.get("torch")) and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    # glibc keeps what is freed below what is not: 80 MB after reading weights, 200 after training
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)


def in_full_batches(
    indices: NDArray[np.int64], compute: Callable[[NDArray[np.int64]], Tensor]
) -> Iterator[tuple[NDArray[np.int64], Tensor]]:
    """Yield parts (B,) of `indices` with what `compute` makes of them, (B, ...).

    Every part is filled up to a full batch, or float32 would be rounded by how many were left. A
    batch for which there is no memory is halved, and those after it.
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
    """Return the bytes of memory that this machine, or the container that we are in, has."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limits = [int(text) for text in map(_read, _LIMITS) if text.isdigit()]
    return min([physical, *limits])


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except OSError:
        return ""

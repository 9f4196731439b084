"""Read images on all cores. Worker processes load this module: it imports little."""

import pickle
import tempfile
import warnings
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from joblib import Parallel, cpu_count, delayed, wrap_non_picklable_objects

from benchmark.data.imageset import Reader, SubsetReader

T = TypeVar("T")

BLOCK = 128  # images a task: bounds a worker's memory, and how often progress is reported


def map_blocks(work: Callable[[Reader, range], T], reader: Reader, n: int) -> Iterator[T]:
    """Yield ``work(reader, block)`` for blocks of consecutive indices below `n`, in any order.

    `work` must be picklable. It runs in processes on this machine, or here if there is one block,
    if the images lie in memory, or if the reader can't be pickled (a data set with an open file).
    """
    blocks = [range(start, min(start + BLOCK, n)) for start in range(0, n, BLOCK)]
    if (pickled := _pickle(reader)) is None:
        yield from (_work_silently(work, reader, block) for block in blocks)
        return
    with tempfile.TemporaryDirectory() as folder:
        # Written once: with each task it would cost more than the decoding does.
        file = Path(folder, "reader")
        file.write_bytes(pickled)
        # loky, whatever parallel_config says: the workers write to files of this machine.
        parallel = Parallel(
            n_jobs=max(1, min(cpu_count(), len(blocks))),
            backend="loky",
            return_as="generator_unordered",
        )
        yield from parallel(delayed(_work)(work, file, block) for block in blocks)


def _pickle(reader: Reader) -> bytes | None:
    """Pickle a reader for other processes; None if they can't have it, or would copy the memory."""
    inner = reader
    while isinstance(inner, SubsetReader):
        inner = inner.reader
    if getattr(inner, "in_memory", False):
        return None
    try:
        # cloudpickle's, which takes a notebook's own classes too
        return pickle.dumps(wrap_non_picklable_objects(reader, keep_wrapper=False))
    except Exception:  # of any object that a data set holds
        return None


def _work(work: Callable[[Reader, range], T], file: Path, block: range) -> T:
    return _work_silently(work, _reader(file), block)


def _work_silently(work: Callable[[Reader, range], T], reader: Reader, block: range) -> T:
    """Keep the warnings of decoders from the terminal; `read_image` notes those that matter."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return work(reader, block)


@lru_cache(maxsize=1)
def _reader(file: Path) -> Reader:
    return pickle.loads(file.read_bytes())  # noqa: S301 -- written by this run, for its workers

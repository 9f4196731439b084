"""Read images on all cores. Worker processes load this module: it imports little.

A process may end at an image: it took all memory, or its time. Then the images that were being
read are tried once more, each alone. The one at which a process ends again is unreadable. So are
those tried that fail for a reason that may pass; in blocks, if they are many.
"""

import os
import pickle
import re
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from joblib import Parallel, cpu_count, delayed, wrap_non_picklable_objects

from benchmark.data.decoding import limits
from benchmark.data.decoding.unreadable import LostProcessError, UnreadableImageError
from benchmark.data.imageset import Reader
from benchmark.data.watched_reader import (
    FailingReader,
    WatchedReader,
    image_begun,
    innermost,
    is_limited,
)
from benchmark.storage.unwritable import OTHER_TEMPORARY, writing
from benchmark.system.processes import following_workers, start_tracker
from benchmark.system.stopping import removed_if_ended

T = TypeVar("T")
Work = Callable[[Any, Sequence[int]], T]

BLOCK = 128  # images a task: bounds a worker's memory, and how often progress is reported
MOST_ALONE = 200  # images that are tried again each alone, which takes 17 ms


def map_blocks(work: Work[T], reader: Reader, n: int) -> Iterator[T]:
    """Yield ``work(reader, block)`` for blocks of indices below `n`, in any order.

    `work` must be picklable. It runs in processes on this machine, or here if the images lie in
    memory, or if the reader can't be pickled (a data set with an open file). Each index is in one
    block. It may be read twice: an image that can't be read for a reason that may pass at once, or
    at which a process ended, comes last.
    """
    blocks = _in_blocks(range(n))
    if (pickled := _pickle(reader)) is None:
        yield from (_work_silently(work, reader, block) for block in blocks)
    elif blocks:
        with (
            tempfile.TemporaryDirectory(prefix="imbalance-bench-images-") as folder,
            removed_if_ended(Path(folder)),
        ):
            with writing(Path(folder), OTHER_TEMPORARY):
                # Written once: with each task it would cost more than the decoding does.
                Path(folder, "reader").write_bytes(pickled)
            yield from _in_processes(work, Path(folder), blocks)


def _in_blocks(indices: Sequence[int]) -> list[Sequence[int]]:
    return [indices[start : start + BLOCK] for start in range(0, len(indices), BLOCK)]


def _in_processes(work: Work[T], folder: Path, blocks: list[Sequence[int]]) -> Iterator[T]:
    again: set[int] = set()
    yield from _read(work, folder, blocks, again)
    alone = again
    if len(again) > MOST_ALONE:
        alone = set()
        yield from _read(work, folder, _in_blocks(sorted(again)), alone, is_last=True)
    for index in sorted(alone):
        yield _alone(work, folder, index)


def _read(
    work: Work[T],
    folder: Path,
    blocks: list[Sequence[int]],
    again: set[int],
    is_last: bool = False,
) -> Iterator[T]:
    """Work on blocks, and note in `again` the images that were left out, to be tried once more."""
    while blocks:
        left = dict(enumerate(blocks))
        try:
            for number, result, passing in _run(work, folder, left, is_last):
                del left[number]
                again |= passing
                yield result
        except BrokenProcessPool:
            begun = _images_begun(folder)
            if not begun:  # it is not for an image that processes end
                raise
            again |= begun
        rest = [[index for index in block if index not in again] for block in left.values()]
        blocks = list(filter(None, rest))


def _alone(work: Work[T], folder: Path, index: int) -> T:
    """Work on one image while no other is read."""
    try:
        (done,) = _run(work, folder, {0: [index]}, is_last=True)
        return done[1]
    except BrokenProcessPool as error:
        _images_begun(folder)
        return _work_silently(work, FailingReader(_ended(str(error))), [index])


def _run(
    work: Work[T], folder: Path, blocks: dict[int, Sequence[int]], is_last: bool = False
) -> Iterator[tuple[int, T, set[int]]]:
    """Yield the number of a block, its result, and the images to be tried again, without them."""
    # loky, whatever parallel_config says: the workers write to files of this machine. Two at least:
    # with one, joblib would decode in this process, which then ends in place of the worker
    start_tracker()
    parallel = Parallel(
        n_jobs=max(2, min(cpu_count(), len(blocks))),
        return_as="generator_unordered",
        **following_workers(),
    )
    yield from parallel(
        delayed(_work)(work, folder, number, block, is_last, os.getpid())
        for number, block in list(blocks.items())  # the caller drops those that are done
    )


def _images_begun(folder: Path) -> set[int]:
    """Return the images at which processes ended, and forget them."""
    begun = set()
    for note in folder.glob("note-*"):
        begun.add(image_begun(note))
        note.unlink()
    return begun - {None}  # type: ignore[return-value]


def _ended(message: str) -> Exception:
    """Return why an image can't be read at which a process ended, by joblib's message."""
    signals: list[str] = re.findall(r"SIG[A-Z]+", message)
    if limits.OF_COMPUTING in signals:
        return UnreadableImageError(
            f"it takes more than {limits.COMPUTING} s to decode: store it at a smaller size"
        )
    if limits.OF_WAITING in signals:
        return LostProcessError(f"it could not be read within {limits.WAITING} s")
    how = "was killed (for lack of memory?)" if "SIGKILL" in signals else "ended"
    crashed = f" by {signals[0]}" if how == "ended" and signals else ""
    return LostProcessError(f"the process that decoded it {how}{crashed}")


def _pickle(reader: Reader) -> bytes | None:
    """Pickle a reader for other processes; None if they can't have it, or would copy the memory."""
    if getattr(innermost(reader), "in_memory", False):
        return None
    try:
        # cloudpickle's, which takes a notebook's own classes too
        return pickle.dumps(wrap_non_picklable_objects(reader, keep_wrapper=False))
    except Exception:  # of any object that a data set holds
        return None


def _work(
    work: Work[T], folder: Path, number: int, block: Sequence[int], is_last: bool, parent: int
) -> tuple[int, T, set[int]]:
    reader = _reader(folder / "reader")
    if os.getpid() == parent:  # where joblib starts no process; the limits would end this one
        return number, _work_silently(work, reader, block), set()
    again: set[int] = set()
    with limits.memory_limited() if is_limited(reader) else nullcontext():
        while True:
            rest = [index for index in block if index not in again]
            with WatchedReader(reader, folder / f"note-{number}") as guard:
                result = _work_silently(work, guard, rest)
            if is_last or not guard.passing:
                return number, result, again
            again |= guard.passing


def _work_silently(work: Work[T], reader: Any, block: Sequence[int]) -> T:
    """Keep the warnings of decoders from the terminal; `read_image` notes those that matter."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return work(reader, block)


@lru_cache(maxsize=1)
def _reader(file: Path) -> Reader:
    return pickle.loads(file.read_bytes())  # noqa: S301  # this process's parent has written it

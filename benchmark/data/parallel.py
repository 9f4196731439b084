"""Read every image once, on all cores. Worker processes load this module: it imports little."""

import hashlib
import pickle
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from joblib import Parallel, cpu_count, delayed

from benchmark.data.imageset import Reader

T = TypeVar("T")

BLOCK = 128  # images a task: bounds a worker's memory, and how often progress is reported


def map_blocks(work: Callable[[Reader, range], T], reader: Reader, n: int) -> Iterator[T]:
    """Yield ``work(reader, block)`` for blocks of consecutive indices below `n`, in any order.

    `work` must be picklable. It runs in processes on this machine, or here if there is one block.
    """
    blocks = [range(start, min(start + BLOCK, n)) for start in range(0, n, BLOCK)]
    with tempfile.TemporaryDirectory() as folder:
        # Written once: with each task it would cost more than the decoding does.
        file = Path(folder, "reader")
        file.write_bytes(pickle.dumps(reader))
        # loky, whatever parallel_config says: the workers write to files of this machine.
        parallel = Parallel(
            n_jobs=min(cpu_count(), len(blocks)), backend="loky", return_as="generator_unordered"
        )
        yield from parallel(delayed(_work)(work, file, block) for block in blocks)


def _work(work: Callable[[Reader, range], T], file: Path, block: range) -> T:
    return work(_reader(file), block)


@lru_cache(maxsize=1)
def _reader(file: Path) -> Reader:
    return pickle.loads(file.read_bytes())


@dataclass(frozen=True)
class ImageInfo:
    """Facts about a readable image."""

    width: int  # pixels, upright
    height: int
    mode: str  # Pillow's, as stored
    digest: str  # sha256 of the content, as in the pixel store


def read_image_info(reader: Reader, block: range) -> tuple[dict[int, ImageInfo], dict[int, str]]:
    """Decode images at full size; return facts of the readable, reasons of the others, by index."""
    infos: dict[int, ImageInfo] = {}
    errors: dict[int, str] = {}
    for index in block:
        try:
            image = reader.image(index)
            digest = hashlib.sha256(reader.content(index)).hexdigest()
            infos[index] = ImageInfo(*image.size, image.info.get("mode", image.mode), digest)
        except Exception as error:
            errors[index] = format_error(error)
    return infos, errors


def format_error(error: Exception) -> str:
    """Return why an image can't be read; decoders raise any exception on damaged files."""
    return f"{type(error).__name__}: {error}" if str(error) else repr(error)

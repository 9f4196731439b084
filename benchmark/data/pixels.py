"""The pixel store: every image decoded and resized once, one uint8 array on disk for all runs."""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import PIL
from PIL import Image

from benchmark.data.image_info import reason
from benchmark.data.imageset import ImageSet, Reader
from benchmark.data.parallel import over_images
from benchmark.storage import atomic
from benchmark.storage.cache import (
    Lease,
    building,
    cache_dir,
    default_limit,
    entries,
    lease,
    make_room,
)
from benchmark.storage.sizes import size_text

RECIPE = 1  # raise it when other pixels would come of the same bytes


@dataclass(frozen=True, eq=False)
class Pixels:
    """The decoded images of one image set at one size."""

    array: np.ndarray  # (N, size, size, 3) uint8 RGB, memory-mapped, read-only; 0 if unreadable
    digests: tuple[str, ...]  # (N,) sha256 of the content, '' if unreadable
    readable: np.ndarray  # (N,) bool
    errors: dict[int, str]  # index -> why the image can't be read
    key: str  # sha256 over all that the data are: the same wherever and whenever they lie
    lease: Lease | None = field(repr=False)  # the array's file stays as long as this does


def prepare_pixels(
    images: ImageSet,
    size: int,
    progress: Callable[[int], None] = lambda _: None,
    cache_limit: int | None = None,
) -> Pixels:
    """Return the pixels of `images`, decoded now or, if the cache has them, without reading any.

    Each whole image is squashed to size x size, aspect ignored: bilinear with antialiasing
    (Pillow's resize). Large JPEGs are first decoded at 1/2, 1/4 or 1/8, never below twice the
    size: 12-megapixel photographs 6 times as fast, for a mean difference below 1 grey level.

    Args:
        images: N images.
        size: side in pixels.
        progress: called in this process with the number of images decoded since the last call.
        cache_limit: bytes that the cache may take, see `make_room`.

    Raises:
        ValueError: the size isn't positive, not one image can be read, or the array has no room
            within the limit.
        OSError: the disk has no room for the array.
    """
    if size < 1:
        raise ValueError(f"The image size must be at least 1 pixel, not {size}.")
    listing = {"recipe": RECIPE, "pillow": PIL.__version__, "size": size}
    listing |= {"files": images.files, "stamps": images.stamps}
    folder = cache_dir() / "pixels" / atomic.digest(listing)[:32]
    held = lease(folder, f"pixels of {images.name}, {len(images)} images, {size} px")
    shape = (len(images), size, size, 3)
    meta = _meta_if_whole(folder, shape)
    if meta is None:
        with building(folder):
            meta = _meta_if_whole(folder, shape)  # while we waited, another process made it
            if meta is None:
                _require_room(folder, images, shape, cache_limit)
                _build(folder, images, shape, progress)
                meta = _meta_if_whole(folder, shape)
        if meta is None:
            raise OSError(f"{folder} changed while it was made; run again.")
    else:
        make_room(0, cache_limit)  # the limit may be lower than it was
    errors = {int(index): reason for index, reason in meta["errors"].items()}
    if len(errors) == len(images):
        raise ValueError(
            f"{images.spec}: none of the {len(images)} images can be read; "
            f"the first one, {images.files[0]}: {errors[0]}"
        )
    readable = np.ones(len(images), dtype=bool)
    readable[list(errors)] = False
    return Pixels(
        array=np.load(folder / "pixels.npy", mmap_mode="r"),
        digests=tuple(meta["digests"]),
        readable=readable,
        errors=errors,
        key=_content_key(images, size, meta["digests"]),
        lease=held,
    )


def _content_key(images: ImageSet, size: int, digests: list[str]) -> str:
    return atomic.digest(
        {
            "recipe": RECIPE,
            "size": size,
            "files": images.files,
            "digests": digests,
            "classes": images.classes,
            "labels": images.labels.tolist(),
            "groups": None if images.groups is None else images.groups.tolist(),
            "split": None if images.split is None else images.split.tolist(),
        }
    )


def _meta_if_whole(folder: Path, shape: tuple[int, ...]) -> dict[str, Any] | None:
    """Return the description of a finished store; None if there is none or it was damaged.

    The array's size and modification time must be those noted when it was finished.
    """
    try:
        meta = atomic.read_json(folder / "meta.json")
        written = (folder / "pixels.npy").stat()
        whole = (
            meta["check"] == atomic.digest({**meta, "check": ""})
            and meta["shape"] == list(shape)
            and meta["array"] == [written.st_size, written.st_mtime_ns]
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return meta if whole else None


def _require_room(
    folder: Path, images: ImageSet, shape: tuple[int, ...], cache_limit: int | None
) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    for left in folder.parent.glob(f".{folder.name}.*.tmp"):
        shutil.rmtree(left, ignore_errors=True)  # by a process that was killed: we build alone
    needed = int(np.prod(shape))
    if make_room(needed, cache_limit):
        return
    what = f"{images.spec}: {shape[0]} images of {shape[1]} x {shape[2]} pixels take "
    what += size_text(needed)
    free = shutil.disk_usage(folder.parent).free
    if needed > free:
        raise OSError(
            f"{what}, {folder.parent} has {size_text(free)} left. Make room, set "
            "IMBALANCE_BENCH_CACHE to a folder on another disk, or choose a smaller --image-size."
        )
    limit = default_limit() if cache_limit is None else cache_limit
    in_use = sum(entry.bytes for entry in entries() if entry.in_use)
    raise ValueError(
        f"{what}, the cache in {folder.parents[1]} may take {size_text(limit)}, of which "
        f"{size_text(in_use)} are in use. Raise --cache-limit, choose a smaller --image-size, or "
        "set IMBALANCE_BENCH_CACHE to a folder on a larger disk."
    )


def _build(
    folder: Path, images: ImageSet, shape: tuple[int, ...], progress: Callable[[int], None]
) -> None:
    """Decode everything into a folder beside `folder`, and rename it when it is whole."""
    unfinished = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}.tmp")
    unfinished.mkdir()
    try:
        path = unfinished / "pixels.npy"
        array = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
        work = partial(_decode_block, path=path, offset=array.offset, size=shape[1])
        del array
        digests = [""] * shape[0]
        errors: dict[int, str] = {}
        for block, told, failed in over_images(work, images.read, shape[0]):
            digests[block.start : block.stop] = told
            errors |= failed
            progress(len(block))
        with path.open("rb") as handle:
            os.fsync(handle.fileno())
        written = path.stat()
        meta = {
            "check": "",
            "shape": list(shape),
            "array": [written.st_size, written.st_mtime_ns],
            "digests": digests,
            "errors": {str(index): errors[index] for index in sorted(errors)},
        }
        atomic.write_json(unfinished / "meta.json", {**meta, "check": atomic.digest(meta)})
        _move_into_place(unfinished, folder, shape)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _move_into_place(unfinished: Path, folder: Path, shape: tuple[int, ...]) -> None:
    while True:
        try:
            unfinished.rename(folder)
            return
        except OSError:
            if not folder.exists():
                raise
        if _meta_if_whole(folder, shape) is not None:
            return  # another process was faster; its pixels are the same
        damaged = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}.tmp")
        folder.rename(damaged)
        shutil.rmtree(damaged, ignore_errors=True)


def _decode_block(
    read: Reader, block: range, *, path: Path, offset: int, size: int
) -> tuple[range, list[str], dict[int, str]]:
    """Decode the images of `block` into the array at `path`; return their digests and errors."""
    pixels = np.zeros((len(block), size, size, 3), dtype=np.uint8)
    digests: list[str] = []
    errors: dict[int, str] = {}
    for at, index in enumerate(block):
        try:
            image = read.image(index, size)
            pixels[at] = np.asarray(image.resize((size, size), Image.Resampling.BILINEAR))
            digests.append(hashlib.sha256(read.content(index)).hexdigest())
        except Exception as error:
            pixels[at] = 0
            digests.append("")
            errors[index] = reason(error)
    # Written, not mapped: a full disk is then an error and not a killed worker.
    with path.open("r+b") as handle:
        handle.seek(offset + block.start * pixels[0].nbytes)
        handle.write(pixels.data)
    return block, digests, errors

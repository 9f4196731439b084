"""The pixel store: each image is decoded and resized once, into one uint8 array on disk."""

import hashlib
import os
import shutil
import uuid
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import PIL
from PIL import Image

from benchmark.data.imageset import ImageSet, Reader
from benchmark.data.parallel import format_error, map_blocks
from benchmark.storage import atomic, cache
from benchmark.storage.sizes import format_size
from benchmark.system.progress import Advance

DECODER_VERSION = 1  # raise it when the same bytes would give other pixels


@dataclass(frozen=True, eq=False)
class Pixels:
    """The decoded images of one image set at one size."""

    array: np.ndarray  # (N, size, size, 3) uint8 RGB, memory-mapped, read-only; 0 if unreadable
    digests: tuple[str, ...]  # (N,) sha256 of the content, '' if unreadable
    readable: np.ndarray  # (N,) bool
    errors: dict[int, str]  # index -> why the image can't be read
    key: str  # sha256 of the content: the same on every machine and at any time
    lease: cache.Lease | None = field(repr=False)  # keeps the array's file from removal


def prepare_pixels(
    images: ImageSet, size: int, progress: Advance = lambda _: None, cache_limit: int | None = None
) -> Pixels:
    """Return the pixels of `images`, from the cache or decoded now.

    Each whole image is squashed to size x size, aspect ignored: bilinear with antialiasing
    (Pillow's resize). Large JPEGs are first decoded at 1/2, 1/4 or 1/8, never below twice the
    size: 12-megapixel photographs 6 times as fast, for a mean difference below 1 grey level.

    Parameters
    ----------
    images, size
        N images, and their side in pixels.
    progress
        Called in this process with the number of images decoded since the last call.
    cache_limit
        Bytes that the cache may take, see `make_room`.

    Raises
    ------
    ValueError
        If the size isn't positive, no image can be read, or the array does not fit into the limit.
    OSError
        If the array does not fit onto the disk.
    """
    if size < 1:
        raise ValueError(f"The image size must be at least 1 pixel, not {size}.")
    listing = {"recipe": DECODER_VERSION, "pillow": PIL.__version__, "size": size}
    listing |= {"files": images.files, "stamps": images.stamps}
    folder = cache.cache_dir() / "pixels" / atomic.digest(listing)[:32]
    own_lease = cache.lease(folder, f"pixels of {images.name}, {len(images)} images, {size} px")
    meta = _meta_if_whole(folder)
    if meta is None:
        with cache.build_lock(folder):
            meta = _meta_if_whole(folder)  # another process may have built it meanwhile
            meta = meta or _build(folder, images, size, progress, cache_limit)
    else:
        cache.make_room(0, cache_limit)  # the limit may be lower than it was
    errors = {int(index): message for index, message in meta["errors"].items()}
    if len(errors) == len(images):
        raise ValueError(
            f"{images.spec}: none of the {len(images)} images can be read; "
            f"the first one, {images.files[0]}: {errors[0]}"
        )
    readable = np.array([index not in errors for index in range(len(images))])
    return Pixels(
        array=np.load(folder / "pixels.npy", mmap_mode="r"),
        digests=tuple(meta["digests"]),
        readable=readable,
        errors=errors,
        key=_content_key(images, size, meta["digests"]),
        lease=own_lease,
    )


def _content_key(images: ImageSet, size: int, digests: list[str]) -> str:
    content: dict[str, Any] = {"recipe": DECODER_VERSION, "size": size, "digests": digests}
    content |= {"files": images.files, "classes": images.classes}
    for name in ("labels", "groups", "split"):
        values = getattr(images, name)
        content[name] = None if values is None else values.tolist()
    return atomic.digest(content)


def _meta_if_whole(folder: Path) -> dict[str, Any] | None:
    """Return the description of a finished store; None if there is none or it was damaged.

    The array's size and modification time must be those noted when it was finished.
    """
    try:
        meta = atomic.read_json(folder / "meta.json")
        written = (folder / "pixels.npy").stat()
        array, check = [written.st_size, written.st_mtime_ns], meta["check"]
        whole = meta["array"] == array and check == atomic.digest(meta | {"check": ""})
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return meta if whole else None


def _require_room(folder: Path, images: ImageSet, size: int, cache_limit: int | None) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    # a damaged store, and those left by killed processes: nobody else builds now
    for useless in (folder, *folder.parent.glob(f".{folder.name}.*.tmp")):
        shutil.rmtree(useless, ignore_errors=True)
    needed = len(images) * size * size * 3
    if cache.make_room(needed, cache_limit):
        return
    extent = f"{len(images)} images of {size} x {size} pixels"
    need = f"{images.spec}: {extent} take {format_size(needed)}"
    free = shutil.disk_usage(folder.parent).free
    if needed > free:
        raise OSError(
            f"{need}, {folder.parent} has {format_size(free)} left. Make room, set "
            "IMBALANCE_BENCH_CACHE to a folder on another disk, or choose a smaller --image-size."
        )
    limit = cache.default_limit() if cache_limit is None else cache_limit
    in_use = sum(entry.bytes for entry in cache.entries() if entry.in_use)
    raise ValueError(
        f"{need}, the cache in {folder.parents[1]} may take {format_size(limit)}, of which "
        f"{format_size(in_use)} are in use. Raise --cache-limit, choose a smaller --image-size, or "
        "set IMBALANCE_BENCH_CACHE to a folder on a larger disk."
    )


def _build(
    folder: Path, images: ImageSet, size: int, progress: Advance, cache_limit: int | None
) -> dict[str, Any]:
    """Decode all images into a folder beside `folder`, and rename it when it is whole."""
    _require_room(folder, images, size, cache_limit)
    shape = (len(images), size, size, 3)
    unfinished = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}.tmp")
    unfinished.mkdir()
    try:
        path = unfinished / "pixels.npy"
        array = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
        work = partial(_decode_block, path=path, offset=array.offset, size=size)
        del array
        digests = [""] * len(images)
        errors: dict[int, str] = {}
        for block, block_digests, block_errors in map_blocks(work, images.reader, len(images)):
            digests[block.start : block.stop] = block_digests
            errors |= block_errors
            progress(len(block))
        with path.open("rb") as handle:
            os.fsync(handle.fileno())
        written = path.stat()
        meta: dict[str, Any] = {
            "check": "",
            "array": [written.st_size, written.st_mtime_ns],
            "digests": digests,
            "errors": {str(index): errors[index] for index in sorted(errors)},
        }
        meta["check"] = atomic.digest(meta)
        atomic.write_json(unfinished / "meta.json", meta)
        unfinished.rename(folder)
        return meta
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _decode_block(
    reader: Reader, block: range, *, path: Path, offset: int, size: int
) -> tuple[range, list[str], dict[int, str]]:
    """Decode the images of `block` into the array at `path`; return their digests and errors."""
    pixels = np.zeros((len(block), size, size, 3), dtype=np.uint8)
    digests: list[str] = []
    errors: dict[int, str] = {}
    for position, index in enumerate(block):
        try:
            image = reader.image(index, size)
            pixels[position] = np.asarray(image.resize((size, size), Image.Resampling.BILINEAR))
            digests.append(hashlib.sha256(reader.content(index)).hexdigest())
        except Exception as error:
            pixels[position] = 0
            digests.append("")
            errors[index] = format_error(error)
    # Written, not mapped: a full disk then raises an error and does not kill the worker.
    with path.open("r+b") as handle:
        handle.seek(offset + block.start * pixels[0].nbytes)
        handle.write(pixels.data)
    return block, digests, errors

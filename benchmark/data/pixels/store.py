"""The pixel store: each image is decoded and resized once, into one uint8 array on disk."""

import shutil
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import PIL

from benchmark.data.content_digests import Digests
from benchmark.data.decoding.grey_scale import GreyScale
from benchmark.data.decoding.unreadable import (
    EXAMPLES,
    none_readable,
    require_access,
    unreadable_sentences,
)
from benchmark.data.imageset import CONTENT, ImageSet
from benchmark.data.pixels.description import FACTS, Description, read_meta, write_meta
from benchmark.data.pixels.grey_levels import choose_scales
from benchmark.data.pixels.image_facts import ImageFacts
from benchmark.data.pixels.image_messages import image_messages
from benchmark.data.pixels.pixel_array import (
    read_passing_again,
    write_pixel_array,
    write_rows_again,
)
from benchmark.storage import atomic, cache, stored_array
from benchmark.storage.row_file import RowFile
from benchmark.storage.sizes import format_size
from benchmark.storage.stored_array import StoredArray
from benchmark.system.progress import Advance
from benchmark.system.text import first_names, list_below, pluralize

DECODER_VERSION = 2  # raise it when the same bytes would give other pixels
# of the files of a store
_FORMAT = "rows with digests, a description in columns with its hash, fine thumbnails"
_LARGE = 2 * 10**9  # bytes that take seconds to check, so it is said

Say = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Pixels:
    """The decoded images of one image set at one size."""

    array: StoredArray  # (N, size, size, 3) uint8 RGB, read-only; 0 if unreadable
    digests: Digests  # (N,) sha256 of the content, '' if unreadable
    readable: np.ndarray  # (N,) bool
    messages: tuple[str, ...]  # what the user must know about them
    infos: ImageFacts  # index of a readable image -> facts about it
    errors: dict[int, str]  # index -> why the image can't be read
    key: str  # sha256 of the content: the same on every machine and at any time
    decoding: str  # sha256 of how contents become pixels: size, decoder, range of grey values
    folder: Path  # in the cache: of the array, and of what is derived from the images
    lease: cache.Lease | None = field(repr=False)  # keeps the array's file from removal

    @property
    def scales(self) -> dict[str, GreyScale]:
        """The scale of each kind of grey of more than 8 bits; {} of images of 8 bits."""
        return choose_scales(self.infos)


def prepare_pixels(
    images: ImageSet,
    size: int,
    progress: Advance = lambda _: None,
    cache_limit: int | None = None,
    say: Say = lambda _: None,
) -> Pixels:
    """Return the pixels of `images`, from the cache or decoded now.

    Pixels from the cache are compared with their digests, all of them. Those that were damaged on
    the disk are decoded again, and images that could not be read for a reason that may pass.

    Each whole image is squashed to size x size, aspect ignored: bilinear with antialiasing
    (Pillow's resize). Large JPEGs are first decoded at 1/2, 1/4 or 1/8, never below twice the
    size: 12-megapixel photographs 6 times as fast, for a mean difference below 1 grey level. Grey
    of more than 8 bits is decoded twice: the range of the whole set gives the scale, see
    `choose_scale`.

    Parameters
    ----------
    images, size
        N images, and their side in pixels.
    progress
        Called in this process with the number of images decoded since the last call.
    cache_limit
        Bytes that the cache may take, see `make_room`.
    say
        Called with a sentence about what was found damaged, or takes long.

    Raises
    ------
    ValueError
        If the size isn't positive, no image can be read, images in memory have changed since the
        set was made, or the array does not fit into the limit.
    OSError
        If the array does not fit onto the disk, or the disk, the network or the system fails while
        images are read.
    """
    if size < 1:
        raise ValueError(f"The image size must be at least 1 pixel, not {size}.")
    folder = _folder(images, size)
    own_lease = cache.lease(folder, f"pixels of {images.name}, {len(images)} images, {size} px")
    rows = RowFile(folder / "pixels.bin", len(images), size * size * 3)
    meta = _open(rows, images, size, progress, cache_limit, say)
    return _pixels(rows, meta, images, size, own_lease)


def _pixels(
    rows: RowFile, meta: Description, images: ImageSet, size: int, lease: cache.Lease
) -> Pixels:
    """Describe a store that is whole; raise an error if there is nothing in it to be used."""
    infos, errors = meta.infos, meta.errors
    require_access(images.spec, images.files, errors)
    if not infos:
        raise ValueError(
            list_below(none_readable(images.spec, images.files, errors), images.messages)
        )
    digests = infos.digests_of(len(images))
    decoding = _decoding_key(size, choose_scales(infos))
    return Pixels(
        array=open_array(rows.path.parent, len(images), size),
        digests=digests,
        readable=infos.readable(len(images)),
        messages=(*unreadable_sentences(errors, images.files), *image_messages(images, infos)),
        infos=infos,
        errors=errors,
        key=atomic.digest({"decoding": decoding, **images.describe_content(digests)}),
        decoding=decoding,
        folder=rows.path.parent,
        lease=lease,
    )


def open_array(folder: Path, number: int, size: int) -> StoredArray:
    """Return the pixels of a store that is whole, (number, size, size, 3), read-only."""
    return stored_array.open_array(folder / "pixels.bin", np.uint8, (number, size, size, 3))


def _folder(images: ImageSet, size: int) -> Path:
    """Return the entry of the cache: by the files and what is made of them."""
    listing = {"recipe": DECODER_VERSION, "pillow": PIL.__version__, "size": size}
    listing |= {"files": images.files, "stamps": images.stamps, "facts": FACTS}
    return cache.cache_dir() / "pixels" / atomic.digest(listing | {"format": _FORMAT})[:32]


def _decoding_key(size: int, scales: Mapping[str, GreyScale]) -> str:
    decoding: dict[str, Any] = {"recipe": DECODER_VERSION, "size": size}
    if scales:  # of a set with grey of more than 8 bits
        decoding["scales"] = {kind: [scale.black, scale.white] for kind, scale in scales.items()}
    return atomic.digest(decoding)


def _open(
    rows: RowFile,
    images: ImageSet,
    size: int,
    progress: Advance,
    cache_limit: int | None,
    say: Say,
) -> Description:
    """Return the description of a store that is whole; build or mend it first, if it is not."""
    folder = rows.path.parent
    meta = read_meta(folder)
    if meta and not meta.passing and not len(_damaged_rows(rows, meta, say)):
        cache.make_room(0, cache_limit)  # the limit may be lower than it was
        return meta
    with cache.build_lock(folder, say):
        atomic.remove_leftovers(folder)  # of a process that was killed
        meta = read_meta(folder)  # another process may have built or mended it meanwhile
        why = "were damaged on the disk" if folder.exists() else ""
        if meta:
            meta, why = _mend(rows, meta, images, size, progress, say)
        if meta:
            return meta
        if why:
            say(f"note: the stored pixels of {images.name} {why}: all images are decoded again")
        return _build(folder, images, size, progress, cache_limit)


def _damaged_rows(rows: RowFile, meta: Description, say: Say) -> np.ndarray:
    """Return the indices of readable images whose pixels do not match their digest."""
    indices = meta.infos.index
    if rows.bytes > _LARGE:
        say(f"checking {format_size(rows.bytes)} of stored pixels")
    return indices[~rows.intact(indices)]


def _mend(
    rows: RowFile,
    meta: Description,
    images: ImageSet,
    size: int,
    progress: Advance,
    say: Say,
) -> tuple[Description | None, str]:
    """Decode again what is damaged or was missed; else say why all images must be, without meta."""
    if passing := meta.passing:
        rows.create()
        again = read_passing_again(rows, images.reader, passing, size, progress)
        if again is None:
            return None, "lack a scale for the grey of an image that can be read now"
        infos = ImageFacts.join([meta.infos, ImageFacts.from_infos(again[0])])
        rest = {index: why for index, why in meta.errors.items() if index not in infos}
        meta = write_meta(rows.path.parent, infos, rest | again[1])
    damaged = _damaged_rows(rows, meta, lambda _: None)
    if not len(damaged):
        return meta, ""
    say(
        f"note: the stored pixels of {images.name} were damaged on the disk ({len(damaged):,} of "
        f"{len(images):,} images): these are decoded again"
    )
    rows.create()
    same = write_rows_again(rows, images.reader, meta.infos, damaged.tolist(), size, progress)
    return (meta, "") if same else (None, "are not those of the files, which were changed")


def _require_room(folder: Path, images: ImageSet, size: int, cache_limit: int | None) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    # a damaged store, and those left by killed processes: nobody else builds now
    for useless in (folder, *cache.abandoned(folder)):
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
    folder: Path,
    images: ImageSet,
    size: int,
    progress: Advance,
    cache_limit: int | None,
) -> Description:
    """Decode all images into a folder beside `folder`, and rename it when it is whole."""
    _require_room(folder, images, size, cache_limit)
    unfinished = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}.tmp")
    unfinished.mkdir()
    try:
        rows = RowFile(unfinished / "pixels.bin", len(images), size * size * 3)
        rows.create()
        infos, errors = write_pixel_array(rows, images.reader, size, progress)
        _require_unchanged(images, infos)
        meta = write_meta(unfinished, infos, errors)
        try:
            unfinished.rename(folder)
        except OSError:  # without locks, another process may have been faster
            if (other := read_meta(folder)) is None:
                raise
            return other
        return read_meta(folder) or meta
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _require_unchanged(images: ImageSet, infos: ImageFacts) -> None:
    """Raise ValueError if images in memory are not those of their stamps, the key of the store."""
    if not any(stamp.startswith(CONTENT) for stamp in images.stamps):
        return
    changed = [
        images.files[index]
        for index, digest in zip(infos, infos.digests, strict=True)
        if images.stamps[index].startswith(CONTENT) and images.stamps[index] != CONTENT + digest
    ]
    if changed:
        number = pluralize(len(changed), "image", "images")
        raise ValueError(
            f"{images.spec}: {number} of {len(images):,} changed between two readings "
            f"({first_names(changed, EXAMPLES)}). A data set must give the same image each time: "
            "leave random transforms away. Of arrays that were changed, make a new image_set"
        )

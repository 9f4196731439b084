"""Image files: the reader, the stamps and the suffixes that folders and tables share."""

import os
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from benchmark.data.decoding.decode import decode
from benchmark.data.decoding.limits import MAX_BYTES
from benchmark.storage.plain_file import read_plain
from benchmark.storage.user_folders import real_path

# A fixed list, not Pillow's: the same folder must give the same list of images on every machine.
_KNOWN = """
.jpg .jpeg .jpe .jfif .png .apng .bmp .dib .gif .tif .tiff .webp .ppm .pgm .pbm .pnm .pfm
.tga .jp2 .j2k .avif .ico .pcx .sgi .rgb .qoi .dds .psd
"""
IMAGE_SUFFIXES = frozenset(_KNOWN.split())


@dataclass
class FileReader:
    """Reads image files below `root`."""

    root: str
    files: tuple[str, ...]  # (N,) relative to root
    # the file that was decoded last: its content is asked for next, and the disk may be far away
    _last: tuple[int, bytes] | None = field(default=None, repr=False, compare=False)
    # files may come from anyone: their decoding is limited in memory and time
    is_limited = True

    def content(self, index: int) -> bytes:
        """Return the bytes of file `index`."""
        last, self._last = self._last, None
        if last is not None and last[0] == index:
            return last[1]
        return read_plain(Path(self.root, self.files[index]), MAX_BYTES)

    def image(self, index: int, at_least: int = 0) -> Image.Image:
        """Return image `index`, upright; see `decode`."""
        content = read_plain(Path(self.root, self.files[index]), MAX_BYTES)
        self._last = (index, content)
        return decode(content, at_least)


def has_suffix(name: str, suffixes: Collection[str]) -> bool:
    """Tell whether the name of a file ends in one of the suffixes, in any letter case."""
    last = os.path.basename(name)  # noqa: PTH119  # of a million names, a `Path` each takes seconds
    dot = last.rfind(".")
    return 0 < dot < len(last) - 1 and last[dot:].lower() in suffixes


def stamp(name: str, status: os.stat_result) -> str:
    """Identify a file's bytes without reading them.

    The change time is part of it because unpackers and copies set the modification time at will.
    """
    return name + content_mark(status)


def content_mark(status: os.stat_result) -> str:
    """Return the part of a `stamp` that tells two contents of one file apart."""
    return f"|{status.st_size}|{status.st_mtime_ns}|{status.st_ctime_ns}"


def short_name(path: Path) -> str:
    """Return a short name for a report and the cache, from a data set's path."""
    return re.sub(r"[^\w-]+", "_", real_path(path).stem).strip("_-") or "data"

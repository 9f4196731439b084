"""Data files that a plug-in reads while it is imported, as a table of weights: part of its key."""

import functools
import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

from benchmark.storage.user_folders import real_path
from benchmark.strategy.located import SYSTEM, is_users
from benchmark.system.installed import OURS

_opened: list[tuple[Path, Path]] | None = None  # readers and files; None while no plug-in is loaded
_hashes: dict[Path, dict[Path, str]] = {}  # of the data, as they were then, by the file that reads


@contextmanager
def noting_data() -> Iterator[None]:
    """Note which data files the user's modules read while they are imported."""
    global _opened
    _add_hook()
    before, _opened = _opened, []
    try:
        yield
    finally:
        opened, _opened = _opened, before
        for reader, file in dict.fromkeys(opened):
            with suppress(OSError):  # it was removed since
                _hashes.setdefault(reader, {})[file] = _hash(file)


def data_hashes(readers: Iterable[Path]) -> list[str]:
    """Return hashes of the data that files have read while they were imported."""
    return [hashed for reader in readers for _, hashed in sorted(data_of(reader).items())]


def data_of(reader: Path) -> dict[Path, str]:
    """Return the data files that a file has read while it was imported, and their hashes then."""
    return _hashes.get(reader, {})


def is_data_edited(reader: Path) -> bool:
    """Whether a file would read other data if it were imported anew."""
    try:
        return any(_hash(file) != hashed for file, hashed in data_of(reader).items())
    except OSError:
        return True


def forget_data(reader: Path) -> None:
    """Forget what a file has read: it is imported anew."""
    _hashes.pop(reader, None)


def _hash(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@functools.cache  # a hook can't be removed
def _add_hook() -> None:
    sys.addaudithook(_note)


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if _opened is None or event != "open":
        return
    path, mode, flags = arguments
    writes = set("wax+") & set(mode or "") or (flags or 0) & (os.O_WRONLY | os.O_RDWR)
    if writes or not isinstance(path, str | bytes | os.PathLike):
        return
    with suppress(ValueError, OSError):  # an error here would be one of the code that is watched
        file = real_path(os.fsdecode(path))
        reader = _importing(sys._getframe(1))
        if reader and is_users(file) and not any(file.is_relative_to(f) for f in SYSTEM):
            _opened.append((reader, file))


def _importing(frame: FrameType | None) -> Path | None:
    """Return the user's file that is imported; None if another reads, as a package's own import."""
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(("<frozen importlib", f"{OURS}{os.sep}")):
            return None  # Python reads code
        if frame.f_code.co_name == "<module>":
            return Path(name) if is_users(Path(name)) else None
        frame = frame.f_back
    return None

"""Files that code of a plug-in reads while it is loaded and checked, and that no key can cover."""

import functools
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import source_from_cache
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from benchmark.storage.user_folders import real_path
from benchmark.strategy.data_files import data_of
from benchmark.strategy.imported_files import imported_files
from benchmark.strategy.located import SYSTEM, is_users
from benchmark.strategy.registration import StrategyEntry


class Read(NamedTuple):
    """A file that was opened for reading, and the user's line that led to it."""

    file: Path
    reader: Path
    line: int


_reads: dict[Read, None] = {}


@functools.cache  # a hook can't be removed
def watch_reads() -> None:
    """Note from now on which files are read by code outside installed packages."""
    sys.addaudithook(_note)


def uncovered_files(entry: StrategyEntry) -> Iterator[str]:
    """Yield a sentence for each file that a strategy was seen to read and its key does not cover.

    They are the same for all strategies of a file.
    """
    imported = imported_files(entry.build.__module__).values()
    covered = {real_path(file) for file in imported} | {f for i in imported for f in data_of(i)}
    for file, reader, line in _reads:
        if real_path(reader) in covered | {real_path(entry.file)} and file not in covered:
            what = "loads" if file.suffix in (".py", ".so", ".pyd") else "reads"
            yield (
                f"It {what} {file} ({reader.name}, line {line}), which is no part of its key: "
                "after an edit of it, older results would be taken for new ones. Hold what it "
                "gives in a field" + (", or import it by its name" if file.suffix == ".py" else "")
            )


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open":
        path, mode, flags = arguments
        writes = set("wax+") & set(mode or "") or (flags or 0) & (os.O_WRONLY | os.O_RDWR)
        if writes or not isinstance(path, str | bytes | os.PathLike):
            return
    elif event == "import" and isinstance(arguments[1], str):  # compiled code
        path = arguments[1]
    else:
        return
    reader = _users_frame(sys._getframe(1))
    if reader is None:
        return
    with suppress(ValueError, OSError):  # an error here would be one of the code that is watched
        file = real_path(os.fsdecode(path))
        if file.suffix == ".pyc" and file.parent.name == "__pycache__":
            file = Path(source_from_cache(str(file)))
        if is_users(file) and not any(file.is_relative_to(folder) for folder in SYSTEM):
            _reads[Read(file, Path(reader.f_code.co_filename), reader.f_lineno)] = None


def _users_frame(frame: FrameType | None) -> FrameType | None:
    while frame is not None and not _is_users(frame.f_code.co_filename):
        if frame.f_code.co_name == "<module>":
            return None  # a package that is imported reads for itself, as matplotlib its fonts
        frame = frame.f_back
    return frame


@functools.cache
def _is_users(filename: str) -> bool:
    return is_users(Path(filename))

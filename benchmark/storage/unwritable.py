"""What to do about a folder that can't be written or has no room."""

import errno
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmark.storage.user_folders import cache_dir

OTHER_CACHE = "set IMBALANCE_BENCH_CACHE to a folder that can"
OTHER_OUT = "choose another --out"
OTHER_TEMPORARY = "set TMPDIR to a folder that can"
CONTINUES = "; the same command continues from what is finished"
# what has the name of a folder or file, or of one above it, is something else
_OTHER_THING = {
    errno.EEXIST: "a file, or a link that leads nowhere, has this name",
    errno.ENOTDIR: "what is above it in its path is no folder",
    errno.EISDIR: "a folder has this name",
    errno.ELOOP: "a link has this name, which loops",
}
# numbers of errors of a folder or its disk, whatever is written there
_OF_THE_FOLDER = frozenset(
    {
        *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
        *(errno.EIO, errno.ENAMETOOLONG, errno.ESTALE, errno.ENODEV, errno.ENXIO, errno.ENOTCONN),
        *_OTHER_THING,
    }
)
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_ONLY_OF_WRITES = _NO_ROOM | {errno.EROFS}


class UnwritableError(OSError):
    """A folder can't be written: which file, why, and what to do. No strategy has caused it."""

    path: Path
    reason: OSError
    way_out: str


@contextmanager
def writing(path: Path, way_out: str | None = None) -> Iterator[None]:
    """Let errors of a disk name `path`, or the folder above it that failed, and the way out.

    What is done meanwhile writes there alone. The way out follows from the path, if it is not
    given. Errors about other folders stay.
    """
    try:
        yield
    except OSError as error:
        if isinstance(error, UnwritableError) or error.errno not in _OF_THE_FOLDER:
            raise
        named = error.filename2 or error.filename  # the second is what a file was to replace
        about = Path(named) if isinstance(named, str) else path
        could_not_be_made = error.errno in _OTHER_THING or not os.path.lexists(about)
        is_above = could_not_be_made and _is_below(path, about)
        if not is_above and not _is_below(about, path.parent):  # atomic writes go to a file beside
            raise
        way_out = way_out or _way_out(path)
        path = about if is_above or error.errno in _OTHER_THING else path
        raise unwritable_error(path, error, way_out) from error


@contextmanager
def working_in(folder: Path, way_out: str) -> Iterator[None]:
    """Do as `writing` does while much else is done: an error that names no file may be of that.

    Such an error stays, unless nothing but a write raises it.
    """
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno not in _ONLY_OF_WRITES:
            raise
        with writing(folder, way_out):
            raise


@contextmanager
def another_way_out(way_out: str) -> Iterator[None]:
    """Name this way out where there is no --out."""
    try:
        yield
    except UnwritableError as error:
        if error.way_out != OTHER_OUT:
            raise
        raise unwritable_error(error.path, error.reason, way_out) from error


def require_writable(folder: Path) -> None:
    """Raise UnwritableError if a folder can't be made or nothing can be written into it.

    A folder that is not there is made and removed again.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    trial = folder / f".{uuid.uuid4().hex}.tmp"
    try:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            trial.write_bytes(b"\0")
    finally:
        with suppress(OSError):
            trial.unlink(missing_ok=True)
            for path in missing:
                path.rmdir()


def obstacle_to_folder(path: Path) -> str:
    """Return why a full path can't be made a folder: what is in its place, or above; '' if it can.

    Errors of the system stay.
    """
    above = (path, *path.parents)
    try:
        if file := next((each for each in above if each.is_file()), None):
            return f"{file} is a file"
        links = (each for each in above if each.is_symlink() and not each.exists())
        return next((f"{link} is a link that leads nowhere" for link in links), "")
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return "its name is too long"


def unwritable_error(path: Path, error: OSError, way_out: str | None = None) -> UnwritableError:
    """Return an error of a folder in words."""
    remedy = way_out = way_out or _way_out(path)
    if error.errno in _NO_ROOM:
        remedy = f"make room there, or {way_out}{CONTINUES}"
    elif error.errno in _OTHER_THING:
        remedy = f"move that away, or {way_out}"
    what = f"the cache in {path}" if path == _cache_dir_or_none() else path
    reason = _OTHER_THING.get(error.errno or 0) or error.strerror or error
    raised = UnwritableError(f"{what} can't be written ({reason}); {remedy}")
    raised.errno = error.errno  # for who asks; the words stay the text
    raised.path, raised.reason, raised.way_out = path, error, way_out
    return raised


def _way_out(path: Path) -> str:
    return OTHER_CACHE if is_in_cache(path) else OTHER_OUT


def is_in_cache(path: Path) -> bool:
    """Return whether a file is one of the cache, or is the cache."""
    cache = _cache_dir_or_none()
    return cache is not None and _is_below(path, cache)


def _cache_dir_or_none() -> Path | None:
    try:
        return cache_dir()
    except ValueError:  # there is none, which is not what went wrong here
        return None


def _is_below(path: Path, folder: Path) -> bool:
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 -- links stay as they are
    return absolute.is_relative_to(os.path.abspath(folder))  # noqa: PTH100

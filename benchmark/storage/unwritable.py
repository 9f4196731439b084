"""Where the cache is, and what to do about a folder that can't be written or has no room."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from platformdirs import user_cache_path

OTHER_CACHE = "set IMBALANCE_BENCH_CACHE to a folder that can"
OTHER_OUT = "choose another --out"
OTHER_TEMPORARY = "set TMPDIR to a folder that can"
CONTINUES = "; the same command continues from what is finished"
# numbers of errors of a folder or its disk, whatever is written there
_OF_THE_FOLDER = frozenset(
    {
        *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
        *(errno.EIO, errno.ENAMETOOLONG, errno.ESTALE, errno.ENODEV, errno.ENXIO, errno.ENOTCONN),
    }
)
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class UnwritableError(OSError):
    """A folder can't be written: which file, why, and what to do. No strategy has caused it."""


def cache_dir() -> Path:
    """Return the folder of the cache: ``$IMBALANCE_BENCH_CACHE``, else the user's cache folder.

    ValueError if that lies in a home folder that the system does not know.
    """
    try:
        if chosen := os.environ.get("IMBALANCE_BENCH_CACHE"):
            return Path(chosen).expanduser()
        return user_cache_path("imbalance-bench", appauthor=False)
    except RuntimeError as error:
        raise ValueError(
            "there is no home folder for the cache; set IMBALANCE_BENCH_CACHE to the full path of "
            "a folder"
        ) from error


def expand_home(path: str | Path) -> Path:
    """Return a path with the home folder in place of ~; a name that only begins so stays."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 -- pathlib raises where there is no such home


def require_working_folder() -> None:
    """Raise FileNotFoundError if the working folder was removed: libraries end the process then."""
    try:
        Path.cwd()
    except OSError:
        raise FileNotFoundError(
            "the working folder was removed, or can't be entered; start from another one"
        ) from None


@contextmanager
def writing(path: Path, way_out: str | None = None) -> Iterator[None]:
    """Let errors of a disk name `path`, or the file in it that they are about, and the way out.

    The way out follows from the path, if it is not given. Errors about other folders stay.
    """
    try:
        yield
    except OSError as error:
        if isinstance(error, UnwritableError) or error.errno not in _OF_THE_FOLDER:
            raise
        about = Path(error.filename) if isinstance(error.filename, str) else path
        if not _is_below(about, path.parent):  # atomic writes go to a file beside
            raise
        raise unwritable_error(path, error, way_out) from error


@contextmanager
def another_way_out(way_out: str) -> Iterator[None]:
    """Name this way out where there is no --out."""
    try:
        yield
    except UnwritableError as error:
        raise UnwritableError(str(error).replace(OTHER_OUT, way_out)) from error


def unwritable_error(path: Path, error: OSError, way_out: str | None = None) -> UnwritableError:
    """Return an error of a folder in words."""
    if way_out is None:
        way_out = OTHER_CACHE if _is_below(path, cache_dir()) else OTHER_OUT
    if error.errno in _NO_ROOM:
        way_out = f"make room there, or {way_out}{CONTINUES}"
    what = f"the cache in {path}" if path == cache_dir() else path
    raised = UnwritableError(f"{what} can't be written ({error.strerror or error}); {way_out}")
    raised.errno = error.errno  # for who asks; the words stay the text
    return raised


def _is_below(path: Path, folder: Path) -> bool:
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 -- links stay as they are
    return absolute.is_relative_to(os.path.abspath(folder))  # noqa: PTH100

"""Where things are on this machine: the cache, a user's home, the working folder."""

import errno
import os
from pathlib import Path

from platformdirs import user_cache_path

OTHER_CACHE_FOLDER = "set IMBALANCE_BENCH_CACHE to the full path of a folder"
_LONGEST_BELOW = Path("locks") / "activations" / ("0" * 80)  # a name as long as any in the cache


def cache_dir() -> Path:
    """Return the folder of the cache: ``$IMBALANCE_BENCH_CACHE``, else the user's cache folder.

    ValueError if that lies in a home folder that the system does not know, or has too long a name.
    """
    try:
        if chosen := os.environ.get("IMBALANCE_BENCH_CACHE"):
            folder = Path(chosen).expanduser().absolute()  # a worker has another working folder
        else:
            folder = user_cache_path("imbalance-bench", appauthor=False)
    except RuntimeError as error:
        raise ValueError(f"there is no home folder for the cache; {OTHER_CACHE_FOLDER}") from error
    try:
        (folder / _LONGEST_BELOW).lstat()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise ValueError(
                f"the name of the cache's folder is too long ({folder}); {OTHER_CACHE_FOLDER} "
                "with a shorter one"
            ) from None
    return folder


def expand_home(path: str | Path) -> Path:
    """Return a path with the home folder in place of ~; a name that only begins so stays."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 -- pathlib raises where there is no such home


def real_path(path: str | Path) -> Path:
    """Return the full path that links lead to; a link that loops is not followed.

    `Path.resolve` raises RuntimeError there, below Python 3.13.
    """
    return Path(os.path.realpath(path))


def require_working_folder() -> None:
    """Raise FileNotFoundError if the working folder was removed: libraries end the process then."""
    try:
        Path.cwd()
    except OSError:
        raise FileNotFoundError(
            "the working folder was removed, or can't be entered; start from another one"
        ) from None

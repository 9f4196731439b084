"""Stored files are read only where they are what was written: a plain file, whole, with its hash.

What fails is damaged: it is set aside under another name, so that it can be made again.
"""

import errno
import hashlib
import os
import re
import shutil
import stat
from contextlib import suppress
from io import BufferedReader
from pathlib import Path

from benchmark.storage.plain_file import OtherKindError, open_handle
from benchmark.storage.sizes import format_size
from benchmark.storage.unreadable import (
    UnreadableError,
    is_of_now,
    is_of_the_file,
    unreadable_error,
)

MOST_BYTES = 1_000_000_000  # of a text; those of a run have a hundredth
DAMAGED = ".damaged"  # ends the name of what was set aside
_HASH = re.compile(r'\A\{\n "sha256": "([0-9a-f]{64})",\n')


class DamagedFileError(ValueError):
    """A stored file is not what was written: which, what is wrong with it, and what to do."""

    def __init__(self, file: Path, reason: str, remedy: str = "") -> None:
        super().__init__(file, reason, remedy)  # the arguments, so that it can be pickled
        self.file, self.reason, self.remedy = file, reason, remedy

    def __str__(self) -> str:
        remedy = self.remedy[:1].upper() + self.remedy[1:]
        return f"{self.file} is damaged: {self.reason}. {remedy}".rstrip()


def open_plain(file: Path) -> BufferedReader:
    """Open a file for reading, without following a link at the end of its path.

    Raises
    ------
    FileNotFoundError
        If nothing has the name.
    DamagedFileError
        If what has it is a link, a folder, a FIFO or a device, or lies on a broken disk.
    UnreadableError
        If it can't be opened for a reason that is not its own.
    """
    try:
        return os.fdopen(open_handle(file, follow_links=False), "rb")
    except FileNotFoundError:
        raise
    except OtherKindError:
        reason = "it is a link, which is not followed" if is_link(file) else "it is no plain file"
        raise DamagedFileError(file, reason) from None
    except OSError as error:
        if error.errno == errno.ELOOP or is_link(file):
            raise DamagedFileError(file, "it is a link, which is not followed") from None
        raise why_not_read(file, error) from None


def why_not_read(file: Path, error: OSError) -> DamagedFileError | UnreadableError:
    """Return what an error of the system says of a file: damaged, or not to be read now."""
    if is_of_the_file(error):
        return DamagedFileError(file, f"it can't be read ({error.strerror})")
    return unreadable_error(file, error)


def read_text(file: Path) -> str:
    r"""Return the text of a plain file, see `open_plain`; every line ends with \n.

    A checkout of a repository may have other ends of lines.
    """
    with open_plain(file) as stream:
        try:
            if os.fstat(stream.fileno()).st_size > MOST_BYTES:
                raise DamagedFileError(file, f"it has more than {format_size(MOST_BYTES)}")
            text = stream.read(MOST_BYTES).decode()
        except UnicodeDecodeError as error:
            raise DamagedFileError(file, f"it is no UTF-8 text (byte {error.start})") from None
        except OSError as error:  # such as a bad block of the disk
            raise why_not_read(file, error) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def with_hash(text: str) -> str:
    r"""Return the text of a JSON object, indented by 1, with the hash of it as its first field.

    >>> print(with_hash('{\n "a": 1\n}\n')[:30], "…")
    {
     "sha256": "b606a40d68ae742b …
    """
    return f'{{\n "sha256": "{_sha256(text)}",\n{text.removeprefix("{" + chr(10))}'


def hash_of(text: str) -> str | None:
    """Return the hash that a text of `with_hash` carries; None without one, or if it is wrong."""
    first = _HASH.match(text)
    if first and first[1] == _sha256("{\n" + text[first.end() :]):
        return first[1]
    return None


def set_aside(path: Path) -> Path:
    """Rename what is damaged to NAME.damaged, which takes the place of an earlier one.

    A link is renamed itself; what it points to stays as it is.
    """
    aside = path.with_name(path.name + DAMAGED)
    if aside.is_dir() and not aside.is_symlink():
        shutil.rmtree(aside)
    elif path.is_dir():  # which replaces no file
        aside.unlink(missing_ok=True)
    path.replace(aside)
    return aside


def write_unfollowed(file: Path, text: str) -> None:
    """Write a short text over a file, not atomically; a link is not followed: OSError."""
    handle = open_handle(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, follow_links=False)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)


def is_there(path: Path) -> bool:
    """Return whether anything has this name, also a link to nothing.

    UnreadableError if that can't be known, since its folder is closed.
    """
    try:
        path.lstat()
    except OSError as error:
        if is_of_now(error):
            raise unreadable_error(path, error) from error
        return False
    return True


def is_link(path: Path) -> bool:
    """Return whether a link has this name, as far as that can be known."""
    with suppress(OSError):
        return stat.S_ISLNK(path.lstat().st_mode)
    return False


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

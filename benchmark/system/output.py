"""Standard output and error: what can't be shown ends no work.

The reader of a pipe goes away, a terminal is lost with its connection or lacks a character, the
disk of a log is full, or there is no stream at all.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Any, TextIO, cast


class LastingStream:
    """Passes text on to a stream, drops what that can't take, and never raises an error.

    What the stream's encoding lacks is written as escape codes. Everything else is the stream's.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream  # None: there is none

    def write(self, text: str) -> int:
        """Write what can be written."""
        with suppress(Exception):  # a user may have put anything in place of a stream
            try:
                self._stream.write(text)
            except UnicodeEncodeError:
                encoding = self._stream.encoding
                self._stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write what can be written of each line."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Flush what can be written."""
        with suppress(Exception):
            self._stream.flush()

    def isatty(self) -> bool:
        """Return whether it is a terminal; what is closed is none."""
        try:
            return bool(self._stream.isatty())
        except Exception:
            return False

    def __getattr__(self, name: str) -> Any:
        if name == "_stream":  # of a copy that is being made
            raise AttributeError(name)
        return getattr(self._stream, name)


def lasting_stdout() -> TextIO:
    """Return the standard output of this moment as a `LastingStream`."""
    return cast(TextIO, LastingStream(sys.stdout))


def lasting_stderr() -> TextIO:
    """Return the standard error of this moment as a `LastingStream`."""
    return cast(TextIO, LastingStream(sys.stderr))


@contextmanager
def lasting_output() -> Iterator[None]:
    """Let no print fail meanwhile, not one of a strategy's either."""
    try:
        with redirect_stdout(lasting_stdout()), redirect_stderr(lasting_stderr()):
            yield
    finally:
        drop_unwritten()


def open_closed_streams() -> None:
    """Open the null device in place of standard streams that are closed.

    The next file that is opened, such as a lock, would take their numbers; what a library or
    another process prints would go there.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # it gets the lowest number that is free, which is this one
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)


def drop_unwritten() -> Exception | None:
    """Write what is still to be written; drop it if that fails, and return why.

    Python would try again when it ends, and complain.
    """
    reason = None
    for name in ("stderr", "stdout"):
        stream = getattr(sys, name)
        try:
            if not getattr(stream, "closed", True):
                stream.flush()
        except Exception as error:
            reason = error
            if isinstance(error, OSError):
                error.filename = name
            with suppress(Exception):  # no stream of the system's
                number = stream.fileno()
                handle = os.open(os.devnull, os.O_WRONLY)
                os.dup2(handle, number)
                os.close(handle)
    return reason

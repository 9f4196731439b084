"""Addresses of sockets: whether anything listens there, and where their files have room."""

import socket
import tempfile
from pathlib import Path

SECONDS_TO_CONNECT = 10.0  # before a library waits for minutes
MOST_LETTERS = 107  # of the path of a socket


def require_listener(option: str, host: str, port: int, advice: str) -> None:
    """Raise ConnectionError unless a port can be reached; `option` is what the user has written."""
    try:
        socket.create_connection((host, port), SECONDS_TO_CONNECT).close()
    except OSError as error:
        raise ConnectionError(f"{option}: nothing answers there ({error}). {advice}") from None


def short_folder(name: str, letters: int) -> str | None:
    """Return a folder for sockets whose paths have `letters` more than it.

    None where the system's own temporary folder is short enough: a path has 107 letters at most.
    """
    own = Path(tempfile.gettempdir(), name)
    if len(str(own)) + letters <= MOST_LETTERS:
        return None
    return str(Path("/tmp", name))  # noqa: S108

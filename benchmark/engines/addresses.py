"""Whether anything listens at an address, before a library waits for minutes."""

import socket

SECONDS_TO_CONNECT = 10.0


def require_listener(option: str, host: str, port: int, advice: str) -> None:
    """Raise ConnectionError unless a port can be reached; `option` is what the user has written."""
    try:
        socket.create_connection((host, port), SECONDS_TO_CONNECT).close()
    except OSError as error:
        raise ConnectionError(f"{option}: nothing answers there ({error}). {advice}") from None

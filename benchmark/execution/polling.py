"""Call a function regularly while something else runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SECONDS_BETWEEN_POLLS = 0.5


@contextmanager
def polling(poll: Callable[[], None]) -> Iterator[None]:
    """Call `poll` every SECONDS_BETWEEN_POLLS from a thread of its own, and once at the end."""
    finished = threading.Event()

    def loop() -> None:
        while not finished.wait(SECONDS_BETWEEN_POLLS):
            poll()

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    try:
        yield
    finally:
        finished.set()
        thread.join()
        poll()

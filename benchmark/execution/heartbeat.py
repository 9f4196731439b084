"""How a worker in a process of its own reports its steps, and how another process reads them."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

SECONDS_BETWEEN_BEATS = 0.5
SECONDS_BETWEEN_POLLS = 0.5


class Heartbeat:
    """Counts steps into a file, and ends the process when the parent that waits has ended."""

    def __init__(self, path: Path, parent: int) -> None:
        self.path, self._parent = path, parent
        self._steps, self._last = 0, 0.0
        path.parent.mkdir(parents=True, exist_ok=True)

    def __call__(self, steps: int) -> None:
        """Add steps; write the file if the last time was SECONDS_BETWEEN_BEATS ago."""
        self._steps += steps
        now = time.monotonic()
        if now - self._last < SECONDS_BETWEEN_BEATS:
            return
        self._last = now
        if self._parent not in (os.getppid(), os.getpid()):
            os._exit(1)  # no clean-up: a new run may already use the same files
        self.path.write_text(str(self._steps))

    @staticmethod
    def read(path: Path) -> int:
        """Return the steps counted so far; 0 if there is no file."""
        try:
            return int(path.read_text())
        except (OSError, ValueError):  # not begun, finished, or just being written
            return 0


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

"""How a worker in a process of its own reports its steps, and how another process reads them."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmark.storage.stored_file import read_text, write_unfollowed
from benchmark.system import stopping

SECONDS_BETWEEN_BEATS = 0.5
SECONDS_BETWEEN_POLLS = 0.5


class Heartbeat:
    """Counts steps into a file, and looks whether there is one that asks the process to end."""

    def __init__(self, path: Path, stop_file: Path) -> None:
        self.path, self._stop_file = path, stop_file
        self._steps, self._last = 0, 0.0
        path.parent.mkdir(parents=True, exist_ok=True)

    def __call__(self, steps: int) -> None:
        """Add steps; write and look if the last time was SECONDS_BETWEEN_BEATS ago."""
        self._steps += steps
        now = time.monotonic()
        if now - self._last < SECONDS_BETWEEN_BEATS:
            return
        self._last = now
        if self._stop_file.exists():
            stopping.request()
        with suppress(OSError):  # steps that can't be shown end no training
            write_unfollowed(self.path, str(self._steps))

    @staticmethod
    def read(path: Path) -> int:
        """Return the steps counted so far; 0 if there is no file."""
        try:
            return int(read_text(path))
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

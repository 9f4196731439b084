"""How a worker in a process of its own reports its steps, and ends when nobody waits for it."""

from __future__ import annotations

import os
import time
from pathlib import Path

SECONDS_BETWEEN_BEATS = 0.5


class Heartbeat:
    """Counts steps into a file, and ends the process when its parent has ended.

    Parameters
    ----------
    path
        The file.
    parent
        Id of the process that waits for the result.
    """

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

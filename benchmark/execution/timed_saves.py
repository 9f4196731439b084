"""When the state of a training is saved: every now and then, and when the process is to end."""

import time
from collections.abc import Callable

from benchmark.system import stopping
from benchmark.system.error_text import error_text
from benchmark.system.memory import is_out_of_memory, release_memory

SECONDS_BETWEEN_SAVES = 30.0
SHARE_OF_TIME = 0.02  # that saving may take: the state of the second half is 0.2 GB


class TimedSaves:
    """Called after every step: saves if it is time, or if the process has been asked to end.

    A save that finds no room costs that save and no more; `note` says so then, or `unsaved` of
    `Stopped`.
    """

    def __init__(
        self, save: Callable[[], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._save, self._clock = save, clock
        self._cost, self._last = 0.0, clock()
        self.note = ""

    def __call__(self) -> None:
        """Save if it is time; raise `Stopped` after it if the process has been asked to end."""
        if stopping.requested():
            reason = self._try()
            stopping.raise_if_requested(
                f"the last steps of a training could not be saved: {reason}" if reason else ""
            )
        seconds = max(SECONDS_BETWEEN_SAVES, self._cost / SHARE_OF_TIME)
        if self._clock() - self._last >= seconds and (reason := self._try()):
            self.note = f"a training under way went on, but could not be saved: {reason}"

    def _try(self) -> str:
        """Save; return why it could not be done, '' if it was."""
        begun, reason = self._clock(), ""
        try:
            self._save()
        except OSError as error:
            reason = error.strerror or str(error)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            reason = error_text(error)
        if reason:
            release_memory()
        self._last = self._clock()
        self._cost = self._last - begun
        return reason

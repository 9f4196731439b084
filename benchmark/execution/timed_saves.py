"""When the state of a training is saved: every now and then, and when the process is to end."""

import time
from collections.abc import Callable

from benchmark.system import stopping

SECONDS_BETWEEN_SAVES = 30.0
SHARE_OF_TIME = 0.02  # that saving may take: the state of the second half is 0.2 GB


class TimedSaves:
    """Called after every step: saves if it is time, or if the process has been asked to end.

    A save that finds no room costs that save and no more; `note` says so then.
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
            self._try()
            stopping.raise_if_requested()
        if self._clock() - self._last >= max(SECONDS_BETWEEN_SAVES, self._cost / SHARE_OF_TIME):
            self._try()

    def _try(self) -> None:
        begun = self._clock()
        try:
            self._save()
        except OSError as error:
            reason = error.strerror or error
            self.note = f"a training under way went on, but could not be saved: {reason}"
        self._last = self._clock()
        self._cost = self._last - begun

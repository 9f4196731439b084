"""An executor of the user's own as an engine."""

from concurrent.futures import Executor


class GivenEngine:
    """Any `concurrent.futures.Executor` whose workers are processes; see `Engine`.

    It is the user's: it is neither renewed nor ended here.
    """

    def __init__(
        self, executor: Executor, jobs: int | None, threads: int | None, is_local: bool
    ) -> None:
        self.name, self.is_local = type(executor).__name__, is_local
        self._executor, self._jobs, self._threads = executor, jobs, threads

    def executor(self) -> Executor:
        """Return the executor."""
        return self._executor

    def slots(self) -> int | None:
        """Return how many calls run at the same time, if that is known."""
        return self._jobs

    def threads(self) -> int | None:
        """Return the cores of one call; None: those of its machine."""
        return self._threads

    def close(self) -> None:
        """Leave the executor as it is."""

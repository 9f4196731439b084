"""What the executors of clusters have in common: the calls that have not ended yet."""

from concurrent import futures
from concurrent.futures import Executor
from typing import Any


class ClusterExecutor(Executor):
    """Keeps futures with a method `end`, which takes over what the cluster says of their calls."""

    def __init__(self) -> None:
        self._running: set[Any] = set()

    def _end(self, future: Any, answer: Any) -> None:
        self._running.discard(future)
        future.end(answer)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Wait for the calls, or take those that have not begun from the queue."""
        if cancel_futures:
            for future in list(self._running):
                future.cancel()
        if wait:
            futures.wait(list(self._running))

"""Calls on a dask cluster as futures of the standard library."""

from collections.abc import Callable, Mapping
from concurrent.futures import BrokenExecutor, Future
from contextlib import suppress
from functools import partial
from threading import RLock
from typing import Any

from distributed import Client, KilledWorker
from distributed import Future as RemoteFuture

from benchmark.engines.cluster_executor import ClusterExecutor
from benchmark.engines.lost_calls import WorkerDiedError

SECONDS_FOR_A_RESULT = 30.0  # on its way from the worker


class DaskFuture(Future[Any]):
    """A call on the cluster. What has begun can't be cancelled, as in other executors."""

    def __init__(self) -> None:
        super().__init__()
        self.remote: RemoteFuture | None = None  # a result that is held may be computed again
        self._ending = RLock()  # else it might be cancelled and end at the same time

    def cancel(self) -> bool:
        """Take the call from the queue; False if it runs, or has ended."""
        with self._ending:
            remote = self.remote
            if remote is None or self.running():
                return super().cancel()
            # KeyError: the scheduler has not heard of it; others: a lost cluster, whose calls end
            with suppress(KeyError, OSError, RuntimeError):
                if remote.client.call_stack(keys=[remote.key]):
                    self.set_running_or_notify_cancel()
            if not super().cancel():
                return False
            self.remote = None
            remote.cancel()
            self.set_running_or_notify_cancel()  # wakes who waits
            return True

    def end(self, remote: RemoteFuture) -> None:
        """Take over how the call has ended."""
        with self._ending:
            self.remote = None
            if self.cancelled():
                return
            if not self.running():
                self.set_running_or_notify_cancel()
            if (error := _error(remote)) is not None:
                self.set_exception(error)
                return
            try:
                self.set_result(remote.result(timeout=SECONDS_FOR_A_RESULT))
            except Exception:  # while the cluster would compute it again
                self.set_exception(WorkerDiedError("a dask worker died with the result of this"))


class DaskExecutor(ClusterExecutor):
    """Submits calls through a client.

    dask's own executor holds the results, and the cluster repeats a call that has ended if the
    worker with its result dies. This one forgets them.
    """

    def __init__(self, client: Client, resources: Mapping[str, float]) -> None:
        super().__init__()
        self._client, self._resources = client, dict(resources)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Hand over a call; BrokenExecutor if the cluster is lost."""
        if self._client.status != "running":
            raise BrokenExecutor("the connection to the dask scheduler is lost")
        future = DaskFuture()
        # one object, in whose arguments dask looks for nothing
        call = partial(fn, *args, **kwargs)
        future.remote = self._client.submit(call, pure=False, resources=self._resources or None)
        self._running.add(future)
        future.remote.add_done_callback(partial(self._end, future))
        return future


def _error(remote: RemoteFuture) -> BaseException | None:
    """Return what a call has raised, or why it has not ended."""
    if remote.status == "cancelled":  # not by us
        return BrokenExecutor("the connection to the dask scheduler was lost, or it began anew")
    error = remote.exception(timeout=SECONDS_FOR_A_RESULT) if remote.status == "error" else None
    if isinstance(error, KilledWorker):
        return WorkerDiedError(
            f"dask worker {error.last_worker.address} died while it ran this, as did "
            f"{error.allowed_failures} before it"
        )
    return error

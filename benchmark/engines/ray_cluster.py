"""Calls in the worker processes of a ray cluster, joined or of this machine alone.

ray runs one call at a time in a process, in its main thread, and gives it its CPUs and GPUs::

    export RAY_AUTH_MODE=token                    # everywhere, for the driver too
    ray start --head --port 6379                  # on the first machine
    ray start --address HOST:6379                 # on each other one; it counts its GPUs by itself

The machine of the driver is part of the cluster, or the address is that of ray's client,
``ray://HOST:10001``. https://docs.ray.io, of which this follows the pages on tasks, generators and
fault tolerance. If the head of a cluster dies, ray ends the driver too, after a minute.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from threading import RLock
from typing import Any
from urllib.parse import urlsplit

import ray
from ray.exceptions import (
    LocalRayletDiedError,
    NodeDiedError,
    OutOfMemoryError,
    RayError,
    RayTaskError,
    WorkerCrashedError,
)

from benchmark.engines.addresses import require_listener, short_folder
from benchmark.engines.cluster_executor import ClusterExecutor
from benchmark.engines.lost_calls import WorkerDiedError
from benchmark.system.process_signals import handlers_kept
from benchmark.system.processes import safe_import_path

OBJECT_STORE_BYTES = 100 * 2**20  # of a cluster of our own: calls pass files, not objects
LETTERS_OF_SOCKETS = 66  # that ray's paths add to that of its folder


def run_call(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Iterator[Any]:
    """Run a call as a generator: its first value tells that it has begun."""
    yield None
    yield fn(*args, **kwargs)


class RayFuture(Future[Any]):
    """A call on the cluster. What has begun can't be cancelled, as in other executors."""

    def __init__(self, values: Any) -> None:
        super().__init__()
        self.values: Any = values  # of `run_call`, until its end
        self._ending = RLock()  # else it might be cancelled and end at the same time

    def cancel(self) -> bool:
        """Take the call from the queue; False if it runs, or has ended."""
        with self._ending:
            if self.values is None or self.running():
                return super().cancel()
            if self.values.next_ready():
                self.set_running_or_notify_cancel()
                return False
            super().cancel()
            with suppress(RayError):  # a lost cluster
                ray.cancel(self.values)
            self.values = None
            self.set_running_or_notify_cancel()  # wakes who waits
            return True

    def end(self, completed: Future[Any]) -> None:
        """Take over how the call has ended."""
        with self._ending:
            values, self.values = self.values, None
            if self.cancelled():
                return
            if not self.running():
                self.set_running_or_notify_cancel()
            try:
                completed.result()
                next(values)
                self.set_result(ray.get(next(values)))
            except BaseException as error:
                self.set_exception(_as_ours(error))


def _as_ours(error: BaseException) -> BaseException:
    """Return what a call has raised, or why it has not ended."""
    if isinstance(error, RayTaskError):
        if not isinstance(error.cause, BaseException):
            return error
        error.cause.__cause__ = error  # its text has the traceback
        return error.cause
    if isinstance(error, OutOfMemoryError):
        return WorkerDiedError(f"ray ended the process of this, since memory was short: {error}")
    if isinstance(error, NodeDiedError | LocalRayletDiedError):
        return WorkerDiedError(f"the machine, or ray on it, died while it ran this: {error}")
    if isinstance(error, WorkerCrashedError):
        return WorkerDiedError("the process died while it ran this; ray's logs may say why")
    if isinstance(error, RayError):
        return BrokenExecutor(f"the ray cluster is lost: {error}")
    return error


class RayExecutor(ClusterExecutor):
    """Submits calls, each with so many CPUs and such a share of a GPU."""

    def __init__(self, num_cpus: int, num_gpus: float, is_reused: bool) -> None:
        super().__init__()
        self._remote = ray.remote(
            num_cpus=num_cpus,
            num_gpus=num_gpus,
            max_retries=0,  # who submits tries again
            max_calls=0 if is_reused else 1,
            num_returns="streaming",
        )(run_call)
        self._thread = ThreadPoolExecutor(1, "ray-results")  # ray's own must not wait

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Hand over a call; BrokenExecutor if the cluster is lost."""
        if not ray.is_initialized():
            raise BrokenExecutor("ray has been shut down")
        future = RayFuture(self._remote.remote(fn, *args, **kwargs))
        self._running.add(future)
        completed = future.values.completed().future()
        completed.add_done_callback(lambda call: self._thread.submit(self._end, future, call))
        return future

    def break_off(self) -> None:
        """End what is left, once the cluster is gone."""
        for future in list(self._running):
            lost: Future[Any] = Future()
            lost.set_exception(BrokenExecutor("ray was shut down before this has ended"))
            self._end(future, lost)


class RayEngine:
    """Workers of ray; see `benchmark.engines.engine`. A call whose process dies fails at once.

    Parameters
    ----------
    scheduler
        The address of the cluster. None: one on this machine, of `jobs` processes or one a core.
    jobs
        At most so many calls at the same time.
    needs_gpu
        Whether each call gets ``1/jobs_per_gpu`` of a GPU.
    cores
        Of this machine, for a cluster of our own.
    num_cpus
        CPUs of each call. 0: in a cluster of our own its share of the cores, else 1.
    """

    def __init__(
        self,
        scheduler: str | None,
        jobs: int | None,
        needs_gpu: bool,
        jobs_per_gpu: int,
        cores: int,
        num_cpus: int = 0,
    ) -> None:
        if num_cpus < 0:
            raise ValueError(f"--engine ray:num_cpus={num_cpus} is not allowed; 1 or more is")
        self.name = f"ray at {scheduler}" if scheduler else "ray"
        self._is_users = ray.is_initialized()  # in a notebook
        self.is_local = scheduler is None and not self._is_users
        self._scheduler, self._jobs, self._cores = scheduler, jobs, cores
        self._num_cpus, self._num_gpus = num_cpus, 1 / jobs_per_gpu if needs_gpu else 0.0
        self._executor: RayExecutor | None = None
        self._connect()

    def executor(self) -> Executor:
        """Return the executor; after a loss that of a new cluster, or of the same joined again.

        Raises
        ------
        ConnectionError
            If no cluster answers.
        ValueError
            If no machine has what a call needs.
        """
        if self._executor is None or not ray.is_initialized() or not self._machines():
            self.close()
            self._connect()
        assert self._executor is not None
        return self._executor

    def slots(self) -> int:
        """Return how many calls the machines have CPUs and GPUs for, at most `jobs`."""
        self.executor()
        number = sum(map(self._slots_of, self._machines()))
        return number if self._jobs is None else min(number, self._jobs)

    def threads(self) -> int:
        """Return the CPUs of a call."""
        return self._num_cpus

    def close(self) -> None:
        """Leave the cluster, and end it if it is ours."""
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=False, cancel_futures=True)
        if not self._is_users:
            ray.shutdown()
        if executor is not None:
            executor.break_off()

    def _connect(self) -> None:
        if not ray.is_initialized():
            self._start() if self._scheduler is None else self._join()
        machines = self._machines()
        if not self._num_cpus:
            self._num_cpus = self._share_of_cores(machines) if self.is_local else 1
        if not any(map(self._slots_of, machines)):
            gpu = f" and {self._num_gpus:g} of a GPU" if self._num_gpus else ""
            listed = [f"{m.get('CPU', 0):g} CPUs and {m.get('GPU', 0):g} GPUs" for m in machines]
            self.close()
            raise ValueError(
                f"{self.name}: no machine has the {self._num_cpus} CPUs{gpu} that a call takes; "
                f"they have {'; '.join(listed) or 'nothing'}. Use --engine ray:num_cpus=N with "
                "fewer, --device cpu, or other machines"
            )
        # a process keeps the GPU that it was given first, whatever ray gives to its next call
        is_reused = not self._num_gpus or all(m.get("GPU", 0) <= 1 for m in machines)
        self._executor = RayExecutor(self._num_cpus, self._num_gpus, is_reused)

    def _share_of_cores(self, machines: list[dict[str, float]]) -> int:
        gpus = sum(machine.get("GPU", 0) for machine in machines)
        at_once = self._jobs or (round(gpus / self._num_gpus) if self._num_gpus else self._cores)
        return max(1, self._cores // max(1, at_once))

    def _start(self) -> None:
        with safe_import_path():
            self._init(
                address="local",  # not one that happens to run
                num_cpus=max(self._cores, self._jobs or 1),
                include_dashboard=False,
                object_store_memory=OBJECT_STORE_BYTES,
                _temp_dir=short_folder("ray", LETTERS_OF_SOCKETS),
            )

    def _join(self) -> None:
        option = f"--scheduler {self._scheduler}"
        advice = (
            "Check that `ray start --head` runs there, and `ray start --address HOST:6379` on this "
            "machine, with the same RAY_AUTH_MODE (a cluster with a token takes no other); from a "
            "machine that is no part of the cluster it is ray://HOST:10001"
        )
        if self._scheduler != "auto":
            host, port = _host_and_port(str(self._scheduler))
            if not (host and port):
                raise ValueError(f"{option} is no address of ray; it looks like HOST:6379")
            require_listener(option, host, port, advice)
        try:
            self._init(address=self._scheduler)
        except (OSError, RuntimeError, ValueError, RayError) as error:
            raise ConnectionError(f"{option}: ray can't join ({error}). {advice}") from None

    def _init(self, **parameters: Any) -> None:
        os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")  # sends no folder anywhere
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        with handlers_kept():  # its own, of SIGTERM, would end the process with nothing saved
            ray.init(log_to_driver=False, configure_logging=False, **parameters)

    def _machines(self) -> list[dict[str, float]]:
        return [node["Resources"] for node in ray.nodes() if node["Alive"]]

    def _slots_of(self, machine: dict[str, float]) -> int:
        number = machine.get("CPU", 0.0) // self._num_cpus
        if self._num_gpus:
            number = min(number, machine.get("GPU", 0.0) * round(1 / self._num_gpus))
        return int(number)


def _host_and_port(address: str) -> tuple[str | None, int | None]:
    parts = urlsplit(address if "://" in address else f"//{address}")
    try:
        return parts.hostname, parts.port
    except ValueError:  # no number
        return parts.hostname, None

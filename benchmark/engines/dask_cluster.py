"""Calls in the worker processes of a dask cluster, joined or of this machine alone.

Each call has a process to itself, though a worker may have several threads: it may use them. A call
runs in a thread that is not its process's main one. For GPUs each worker process offers a share::

    dask scheduler                                     # prints tcp://HOST:8786
    dask worker tcp://HOST:8786 --nworkers 4 --nthreads 1
    CUDA_VISIBLE_DEVICES=0 dask worker tcp://HOST:8786 --nworkers 1 --nthreads 4 --resources "GPU=1"

https://distributed.dask.org, of which this follows the pages on resources, failures and plugins.
"""

import asyncio
import logging
import signal
from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import dask
from distributed import Client, LocalCluster, WorkerPlugin
from distributed.comm import connect, get_address_host_port
from distributed.security import Security

from benchmark.engines.addresses import SECONDS_TO_CONNECT, require_listener
from benchmark.engines.dask_calls import DaskExecutor
from benchmark.system.processes import safe_import_path

SECONDS_FOR_A_GREETING = 30.0  # of a scheduler, which may have much to do
SECONDS_FOR_A_WORKER = 30.0  # a cluster that has none yet
SECONDS_TO_END = 5.0


class IgnoreCtrlC(WorkerPlugin):
    """A terminal sends Ctrl-C to all its processes; it is for the one that has started them."""

    name = "ignore-ctrl-c"

    def setup(self, worker: Any) -> None:  # noqa: ARG002
        """Do so in each worker as it starts, in its main thread."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)


class DaskEngine:
    """Workers of dask; see `benchmark.engines.engine`.

    A worker that dies: in a cluster of our own the call fails at once, in one that is joined the
    cluster repeats it up to its ``distributed.scheduler.allowed-failures`` times (3) before. A
    training that is repeated so ends at once, see `Worker.train_in_own_process`.

    Parameters
    ----------
    scheduler
        The address that `dask scheduler` prints. None: processes of this machine, `jobs` or one a
        core, with one device for all of them if it is a GPU.
    jobs
        At most so many calls at the same time.
    needs_gpu
        Whether each call asks a worker for ``GPU=1/jobs_per_gpu`` of its resources.
    cores
        Of this machine, for processes of our own.
    """

    def __init__(
        self,
        scheduler: str | None,
        jobs: int | None,
        needs_gpu: bool,
        jobs_per_gpu: int,
        cores: int,
    ) -> None:
        self.name = f"dask at {scheduler}" if scheduler else "dask"
        self.is_local = scheduler is None
        self._scheduler, self._jobs, self._cores = scheduler, jobs, cores
        self._share = 1 / jobs_per_gpu if needs_gpu else 0.0
        if self.is_local:
            self._jobs = jobs or (jobs_per_gpu if needs_gpu else cores)
            if needs_gpu and self._jobs > jobs_per_gpu:
                raise ValueError(
                    f"--engine dask without --scheduler uses one GPU, and --jobs {jobs} is more "
                    f"than --jobs-per-gpu {jobs_per_gpu}. Use --engine loky for all GPUs of this "
                    "machine, or start a dask worker for each of them and give --scheduler"
                )
        self._cluster: LocalCluster | None = None
        self._client: Client | None = None
        self._executor: DaskExecutor | None = None
        self._connect()

    def executor(self) -> Executor:
        """Return the executor; after a loss that of a new cluster, or of the same joined again.

        Raises
        ------
        ConnectionError
            If no scheduler or no worker answers.
        ValueError
            If no worker offers a GPU where that is needed.
        """
        if self._client is None or self._client.status != "running" or self._is_ended():
            self.close()
            self._connect()
        assert self._executor is not None
        return self._executor

    def slots(self) -> int:
        """Return the number of workers that can have a call, at most `jobs`."""
        number = sum(map(self._can_run, self._workers()))
        return number if self._jobs is None else min(number, self._jobs)

    def threads(self) -> int:
        """Return the threads of a worker, of the smallest if they differ."""
        if self.is_local:
            assert self._jobs is not None
            return max(1, self._cores // self._jobs)
        workers = [worker for worker in self._workers() if self._can_run(worker)]
        return min((int(worker["nthreads"]) for worker in workers), default=1)

    def close(self) -> None:
        """End the connection, and the processes if they are ours."""
        if self._executor:
            self._executor.shutdown(wait=False, cancel_futures=True)
        for opened in (self._client, self._cluster):
            if opened is not None:
                with suppress(OSError, RuntimeError):  # what is lost can't be told
                    opened.close(timeout=SECONDS_TO_END)
        self._client = self._cluster = self._executor = None

    def _connect(self) -> None:
        if self.is_local:
            self._start()
        else:
            self._require_scheduler()
        # of a lost scheduler it writes a traceback; those who wait for calls are told
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
        self._client = Client(
            self._cluster or self._scheduler, timeout=SECONDS_TO_CONNECT, set_as_default=False
        )
        if self.is_local:
            self._client.register_plugin(IgnoreCtrlC())
        self._require_workers()
        resources = {"GPU": self._share} if self._share else {}
        self._executor = DaskExecutor(self._client, resources)

    def _require_scheduler(self) -> None:
        assert self._scheduler is not None
        option = f"--scheduler {self._scheduler}"
        try:
            host, port = get_address_host_port(self._scheduler)
        except ValueError as error:
            raise ValueError(
                f"{option} is no address of dask ({error}); it looks like tcp://HOST:8786"
            ) from None
        advice = (
            "Check that `dask scheduler` runs, that this is the address which it prints, and that "
            "this machine may reach the port"
        )
        require_listener(option, host, port, advice)
        try:  # a client would wait for good where something else listens, as a dashboard
            with ThreadPoolExecutor(1) as thread:  # a notebook's own has a loop that runs
                thread.submit(asyncio.run, _greet(self._scheduler)).result()
        except (OSError, TimeoutError, ValueError) as error:
            raise ConnectionError(
                f"{option}: what listens there does not answer as a dask scheduler does "
                f"({str(error) or 'no answer'}). {advice}"
            ) from None

    def _start(self) -> None:
        """Start workers of one thread each: what runs there counts its threads by itself."""
        dask.config.set({"distributed.worker.daemon": False})  # else calls can't start processes
        try:
            with safe_import_path():
                self._cluster = LocalCluster(
                    n_workers=self._jobs,
                    threads_per_worker=1,
                    processes=True,
                    memory_limit=0,  # none
                    dashboard_address=":0",  # any port; its own may be taken
                    silence_logs=logging.CRITICAL,
                    scheduler_kwargs={"allowed_failures": 0, "dashboard": False},
                    resources={"GPU": self._share} if self._share else None,
                )
        except RuntimeError as error:
            raise RuntimeError(
                f"--engine dask: the processes could not be started ({error}). They import the "
                "script that calls benchmark.run, so call it under `if __name__ == '__main__':`; "
                "or start `dask scheduler` and `dask worker`, and give --scheduler"
            ) from error

    def _is_ended(self) -> bool:
        return self._cluster is not None and self._cluster.status.name != "running"

    def _workers(self) -> list[dict[str, Any]]:
        self.executor()
        assert self._client is not None
        return list(self._client.scheduler_info(n_workers=-1)["workers"].values())

    def _can_run(self, worker: Mapping[str, Any]) -> bool:
        return worker["resources"].get("GPU", 0.0) >= self._share

    def _require_workers(self) -> None:
        """Wait for a first worker, and look whether any can run what will be asked."""
        assert self._client is not None
        try:
            self._client.wait_for_workers(1, timeout=SECONDS_FOR_A_WORKER)
        except TimeoutError:
            self.close()
            raise ConnectionError(
                f"{self.name} has had no worker for {SECONDS_FOR_A_WORKER:.0f} s. Start one with "
                f"`dask worker {self._scheduler}`; a cluster that adapts needs a minimum of 1"
            ) from None
        workers = list(self._client.scheduler_info(n_workers=-1)["workers"].values())
        if not any(map(self._can_run, workers)):
            self.close()
            raise ValueError(
                f"none of the {len(workers)} workers of {self.name} offers GPU={self._share:g}. "
                f'Start each with `dask worker {self._scheduler} --resources "GPU={self._share:g}"`'
                " and one GPU in CUDA_VISIBLE_DEVICES, or use --device cpu"
            )


async def _greet(scheduler: str) -> None:
    """Raise OSError or TimeoutError unless what listens at an address is of dask."""
    arguments = Security().get_connection_args("client")
    comm = await asyncio.wait_for(
        connect(scheduler, timeout=SECONDS_TO_CONNECT, **arguments), SECONDS_FOR_A_GREETING
    )
    await comm.close()

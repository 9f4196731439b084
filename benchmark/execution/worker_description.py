"""What a worker says of itself before anything is planned for it."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass

from benchmark.engines.engine import Engine
from benchmark.engines.given import GivenEngine
from benchmark.engines.lost_calls import WorkerDiedError
from benchmark.execution.worker_input import Versions
from benchmark.system.device import Device, cores, describe_device

SECONDS_UNTIL_TOLD = 10.0  # a job may stand in a queue


@dataclass(frozen=True)
class WorkerDescription:
    """A worker: where it is, what is installed there, and what it computes on."""

    host: str
    process: int
    cores: int
    versions: Versions
    device: Device

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine."""
        return self.host == platform.node()


def describe_worker(device: str, precision: str) -> WorkerDescription:
    """Return what is to be known of this process, for a value of `--device` and `--precision`."""
    versions = Versions.of_this_process()
    chosen = describe_device(device, precision)
    return WorkerDescription(platform.node(), os.getpid(), cores(), versions, chosen)


def ask_worker(
    engine: Engine, device: str, precision: str, say: Callable[[str], None] = lambda _: None
) -> WorkerDescription:
    """Ask a worker of an engine for its description; `say` is told if none answers for a while.

    Raises
    ------
    UnfitWorkerError
        If it has other versions than this process.
    ValueError
        If it does not have the device, if it lacks this package, or if it is no other process; if
        the executor takes no calls.
    ConnectionError
        If its process dies meanwhile.
    """
    call = _submit(engine, device, precision)
    if not wait([call], SECONDS_UNTIL_TOLD).done:
        say(f"note: no worker of {engine.name} has answered yet; the run waits for the first one")
    try:
        worker = call.result()
    except ImportError as error:
        raise ValueError(
            f"a worker of {engine.name} can't load the package ({error}): install imbalance-bench "
            f"{Versions.of_this_process().package} where its workers run"
        ) from error
    except (BrokenExecutor, WorkerDiedError) as error:
        raise ConnectionError(
            f"a worker of {engine.name} has died before anything was trained: {error}. Look at its "
            "log, and run the same command again"
        ) from error
    where = f"{worker.host} (process {worker.process})"
    Versions.of_this_process().require(where, worker.versions)
    if (worker.host, worker.process) == (platform.node(), os.getpid()):
        raise ValueError(
            f"executor {engine.name} runs calls in this process; allowed: one whose workers are "
            "processes, since a training changes what belongs to its process (like "
            "concurrent.futures.ProcessPoolExecutor, or a dask cluster with processes=True)"
        )
    return worker


def _submit(engine: Engine, device: str, precision: str) -> Future[WorkerDescription]:
    executor = engine.executor()
    try:
        call = executor.submit(describe_worker, device, precision)
    except RuntimeError as error:  # as it is said of a pool that was shut down
        raise ValueError(
            f"executor {engine.name} takes no calls ({error}); allowed: one that is open"
        ) from error
    if not isinstance(call, Future):
        raise ValueError(
            f"executor {engine.name} is not allowed: its submit returns {type(call).__name__}; "
            "allowed: one that returns a concurrent.futures.Future"
        )
    return call


def given_engine(
    executor: Executor,
    jobs: int | None,
    device: str,
    precision: str,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[GivenEngine, WorkerDescription]:
    """Return the engine of an executor of the user's, and what its first worker says.

    ValueError if it is no such executor, also as of `ask_worker`.
    """
    if not isinstance(executor, Executor):
        raise ValueError(
            f"executor {executor!r} is not allowed; allowed: a concurrent.futures.Executor"
        )
    jobs = jobs or getattr(executor, "_max_workers", None)  # of the standard library's and loky's
    engine = GivenEngine(executor, jobs, None, False)
    worker = ask_worker(engine, device, precision, say)
    threads = max(1, worker.cores // jobs) if jobs and worker.is_local else None
    return GivenEngine(executor, jobs, threads, worker.is_local), worker

"""The engine of one machine: loky's processes, each in a pool of its own.

In one pool of several, loky ends all of them when one is killed. So a task that ends its process
costs no other task, and each process can have an environment of its own, such as the GPU it sees.
"""

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import suppress
from threading import Lock
from typing import Any

from joblib.externals.loky import ProcessPoolExecutor
from joblib.externals.loky.process_executor import ShutdownExecutorError

from benchmark.system.processes import (
    end_with_others,
    follow_parent,
    safe_import_path,
    start_tracker,
)

# of numerical libraries: as many threads in each process as it has cores
THREADS = tuple(
    f"{library}_NUM_THREADS" for library in ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB", "NUMEXPR")
)
SECONDS_IDLE = 300.0  # as joblib's own; then a process ends, and is started again when wanted

_Environment = tuple[tuple[str, str], ...]

_pools: dict[tuple[int, _Environment], ProcessPoolExecutor] = {}  # warm for the next run, by slot
_changing = Lock()


class LocalExecutor(Executor):
    """Runs calls in processes of this machine, one process for each of `environments`."""

    def __init__(self, environments: Sequence[Mapping[str, str]]) -> None:
        self._slots = [(i, tuple(sorted(e.items()))) for i, e in enumerate(environments)]
        self._waiting = [0 for _ in self._slots]  # calls that a slot has been given

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Give a call to the process that has the fewest."""
        with _changing:
            number = min(range(len(self._slots)), key=self._waiting.__getitem__)
            self._waiting[number] += 1
        try:
            future = self._submit(self._slots[number], fn, args, kwargs)
        except BaseException:
            self._done(number)
            raise
        future.add_done_callback(lambda _: self._done(number))
        return future

    def _done(self, number: int) -> None:
        with _changing:
            self._waiting[number] -= 1

    def _submit(
        self, slot: tuple[int, _Environment], fn: Callable[..., Any], args: Any, kwargs: Any
    ) -> Future[Any]:
        start_tracker()
        with warnings.catch_warnings(), safe_import_path():
            # loky replaces a process whose memory has grown, and every training makes it grow
            warnings.filterwarnings("ignore", "A worker stopped while some jobs were given")
            # its process was killed, at work or idle, or all were ended after another run
            with suppress(BrokenExecutor, ShutdownExecutorError):
                return _pool(slot).submit(fn, *args, **kwargs)
            with _changing:
                _pools.pop(slot, None)
            return _pool(slot).submit(fn, *args, **kwargs)


def _pool(slot: tuple[int, _Environment]) -> ProcessPoolExecutor:
    with _changing:
        if slot not in _pools:
            _pools[slot] = ProcessPoolExecutor(
                max_workers=1,
                timeout=SECONDS_IDLE,
                initializer=follow_parent,
                initargs=(os.getpid(),),
                env=dict(slot[1]),
            )
            end_with_others(_pools[slot])
        return _pools[slot]


class LocalEngine:
    """Processes of this machine, which end with this process; see `benchmark.engines.engine`."""

    name = "loky"
    is_local = True

    def __init__(self, environments: Sequence[Mapping[str, str]], threads: int) -> None:
        # what a library reads as it is loaded; a number of the user's own stays
        limits = {name: str(threads) for name in THREADS if name not in os.environ}
        self._executor = LocalExecutor([{**limits, **each} for each in environments])
        self._number, self._threads = len(environments), threads

    def executor(self) -> Executor:
        """Return the executor, which replaces processes that were killed."""
        return self._executor

    def slots(self) -> int:
        """Return how many processes there are."""
        return self._number

    def threads(self) -> int:
        """Return the cores of one process."""
        return self._threads

    def close(self) -> None:
        """Leave the processes to the next run of this process; `end_workers` ends them."""

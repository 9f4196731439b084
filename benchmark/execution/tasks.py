"""The tasks that an engine runs. Results and errors go to the run's folder.

What is returned is for people: a note, '' if there is none. A worker process runs one at a time,
whatever number of threads its engine has: what a strategy may change belongs to the process.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Timer

import numpy as np
from numpy.typing import NDArray

from benchmark.engines.task_graph import Attempt
from benchmark.execution.worker_input import LoadedInput, WorkerInput, forget_loaded, load
from benchmark.system import stopping
from benchmark.system.library_messages import libraries_silenced
from benchmark.system.output import lasting_output
from benchmark.system.stopping import Stopped

SECONDS_KEPT = 60.0  # after a task; then its worker, which others may share, frees the memory

_one_at_a_time = Lock()
_forgetting: list[Timer] = []


def train_segment(source: WorkerInput, key: str, attempt: Attempt) -> str:
    """Train the segment `key`, and write the records of the strategies whose network it is."""
    with _loaded(source) as loaded:
        segment, specs = loaded.segments[key]
        return loaded.worker.train_in_own_process(segment, specs, attempt)


def get_ready(source: WorkerInput) -> None:
    """Load what tasks of this run need."""
    with _loaded(source):
        pass


def write_records(source: WorkerInput, key: str) -> None:
    """Write the records of the strategies whose network `key` another process has trained."""
    noted = stopping.signals_noted()
    with _loaded(source) as loaded, noted, libraries_silenced(), lasting_output():
        segment, specs = loaded.segments[key]
        for spec in specs:
            loaded.worker.record(spec, segment.seed, key)


def fill_rows(
    source: WorkerInput, forward_pass: str, indices: NDArray[np.int64], _attempt: Attempt
) -> None:
    """Compute those rows of images (N,) that a store of all workers lacks.

    They are as many as there are until the run is stopped.
    """
    with _loaded(source) as loaded, stopping.signals_noted(), suppress(Stopped):
        worker = loaded.worker
        worker.look_for_stop()
        store = worker.prepared.frozen_features.store(forward_pass)
        if store is not None and store.shared:
            worker.fill(forward_pass, indices, lambda _: worker.look_for_stop())


@contextmanager
def _loaded(source: WorkerInput) -> Iterator[LoadedInput]:
    """Load what a task needs, and keep it for the next task."""
    with _one_at_a_time:
        while _forgetting:
            _forgetting.pop().cancel()
        try:
            yield load(source)
        finally:
            timer = Timer(SECONDS_KEPT, _forget)
            timer.daemon = True
            _forgetting.append(timer)
            timer.start()


def _forget() -> None:
    with _one_at_a_time:  # a task that has begun meanwhile loses nothing but time
        forget_loaded()

"""The tasks that an engine runs. Results and errors go to the run's folder.

What is returned is for people: a note, '' if there is none. A worker process runs one at a time,
whatever number of threads its engine has: what a strategy may change belongs to the process.
"""

from threading import Lock

import numpy as np
from numpy.typing import NDArray

from benchmark.engines.task_graph import Attempt
from benchmark.execution.worker_input import WorkerInput, load
from benchmark.system import stopping
from benchmark.system.library_messages import libraries_silenced
from benchmark.system.output import lasting_output

_one_at_a_time = Lock()


def train_segment(source: WorkerInput, key: str, attempt: Attempt) -> str:
    """Train the segment `key`, and write the records of the strategies whose network it is."""
    with _one_at_a_time:
        loaded = load(source)
        segment, specs = loaded.segments[key]
        return loaded.worker.train_in_own_process(segment, specs, attempt)


def get_ready(source: WorkerInput) -> None:
    """Load what tasks of this run need."""
    with _one_at_a_time:
        load(source)


def write_records(source: WorkerInput, key: str) -> None:
    """Write the records of the strategies whose network `key` another process has trained."""
    with _one_at_a_time, stopping.signals_noted(), libraries_silenced(), lasting_output():
        loaded = load(source)
        segment, specs = loaded.segments[key]
        for spec in specs:
            loaded.worker.record(spec, segment.seed, key)


def fill_rows(
    source: WorkerInput, forward_pass: str, indices: NDArray[np.int64], _attempt: Attempt
) -> None:
    """Compute those rows of images (N,) that a store of all workers lacks."""
    with _one_at_a_time:
        worker = load(source).worker
        store = worker.prepared.frozen_features.store(forward_pass)
        if store is not None and store.shared:
            worker.fill(forward_pass, indices)

"""The records of networks that this process trains: written by it, or meanwhile by another one."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress

from benchmark.engines.local import LocalEngine
from benchmark.execution import tasks
from benchmark.execution.worker_processes import WorkerProcesses
from benchmark.plan.segments import Segment
from benchmark.system.gpus import VISIBLE


@contextmanager
def recording(
    processes: WorkerProcesses, segments: Sequence[Segment], meanwhile: bool
) -> Iterator[Callable[[Segment], None]]:
    """Give a function that writes the records of the strategies whose network a segment is.

    A record takes a second of a core or two, in which a GPU would wait: launching its kernels takes
    all of the time of this process. So another one writes it `meanwhile`, and sees no GPU. What it
    has not written, having been killed perhaps, or still starting, the run writes at its end.
    """
    if not (meanwhile and any(map(processes.specs_to_record, segments))):
        yield lambda segment: _write(processes, segment)
        return
    source = processes.input_of(segments)
    executor = LocalEngine([{VISIBLE: ""}], threads=1).executor()
    futures: list[Future[None]] = []

    def submit(task: Callable[..., None], *arguments: str) -> None:
        with suppress(Exception):  # no process can be started
            futures.append(executor.submit(task, source, *arguments))

    def record(segment: Segment) -> None:
        if processes.specs_to_record(segment):
            submit(tasks.write_records, segment.key)

    submit(tasks.get_ready)  # its imports take seconds, in which the first network is trained
    try:
        yield record
        if futures and futures[0].done():  # else this process is faster than the other's start
            for future in futures:
                with suppress(Exception):
                    future.result()
    finally:
        for future in futures:
            future.cancel()


def _write(processes: WorkerProcesses, segment: Segment) -> None:
    for spec in processes.specs_to_record(segment):
        processes.worker.record(spec, segment.seed, segment.key)

"""Several networks on one GPU: one after the other, on streams of one process, in processes.

    python -m tests.perf.streams FOLDER --device cuda --networks 4 [--mps]

Each network is the harness' own training of the second half, with its CUDA graphs, of a seed of its
own. On streams the networks take turns: each launches a step on its stream and hands over, so one
thread at a time runs Python, and the GPU computes several steps at once. Processes do the same as
`--jobs-per-gpu`; without NVIDIA's MPS, which `--mps` starts, a GPU computes for one of them at a
time. All three must give the same networks, to the bit: batch norms that were launched at once on
several streams have had faults. Prints a line of JSON.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch.cuda import Stream as CudaStream

from benchmark.execution.frozen_layers import run_frozen_layers
from benchmark.execution.prepare import PreparedExperiment, prepare
from benchmark.plan.segments import Segment
from benchmark.system.device import set_precision
from benchmark.system.progress import NullProgress
from benchmark.train.cuda_graphs import STEPS_THAT_PAY
from benchmark.train.trainer import Training
from tests.perf.segment import begin, experiment_of, segment_parser

Begun = tuple[Training, Segment]
SECONDS_TO_START = 120.0
PAUSE = 0.01  # seconds between two looks for the others


class Turns:
    """Threads that take turns, of which one at a time computes."""

    def __init__(self, number: int) -> None:
        self._waiting = list(range(number))  # the first one has the turn
        self._changed = threading.Condition()

    def wait(self, number: int) -> None:
        """Return once it is this thread's turn."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting[0] == number)

    def hand_over(self, number: int) -> None:
        """Give the turn to the next thread, and wait for the next turn."""
        with self._changed:
            self._waiting.append(self._waiting.pop(0))
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._waiting[0] == number)

    def leave(self, number: int) -> None:
        """Take no more turns."""
        with self._changed:
            self._waiting.remove(number)
            self._changed.notify_all()


def train(begun: Begun, steps: int, after_step: Any = lambda: None) -> None:
    """Train so many more steps."""
    training, segment = begun
    training.run(replace(segment, end=training.step + steps), after_step=after_step)


def one_after_the_other(networks: Sequence[Begun], steps: int) -> None:
    """Train each network to the end before the next."""
    for begun in networks:
        train(begun, steps)


def on_streams(networks: Sequence[Begun], steps: int) -> None:
    """Train all networks step by step in turn, each on a stream of its own.

    The trainer knows nothing of it: a step ends with a function that is given to it. Errors of a
    thread are raised here, once all have ended.
    """
    turns, errors = Turns(len(networks)), list[BaseException]()
    device = networks[0][0].device
    if device.type == "cuda":
        torch.cuda.synchronize(device)  # what was allocated and filled before is there

    def work(number: int) -> None:
        on_gpu = device.type == "cuda"
        stream = torch.cuda.stream(CudaStream(device)) if on_gpu else nullcontext()
        turns.wait(number)
        try:
            with stream:
                train(networks[number], steps, lambda: turns.hand_over(number))
        except BaseException as error:
            errors.append(error)
        finally:
            turns.leave(number)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(networks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def content(training: Training) -> str:
    """Return a hash of all numbers of a network."""
    state = training.network.state_dict()
    total = hashlib.sha256()
    for name in sorted(state):
        total.update(state[name].detach().cpu().contiguous().numpy().tobytes())
    return total.hexdigest()[:16]


def open_experiment(options: argparse.Namespace) -> PreparedExperiment:
    """Open images and weights and fill the stores of activations."""
    experiment = experiment_of(options)
    prepared = prepare(experiment).with_processes(options.processes)
    set_precision(prepared.device)
    if prepared.device.type == "cpu":
        torch.set_num_threads(1)
    run_frozen_layers(prepared, [0], NullProgress())
    return prepared


def timed(prepared: PreparedExperiment, way: Any, options: argparse.Namespace) -> dict[str, Any]:
    """Train all networks in one way; the steps that capture graphs do not count."""
    networks = [begin(prepared, 0, options.batch_size) for _ in range(options.networks)]
    for number, (training, _) in enumerate(networks):
        training.seed = number  # orders of images and dropout of its own
    one_after_the_other(networks, options.warm_up)
    finish(prepared)
    begun = time.perf_counter()
    way(networks, options.steps)
    finish(prepared)
    seconds = time.perf_counter() - begun
    return {"seconds": seconds, "networks": [content(training) for training, _ in networks]}


def finish(prepared: PreparedExperiment) -> None:
    """Wait for the device."""
    if prepared.device.type == "cuda":
        torch.cuda.synchronize(prepared.device.torch_device)


def in_processes(options: argparse.Namespace) -> dict[str, Any]:
    """Train each network in a process of its own, all at the same time."""
    words = [sys.executable, "-m", "tests.perf.streams", *sys.argv[1:]]
    with tempfile.TemporaryDirectory() as folder, multi_process_service(options.mps) as variables:
        processes = [
            subprocess.Popen(
                [*words, "--own", str(number), "--meet", folder],
                env={**os.environ, **variables},
                stdout=subprocess.PIPE,
                text=True,
            )
            for number in range(options.networks)
        ]
        try:
            outputs = [process.communicate()[0] for process in processes]
        finally:
            for process in processes:
                process.kill()
    if failed := [process.returncode for process in processes if process.returncode]:
        raise ChildProcessError(f"{len(failed)} processes failed: their exit codes are {failed}")
    own = [json.loads(output.strip().rpartition("\n")[2]) for output in outputs]
    return {
        "seconds": max(each["ended"] for each in own) - min(each["begun"] for each in own),
        "networks": [each["network"] for each in own],
        "mps": bool(variables),
    }


def in_this_process(options: argparse.Namespace) -> dict[str, Any]:
    """Train one of the networks of `in_processes`, once all have come so far."""
    prepared = open_experiment(options)
    begun = begin(prepared, 0, options.batch_size)
    begun[0].seed = options.own
    train(begun, options.warm_up)
    finish(prepared)
    meet(Path(options.meet), options.own, options.networks)
    start = time.monotonic()
    train(begun, options.steps)
    finish(prepared)
    return {"begun": start, "ended": time.monotonic(), "network": content(begun[0])}


def meet(folder: Path, own: int, number: int) -> None:
    """Wait until so many processes are here; TimeoutError if one does not come."""
    (folder / str(own)).touch()
    end = time.monotonic() + SECONDS_TO_START
    while len(list(folder.iterdir())) < number:
        if time.monotonic() > end:
            raise TimeoutError(f"of {number} processes not all had begun in {SECONDS_TO_START} s")
        time.sleep(PAUSE)


@contextmanager
def multi_process_service(wanted: bool) -> Iterator[Mapping[str, str]]:
    """Run NVIDIA's MPS for processes with these variables; {} where it is not there."""
    program = shutil.which("nvidia-cuda-mps-control")
    if not (wanted and program):
        yield {}
        return
    with tempfile.TemporaryDirectory() as folder:
        variables = {f"CUDA_MPS_{name}_DIRECTORY": folder for name in ("PIPE", "LOG")}
        run = {"env": {**os.environ, **variables}, "timeout": 20, "text": True}
        began = subprocess.run([program, "-d"], check=False, **run)  # type: ignore[call-overload]
        try:
            yield variables if began.returncode == 0 else {}
        finally:
            subprocess.run([program], input="quit\n", check=False, **run)  # type: ignore[call-overload]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = segment_parser(__doc__)
    parser.add_argument("--networks", type=int, default=4)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--warm-up", type=int, default=STEPS_THAT_PAY)
    parser.add_argument("--mps", action="store_true", help="start NVIDIA's MPS for the processes")
    parser.add_argument("--no-processes", action="store_true")
    parser.add_argument("--own", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--meet", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    options.processes = 1 if options.own is None else options.networks
    if options.own is not None:
        print(json.dumps(in_this_process(options)))
        return
    prepared = open_experiment(options)
    result: dict[str, Any] = {
        "one after the other": timed(prepared, one_after_the_other, options),
        "on streams": timed(prepared, on_streams, options),
    }
    if not options.no_processes:
        result["in processes"] = in_processes(options)
    expected = result["one after the other"]["networks"]
    for way in result.values():
        way["same"] = way["networks"] == expected
    print(json.dumps(result | {"steps": options.steps, "precision": prepared.device.precision}))


if __name__ == "__main__":
    main()

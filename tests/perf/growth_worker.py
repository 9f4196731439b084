"""Cost of each phase on one folder of images, from an empty cache; prints a line of JSON.

python -m tests.perf.growth_worker FOLDER --weights FILE ...
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from statistics import median

import numpy as np
import torch

from benchmark.execution.frozen_layers import run_frozen_layers
from benchmark.execution.prepare import PreparedExperiment, prepare
from benchmark.system.device import set_precision
from benchmark.system.progress import Timer
from tests.perf.segment import endless, experiment_of

SLICES, WARM_UP, READS = 5, 3, 30


def measure(prepared: PreparedExperiment, batch_size: int, steps: int) -> dict[str, float]:
    """Return the seconds of a training step and of reading a stored row, both at random."""
    features, device = prepared.frozen_features, prepared.device
    if device.type == "cpu":
        torch.set_num_threads(1)  # as in a run, which trains a network a core
    set_precision(prepared.device)

    def finish() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize(device.torch_device)

    rng = np.random.default_rng(0)
    train = prepared.splits[0].train
    read_seconds = []
    for _ in range(READS):
        chosen = rng.choice(train, batch_size)
        begun = time.perf_counter()
        # the sum touches every mapped page, so that it is read
        features.inputs(chosen).sum(dtype=torch.float32)
        finish()
        read_seconds.append((time.perf_counter() - begun) / batch_size)
    train_steps = endless(prepared, 0, batch_size)
    train_steps(WARM_UP)
    step_seconds = []
    for _ in range(SLICES):
        begun = time.perf_counter()
        train_steps(steps)
        step_seconds.append((time.perf_counter() - begun) / steps)
    return {"training step": median(step_seconds), "row read": median(read_seconds)}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("folder")
    parser.add_argument("--weights", required=True)
    parser.add_argument("--image-size", type=int, required=True)
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--device", required=True)
    parser.add_argument("--precision", required=True)
    parser.add_argument("--steps", type=int, required=True)
    options = parser.parse_args(arguments)
    timer = Timer()
    begun = time.perf_counter()
    prepared = prepare(experiment_of(options), timer)
    listed = time.perf_counter() - begun - timer.seconds["images"]
    run_frozen_layers(prepared, [0], timer)
    count = len(prepared.images)
    print(
        json.dumps(
            {
                "images": count,
                "seconds": {
                    "listing, splits, weights": listed / count,
                    "decoding": timer.seconds["images"] / count,
                    "frozen layers": timer.seconds["frozen layers"] / count,
                    **measure(prepared, options.batch_size, options.steps),
                },
            }
        )
    )


if __name__ == "__main__":
    main()

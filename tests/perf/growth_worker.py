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

from benchmark.run.prepare import PreparedExperiment, prepare
from benchmark.system.device import set_precision
from benchmark.system.progress import Timer
from tests.perf.segment import endless, second_half

SLICES, WARM_UP, READS = 5, 3, 30


def measure(prepared: PreparedExperiment, batch_size: int, steps: int) -> dict[str, float]:
    """Return seconds a training step and seconds a stored row that is read, both at random."""
    material, device = prepared.frozen_features, prepared.device
    if device.type == "cpu":
        torch.set_num_threads(1)  # as in a run, which trains a network a core
    set_precision(prepared.device)

    def finish() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize(device.torch_device)

    rng = np.random.default_rng(0)
    train = prepared.splits[0].train
    read = []
    for _ in range(READS):
        chosen = rng.choice(train, batch_size)
        begun = time.perf_counter()
        # summed, because a mapped page is read when it is touched
        material.inputs(chosen).sum(dtype=torch.float32)
        finish()
        read.append((time.perf_counter() - begun) / batch_size)
    go_on = endless(prepared, 0, batch_size)
    go_on(WARM_UP)
    took = []
    for _ in range(SLICES):
        begun = time.perf_counter()
        go_on(steps)
        took.append((time.perf_counter() - begun) / steps)
    return {"training step": median(took), "row read": median(read)}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    flags = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    flags.add_argument("folder")
    flags.add_argument("--weights", required=True)
    flags.add_argument("--image-size", type=int, required=True)
    flags.add_argument("--batch-size", type=int, required=True)
    flags.add_argument("--device", required=True)
    flags.add_argument("--precision", required=True)
    flags.add_argument("--steps", type=int, required=True)
    asked = flags.parse_args(arguments)
    watch = Timer()
    begun = time.perf_counter()
    prepared = prepare(
        second_half(
            asked.folder,
            weights=asked.weights,
            image_size=asked.image_size,
            batch_size=asked.batch_size,
            device=asked.device,
            precision=asked.precision,
        ),
        watch,
    )
    listed = time.perf_counter() - begun - watch.seconds["images"]
    prepared.run_frozen_layers([0], watch)
    count = len(prepared.images)
    print(
        json.dumps(
            {
                "images": count,
                "seconds": {
                    "listing, splits, weights": listed / count,
                    "decoding": watch.seconds["images"] / count,
                    "frozen layers": watch.seconds["frozen layers"] / count,
                    **measure(prepared, asked.batch_size, asked.steps),
                },
            }
        )
    )


if __name__ == "__main__":
    main()

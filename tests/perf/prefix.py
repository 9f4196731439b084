"""Time the frozen layers for images that are altered in every step: eager, and as CUDA graphs.

    python -m tests.perf.prefix FOLDER --device cuda

For several numbers of images a batch it says how long a pass takes in either way, how long the
capture took, and whether rows are equal to the bit: to an eager pass that is filled up alike, and
to themselves beside other images. Prints a line of JSON.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmark.execution.prepare import prepare
from benchmark.system.device import set_precision
from benchmark.train.cuda_graphs import ForwardGraphs
from benchmark.train.frozen_features import FrozenFeatures
from tests.perf.segment import experiment_of, segment_parser

SLICES = 5


def measure(
    features: FrozenFeatures, images: np.ndarray, batch_size: int, passes: int
) -> list[dict[str, Any]]:
    """Return a row for each number of images; `images` (N,) are twice a batch or more."""
    prefix = features.pretrained.prefix
    graphs = ForwardGraphs(prefix, batch_size)
    rows = []
    for number in sorted({max(1, batch_size * share // 8) for share in (2, 5, 8)}):
        x, others = (features.images(images[k * batch_size :][:number]) for k in (0, 1))
        prefix(x)  # libraries are loaded
        begun = time.perf_counter()
        replayed = graphs(x)
        finish(x)
        captured = time.perf_counter() - begun
        graphs(others)
        rows.append(
            {
                "images": number,
                "capture": captured,
                "eager": seconds(lambda x=x: prefix(x), x, passes),
                "graph": seconds(lambda x=x: graphs(x), x, passes),
                "same beside others": torch.equal(graphs(x), replayed),
                "largest difference": float((replayed.float() - prefix(x).float()).abs().max()),
                "same filled up": all(
                    torch.equal(made.forward(made.images.clone())[:number], replayed)
                    for (size, _), made in graphs._passes.items()
                    if size >= number > size - -(-batch_size // 4)
                ),
            }
        )
    return rows


def seconds(compute: Callable[[], Tensor], x: Tensor, passes: int) -> float:
    """Return the seconds of a pass, the median over slices."""
    slices = []
    for _ in range(SLICES):
        begun = time.perf_counter()
        for _ in range(passes):
            compute()
        finish(x)
        slices.append((time.perf_counter() - begun) / passes)
    return median(slices)


def finish(x: Tensor) -> None:
    """Wait for the device of `x`."""
    if x.is_cuda:
        torch.cuda.synchronize(x.device)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = segment_parser(__doc__)
    parser.add_argument("--passes", type=int, default=50)
    options = parser.parse_args(arguments)
    prepared = prepare(experiment_of(options))
    set_precision(prepared.device)
    images = prepared.splits[0].train[: 2 * options.batch_size]
    rows = measure(prepared.frozen_features, images, options.batch_size, options.passes)
    print(json.dumps({"rows": rows, "precision": prepared.device.precision}))


if __name__ == "__main__":
    main()

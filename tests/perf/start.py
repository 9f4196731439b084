"""Time the start of a run: with a GPU's first use while images are decoded, and without.

    python -m tests.perf.start FOLDER --device cuda [--apart]

It opens the images, which the cache must lack, fills the stores of activations, trains a few steps
and imports what writes the report. `--apart` uses the GPU only when it is wanted. Prints a line of
JSON: the seconds of each.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module

from benchmark.execution import prepare as preparing
from benchmark.execution.frozen_layers import run_frozen_layers
from benchmark.system.device import Device, set_precision
from benchmark.system.progress import Advance, NullProgress
from tests.perf.segment import endless, experiment_of, segment_parser


@contextmanager
def nothing_meanwhile(device: Device, advance: Advance) -> Iterator[Advance]:
    """Stand in for `begun_meanwhile`."""
    yield advance


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = segment_parser(__doc__)
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--apart", action="store_true")
    options = parser.parse_args(arguments)
    if options.apart:
        preparing.begun_meanwhile = nothing_meanwhile
    begun = last = time.perf_counter()
    seconds = {}

    def note(what: str) -> None:
        nonlocal last
        now = time.perf_counter()
        seconds[what], last = now - last, now

    experiment = experiment_of(options)
    prepared = preparing.prepare(experiment)
    note("images, weights, splits")
    set_precision(prepared.device)
    run_frozen_layers(prepared, [0], NullProgress())
    note("frozen layers")
    endless(prepared, 0, options.batch_size)(options.steps)
    note("first steps")
    import_module("benchmark.result.kept_networks")
    note("imports of the report")
    print(json.dumps({"seconds": seconds, "all": last - begun, "apart": options.apart}))


if __name__ == "__main__":
    main()

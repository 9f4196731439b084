"""Compare the macro-F1 of plain scripts and of the harness on the same seeds, untimed.

    python tests/perf/seeds.py OUT --data wheels:images=5000 --image-size 75 --seeds 5

It runs a plain script for every strategy and seed, and the harness once on all of them. Other
programs may run meanwhile. From 4,810 images on a batch has 64 images; with smaller batches
*plain*, which takes as many steps as the harness, is slow. A run that was stopped continues where
it was. OUT gets measured.jsonl and the page of a bench.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from tests.perf.inputs import BenchConfig, prepare_inputs
from tests.perf.rounds import execute
from tests.perf.schedule import Job


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the journal lacks and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", default="wheels:images=5000")
    parser.add_argument("--weights", default="bundled")
    parser.add_argument("--strategies", default="no_change,class_weights")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--image-size", type=int, default=75)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto")
    options = parser.parse_args(arguments)
    names, seeds = tuple(options.strategies.split(",")), tuple(range(options.seeds))
    config = BenchConfig(
        *(options.data, options.weights, options.image_size),
        *(names, seeds, options.device, options.precision),
    )
    inputs = prepare_inputs(config, options.out / "inputs")
    jobs = [Job("harness", 0, names, seeds)]
    jobs += [Job("plain", 0, (name,), (seed,)) for seed in seeds for name in names]
    print(execute(jobs, config, inputs, loops=Path(__file__).parent, out=options.out))


if __name__ == "__main__":
    main()

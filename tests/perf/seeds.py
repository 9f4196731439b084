"""Whether plain scripts and the harness reach the same macro-F1: the same seeds by both, untimed.

    python tests/perf/seeds.py OUT --data wheels:images=5000 --image-size 75 --seeds 5

Runs a plain script for every strategy and seed and the harness once on all of them; other work may
go on beside it. From 4,810 images on a batch has 64: in a smaller one *plain*, which takes as
many steps as the harness, is slow. Goes on where it was stopped. OUT gets measured.jsonl and the
page of a bench.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from tests.perf.inputs import BenchConfig, prepare_inputs
from tests.perf.rounds import execute
from tests.perf.schedule import Job


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is missing and write the page."""
    flags = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    flags.add_argument("out", type=Path)
    flags.add_argument("--data", default="wheels:images=5000")
    flags.add_argument("--weights", default="bundled")
    flags.add_argument("--strategies", default="no_change,class_weights")
    flags.add_argument("--seeds", type=int, default=5)
    flags.add_argument("--image-size", type=int, default=75)
    flags.add_argument("--device", default="auto")
    flags.add_argument("--precision", default="auto")
    asked = flags.parse_args(arguments)
    names, seeds = tuple(asked.strategies.split(",")), tuple(range(asked.seeds))
    settings = BenchConfig(
        *(asked.data, asked.weights, asked.image_size),
        *(names, seeds, asked.device, asked.precision),
    )
    inputs = prepare_inputs(settings, asked.out / "inputs")
    jobs = [Job("harness", 0, names, seeds)]
    jobs += [Job("plain", 0, (name,), (seed,)) for seed in seeds for name in names]
    print(execute(jobs, settings, inputs, loops=Path(__file__).parent, out=asked.out))


if __name__ == "__main__":
    main()

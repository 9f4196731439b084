"""Plans a run of many images whose pixels are stored already; prints a line of JSON.

python -m tests.perf.planning_worker TABLE --seeds 10
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmark import api
from benchmark.data.duplicates.stored_pairs import NAME
from benchmark.data.sources import open_data
from benchmark.data.split_images import split_images
from benchmark.execution import folder_choice, manifest, prepare
from benchmark.execution.damaged_files import damaged_files
from benchmark.execution.executor import Executor
from benchmark.execution.plan_summary import format_plan
from benchmark.strategy.registry import registered
from tests.perf.many_images import fabricate_store

SIZE = 16  # pixels a side: what decoding takes is not asked here
BACKBONE = Path(__file__).parents[1] / "small_backbone.py"
LEFT_OUT = ("cost_matrix", "ensemble")  # the first needs a file; the second plans what others do


def settings(table: Path, out: Path, seeds: int, strategies: str) -> dict[str, Any]:
    """Return the settings of a run that is planned."""
    return {
        **{"data": str(table), "out": str(out), "seeds": seeds, "strategies": strategies},
        **{"backbone": "small", "plugin": [str(BACKBONE)], "weights": "none", "device": "cpu"},
        "image_size": SIZE,
    }


def measure(table: Path, out: Path, seeds: int, strategies: int) -> dict[str, dict[str, float]]:
    """Return seconds by the clock and of the CPU, of each step; "plan" has all but the last two."""
    seconds, cpu = dict[str, float](), dict[str, float]()

    @contextmanager
    def timed(step: str) -> Iterator[None]:
        begun, cpu_begun = time.perf_counter(), time.process_time()
        yield
        seconds[step] = time.perf_counter() - begun
        cpu[step] = time.process_time() - cpu_begun

    names = [name for name in registered() if name not in LEFT_OUT][:strategies]
    experiment, options = api.read_settings(settings(table, out, seeds, ",".join(names)))
    with timed("listing"):
        images = open_data(str(table))
    with timed("stored pixels"):
        pixels = prepare.prepare_pixels(images, SIZE)
    (pixels.folder / NAME).unlink(missing_ok=True)
    with timed("copies, the first time"):
        look_alikes = prepare.stored_look_alikes(images, pixels)
    with timed("a split"):
        split_images(images, 0, digests=pixels.digests, readable=pixels.readable)
    del images, pixels, look_alikes
    with timed("plan"):
        planned = api.plan(experiment, options)
        assert isinstance(planned, Executor)
        format_plan(planned)
    with timed("run.json and splits"):
        manifest.write_manifest(planned, None)
    with timed("read again"):
        damaged_files(planned.folder)
        folder_choice.require_current(planned, 0)
    return {"seconds": seconds, "cpu": cpu}


def main(arguments: Sequence[str] | None = None, say: Callable[[str], None] = print) -> None:
    """Measure and print; with --fabricate write the store of pixels instead."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--strategies", type=int, default=20)
    parser.add_argument("--fabricate", action="store_true")
    options = parser.parse_args(arguments)
    if options.fabricate:
        fabricate_store(open_data(str(options.table)), SIZE)
        return
    out = options.table.parent.parent / "run"
    say(json.dumps(measure(options.table, out, options.seeds, options.strategies)))


if __name__ == "__main__":
    main()

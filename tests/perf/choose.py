"""From the words of the command line to a bench."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from tests.perf.growth import growth, sizes_of
from tests.perf.inputs import BenchConfig
from tests.perf.rounds import bench
from tests.perf.segment import RECIPE


def run_bench(chosen: argparse.Namespace) -> Path:
    """Carry out what the flags ask for and return the page.

    Raises
    ------
    ValueError
        If a strategy is asked for that the reference loops don't know.
    """
    from benchmark.data.sources import open_data
    from benchmark.strategy.registry import groups

    say = partial(print, flush=True)
    if chosen.growth:
        return growth(
            sizes_of(chosen.growth),
            weights=chosen.weights,
            image_size=chosen.image_size,
            batch_size=RECIPE.batch_size,  # for every size of a growing set
            device=chosen.device,
            precision=chosen.precision,
            out=Path(chosen.out or "results/bench-growth"),
            say=say,
        )
    known = groups()["all"]
    names = known if chosen.strategies == "all" else tuple(chosen.strategies.split(","))
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(
            f"the reference loops know no {', '.join(unknown)}; they know {', '.join(known)}, "
            "without parameters"
        )
    settings = BenchConfig(
        data=chosen.data,
        weights=chosen.weights,
        image_size=chosen.image_size,
        strategies=names,
        seeds=chosen.seeds,
        device=chosen.device,
        precision=chosen.precision,
    )
    out = Path(chosen.out or f"results/bench-{open_data(chosen.data).name}")
    return bench(
        settings,
        rounds=chosen.rounds,
        scripts=chosen.scripts,
        loops=Path(chosen.loops),
        out=out,
        say=say,
    )

"""What engines cost a segment, and what a second process brings: `python -m tests.perf.engines`.

Trainings of a network of three blocks take next to nothing, so what is left is what an engine adds.
Each engine has one process and is warm: it has trained other seeds before. The second table trains
heads of InceptionV3 on stored activations, each by one thread, with one process and with two.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmark import api
from benchmark.engines.local import LocalEngine
from benchmark.engines.registry import open_engine
from benchmark.execution.executor import Executor
from benchmark.plan.experiment import Experiment
from benchmark.plan.run_options import RunOptions
from benchmark.plugins import load_plugin
from benchmark.storage.cache import cache_in
from benchmark.system.processes import end_workers
from benchmark.system.progress import NullProgress, Timer
from tests.perf.markdown import table

ENGINES = ("this process", "loky", "dask", "ray", "slurm:cluster=local")
SMALL = {"backbone": "small", "weights": "none", "image_size": 32, "precision": "fp32"}


def plan(out: Path, seeds: tuple[int, ...], strategies: str, **settings: object) -> Executor:
    """Plan a run of the built-in digits, without a null row."""
    experiment = Experiment(data="digits", seeds=seeds, device="cpu", **settings)
    planned = api.plan(experiment, RunOptions(strategies=strategies, out=out, no_null=True, jobs=1))
    assert isinstance(planned, Executor)
    return planned


def open_named(name: str, jobs: int):
    """Return an engine with so many processes of a thread each; None: this process."""
    if name == "this process":
        return None
    return open_engine(name, None, jobs, False, 1) or LocalEngine([{}] * jobs, threads=1)


def train(planned: Executor) -> float:
    """Train what a plan needs; return the seconds that the trainings took, records included."""
    timer = Timer(NullProgress())
    with planned.folder.locked():
        planned.train(timer)
    return timer.seconds["training"]


def overhead(name: str, folder: Path, number: int) -> float:
    """Return the seconds that each of so many segments takes on a warm engine."""
    engine = open_named(name, 1)
    try:
        for part, seeds in (("warm", range(100, 102)), ("timed", range(number))):
            planned = plan(
                folder / part / name.partition(":")[0], tuple(seeds), "no_change", **SMALL
            )
            seconds = train(replace(planned, engine=engine))
    finally:
        if engine is not None:
            engine.close()
    return seconds / number


def two_against_one(folder: Path, seeds: int, strategies: str) -> list[float]:
    """Return the seconds of head-only trainings with one process and with two."""
    results = []
    for jobs in (1, 2):
        engine = LocalEngine([{}] * jobs, threads=1)
        for part, own in (("warm", (100, 101)), ("timed", tuple(range(seeds)))):
            out = folder / f"{part}-{jobs}"
            planned = plan(out, own, strategies, fine_tune="head", image_size=75, epochs="20")
            seconds = train(replace(planned, engine=engine))
        results.append(seconds)
    return results


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser("python -m tests.perf.engines", description=__doc__)
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--segments", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    load_plugin(Path(__file__).parents[1] / "small_backbone.py")
    with tempfile.TemporaryDirectory() as name, cache_in(Path(name, "cache")):
        rows = []
        for engine in options.engines.split(","):
            rounds = [
                overhead(engine, Path(name, f"{n}"), options.segments)
                for n in range(options.rounds)
            ]
            rows.append([engine, f"{statistics.median(rounds):.2f}"])
            print(rows[-1], flush=True)
        print(table(["engine", "seconds a segment"], rows))
        pairs = [two_against_one(Path(name, f"two{n}"), 4, "no_change,focal_loss,class_weights")
                 for n in range(options.rounds)]  # fmt: skip
        ratios = sorted(alone / both for alone, both in pairs)
        print(
            f"two processes against one: {statistics.median(ratios):.2f} times as fast ({ratios})"
        )
    end_workers()


if __name__ == "__main__":
    began = time.monotonic()
    main()
    print(f"{time.monotonic() - began:.0f} s")

"""The benchmark of the harness: what a comparison costs, against scripts of a practitioner.

    python -m tests.perf --data my_images/ --rounds 3 --seeds 3

Contestants, in turn, each a process of its own, timed from outside:

plain     one script a strategy: ImageFolder, fp32, the whole network in each epoch (plain.py)
tuned     the same, optimised: images decoded beforehand, channels-last, bf16 (tuned.py)
harness   `python -m benchmark run` with an empty cache
bare      a loop over ready activations, against the harness' training step (bare.py)

All get the same files, splits, weights and batch size (inputs.py). Every measurement is appended to
measured.jsonl (journal.py) as soon as it is made, so the same command continues where it stopped.
The page is made from the journal alone (figures.py, page.py). `--growth` measures instead what an
image costs as the data set grows (growth.py), `--planning` what planning takes (planning.py). By
hand: gpu.py runs everything on a GPU machine, `python -m tests.perf.devices` measures what one or
more GPUs bring, seeds.py compares macro-F1 over seeds, step.py times ways to run a training step.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmark.data.sources import open_data
from benchmark.plan.experiment_values import read_seeds
from benchmark.strategy.registry import groups
from tests.perf.growth import growth, read_sizes
from tests.perf.inputs import BenchConfig
from tests.perf.planning import planning
from tests.perf.rounds import bench
from tests.perf.segment import RECIPE

HERE = Path(__file__).parent
DESCRIPTION = """Time the harness against scripts of a practitioner. Plain: a script a strategy,
ImageFolder, fp32, the whole network in each epoch. Tuned: images decoded beforehand,
channels-last, bf16. Bare: a loop over ready activations. They take turns with whole runs of the
harness that start with an empty cache. Each measurement is appended to measured.jsonl: the same
command continues where it stopped, and more --rounds add to it. Writes performance.md."""

EXAMPLES = """examples:
  python -m tests.perf --data my_images/ --rounds 3 --seeds 3
  python -m tests.perf --data my_images/ --scripts 1
  python -m tests.perf --growth 1000,4000,16000,48000
  python -m tests.perf --planning 20000,200000,1000000"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of `python -m tests.perf`."""
    parser = argparse.ArgumentParser(
        "python -m tests.perf",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--data",
        default="wheels:images=4096",
        metavar="DATA",
        help="a folder root/<class>/<file> of photographs; other data, like wheels:images=4096 "
        "(default), is first written as JPEGs, which is not timed",
    )
    parser.add_argument("--weights", default="auto", metavar="WEIGHTS", help="as for `run`")
    parser.add_argument(
        "--strategies",
        default="all",
        metavar="NAMES",
        help="`all` (default), or some of these six, separated by commas",
    )
    parser.add_argument(
        "--seeds",
        type=read_seeds,
        default=(0,),
        metavar="N",
        help="number of seeds; with more than one the harness is also timed on all (default: 1)",
    )
    parser.add_argument(
        "--image-size", type=int, default=128, metavar="PIXELS", help="default: 128"
    )
    parser.add_argument("--device", default="auto", help="auto (default), cpu, cuda or cuda:1")
    parser.add_argument("--precision", default="auto", help="of the harness and of tuned")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="default: 3")
    parser.add_argument(
        "--scripts",
        type=int,
        metavar="N",
        help="plain and tuned scripts in a round, of other strategies in each; the time of all six "
        "is then six times their median (default: one for every strategy)",
    )
    parser.add_argument(
        "--loops", default=str(HERE), metavar="DIR", help="folder of the scripts (default: this)"
    )
    parser.add_argument(
        "--growth",
        metavar="N,N",
        help="measure instead the cost of an image in sets of so many, like 1000,4000,16000,48000",
    )
    parser.add_argument(
        "--planning",
        metavar="N,N",
        help="measure instead what planning takes with so many images, like 20000,1000000",
    )
    parser.add_argument("--out", metavar="DIR", help="default: results/bench-<data>")
    return parser


def measure(options: argparse.Namespace) -> Path:
    """Measure as the options say and return the page.

    Raises
    ------
    ValueError
        If the scripts have no strategy of a given name.
    """
    say = partial(print, flush=True)
    if options.planning:
        out = Path(options.out or "results/bench-planning")
        return planning(read_sizes(options.planning, "--planning"), out, say)
    if options.growth:
        return growth(
            read_sizes(options.growth),
            weights=options.weights,
            image_size=options.image_size,
            batch_size=RECIPE.batch_size,  # for every size of a growing set
            device=options.device,
            precision=options.precision,
            out=Path(options.out or "results/bench-growth"),
            say=say,
        )
    config = BenchConfig(
        data=options.data,
        weights=options.weights,
        image_size=options.image_size,
        strategies=_read_strategies(options.strategies),
        seeds=options.seeds,
        device=options.device,
        precision=options.precision,
    )
    return bench(
        config,
        rounds=options.rounds,
        scripts=options.scripts,
        loops=Path(options.loops),
        out=Path(options.out or f"results/bench-{open_data(options.data).name}"),
        say=say,
    )


def _read_strategies(text: str) -> tuple[str, ...]:
    known = groups()["all"]
    names = tuple(known) if text == "all" else tuple(text.split(","))
    if unknown := [name for name in names if name not in known]:
        raise ValueError(
            f"the scripts know no strategy {', '.join(unknown)}; choose among {', '.join(known)}, "
            "without parameters"
        )
    return names


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and return the exit code, 2 if the options are wrong or a file is missing."""
    try:
        page = measure(build_parser().parse_args(arguments))
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"page: {page}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.perf`: what a comparison costs, against what a practitioner would write."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmark.plan.experiment import read_seeds
from tests.perf.choose import run_bench

DESCRIPTION = """Time the harness against loops that a practitioner would write. Plain: a script a
strategy, ImageFolder, fp32, the whole network each epoch. Tuned: images decoded beforehand,
channels-last, bf16. Bare: a loop over ready activations. They take turns with whole runs of the
harness that begin with an empty cache. Every measurement is kept at once in measured.jsonl: the
same command goes on where it stopped, and more --rounds add to it. Writes performance.md."""

EXAMPLES = """examples:
  python -m tests.perf --data my_images/ --rounds 3 --seeds 3
  python -m tests.perf --data my_images/ --scripts 1
  python -m tests.perf --growth 1000,4000,16000,48000"""


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
        help="a folder root/<class>/<file> of photographs; anything else, like wheels:images=4096 "
        "(default), is written down as JPEGs first, uncounted",
    )
    parser.add_argument("--weights", default="auto", metavar="WEIGHTS", help="as for `run`")
    parser.add_argument(
        "--strategies", default="all", metavar="NAMES", help="`all` (default), or some of these six"
    )
    parser.add_argument(
        "--seeds",
        type=read_seeds,
        default=(0,),
        metavar="N",
        help="more than one: the harness is timed on all of them too (default: 0)",
    )
    parser.add_argument(
        "--image-size", type=int, default=128, metavar="PIXELS", help="default: 128"
    )
    parser.add_argument("--device", default="auto", help="auto (default), cpu, cuda or cuda:1")
    parser.add_argument("--precision", default="auto", help="of the harness and of the tuned loop")
    parser.add_argument(
        "--rounds", type=int, default=3, metavar="N", help="times everything is run (default: 3)"
    )
    parser.add_argument(
        "--scripts",
        type=int,
        metavar="N",
        help="plain and tuned scripts that run in a round, another strategy's in each; what six "
        "would take is then six times their median (default: one for every strategy)",
    )
    parser.add_argument(
        "--loops",
        default=str(Path(__file__).parent),
        metavar="DIR",
        help="folder of the reference loops (default: this one)",
    )
    parser.add_argument(
        "--growth",
        metavar="N,N",
        help="measure instead what an image costs in sets of so many, like 1000,4000,16000,48000",
    )
    parser.add_argument("--out", metavar="DIR", help="default: results/bench-<data>")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the flags ask for; return the exit code, 2 if that can't be done."""
    try:
        page = run_bench(build_parser().parse_args(arguments))
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"page: {page}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

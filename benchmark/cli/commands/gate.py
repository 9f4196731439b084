"""`gate`: hold a strategy of a run to requirements, by the exit code."""

import argparse

import benchmark
from benchmark.cli.exit_codes import EXIT_FAILED
from benchmark.system.terminal import print_lines

HELP = """Hold a strategy of a finished run to requirements. Prints a line for each, and the exit
code is 0 if all hold and 1 if not: if a number misses its bound or is not defined, if the strategy
failed, or if the run is incomplete. It is 2 if the command can't be understood. Without --strategy
it takes the strategy that is best on validation, and names it. Nothing is trained or written."""

EXAMPLES = """\
  python -m benchmark gate results/mine --require 'macro_f1>=.5,never_predicted==0'
  python -m benchmark gate results/mine --require 'recall[wire]>=.3' --strategy class_weights
  python -m benchmark gate results/mine --require 'recall["not sure"]>=.2' --lower-bound"""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the run, and what is required of which strategy."""
    parser.add_argument("folder", metavar="DIR", help="folder of a run, like results/wheels-forum")
    parser.add_argument(
        "--require",
        metavar="LIST",
        action="append",
        required=True,
        help="METRIC>=NUMBER or recall[CLASS]>=NUMBER, with >=, >, <=, < or == and commas between "
        "them; every metric of seeds.csv; may be given again",
    )
    parser.add_argument(
        "--strategy",
        metavar="NAME",
        help="by the name that it has in the table (default: the best on validation)",
    )
    parser.add_argument(
        "--lower-bound",
        action="store_true",
        help="the unfavourable end of the 95 %% interval counts, not the value",
    )


def call(args: argparse.Namespace) -> int:
    """Print whether each requirement holds."""
    result = benchmark.gate(
        args.folder, args.require, strategy=args.strategy, lower_bound=args.lower_bound
    )
    for line in result.lines():
        print_lines(line)
    return 0 if result.holds else EXIT_FAILED

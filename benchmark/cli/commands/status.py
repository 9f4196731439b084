"""`status`: how far a run is, from any machine that sees its folder."""

import argparse
import sys
import time
from pathlib import Path

from benchmark.cli.status_summary import status_json, status_text
from benchmark.execution.grid_status import read_grid_status
from benchmark.system.terminal import print_lines

SECONDS_BETWEEN_LOOKS = 5.0
CLEAR = "\x1b[H\x1b[2J"

HELP = """Show how far a run is. Reads the folder of a run, a sweep or a study, from any machine
that sees it, while the run goes on or after: which trainings are done, which run where and how far
they are, which failed and why, which workers are not heard of any more, and how much time is left.
It changes nothing."""

EXAMPLES = """\
  python -m benchmark status results/mine
  python -m benchmark status results/mine --watch
  python -m benchmark status results/mine --json"""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the folder and the flags."""
    parser.add_argument("folder", metavar="DIR", help="folder of a run, like results/wheels-forum")
    parser.add_argument(
        "--watch",
        dest="is_repeated",
        action="store_true",
        help=f"look again every {SECONDS_BETWEEN_LOOKS:g} s, until nobody is at work there",
    )
    parser.add_argument("--json", action="store_true", help="all that is known, for scripts")


def call(args: argparse.Namespace) -> int:
    """Print the status, again and again if it is watched."""
    show = status_json if args.json else status_text
    while True:
        status = read_grid_status(Path(args.folder))
        if args.is_repeated and sys.stdout.isatty():
            sys.stdout.write(CLEAR)
        print_lines(show(status))
        if not (args.is_repeated and status.is_at_work):
            return 0
        time.sleep(SECONDS_BETWEEN_LOOKS)

"""`cache`: what is kept for the next runs, or its removal."""

import argparse

from benchmark.cli.console import format_cache, format_removal
from benchmark.storage import cache
from benchmark.system.terminal import print_lines

HELP = """Show or clear what is kept for the next runs. These are decoded images and activations of
the frozen layers: all runs share them, and any run can make them again. They lie in the user's
cache folder, or in $IMBALANCE_BENCH_CACHE if it is set."""

EXAMPLES = """\
  python -m benchmark cache
  python -m benchmark cache --clear"""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flag."""
    parser.add_argument(
        "--clear", action="store_true", help="remove everything that no process uses now"
    )


def call(args: argparse.Namespace) -> int:
    """Print or remove the entries."""
    if args.clear:
        print_lines(format_removal(*cache.clear(), cache.cache_dir()))
    else:
        print_lines(format_cache(cache.entries(), cache.default_limit(), cache.cache_dir()))
    return 0

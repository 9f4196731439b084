"""`data`: what a data set holds."""

import argparse

from benchmark.data.sources import open_data
from benchmark.plan.experiment import Experiment
from benchmark.plan.settings import settings_of
from benchmark.system.progress import terminal_progress

HELP = """Show what a data set holds. It prints classes, counts, imbalance ratio, groups, image
sizes, duplicates and unreadable files."""

EXAMPLES = """\
  python -m benchmark data my_images/
  python -m benchmark data wheels:classes=7"""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the data set."""
    description = settings_of(Experiment)["data"].description
    parser.add_argument("data", metavar="DATA", help=description)


def call(args: argparse.Namespace) -> int:
    """Look at every image and print what was seen."""
    # pandas and rich, which --help can do without
    from benchmark.cli.data_summary import print_data_summary
    from benchmark.data.summary import summarise_data

    images = open_data(args.data)
    with terminal_progress().task("images", len(images), "images") as advance:
        summary = summarise_data(images, advance)
    print_data_summary(summary)
    return 0

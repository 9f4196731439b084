"""`data`: what a data set holds."""

import argparse

from benchmark.cli.settings import add_setting
from benchmark.data.sources import open_data
from benchmark.plan.experiment import Experiment
from benchmark.plan.settings import settings_of
from benchmark.system.display import terminal_progress

HELP = """Show what a data set holds. It prints classes, counts, imbalance ratio, groups, image
sizes, duplicates and unreadable files."""

EXAMPLES = """\
  python -m benchmark data my_images/
  python -m benchmark data my_images/ --class-level 2
  python -m benchmark data wheels:classes=7"""


SETTINGS = ("class_level", "merge_classes")  # of a run, which say how the data are read


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the data set, and how it is read."""
    definitions = settings_of(Experiment)
    parser.add_argument("data", metavar="DATA", help=definitions["data"].description)
    for name in SETTINGS:
        add_setting(parser, definitions[name])


def call(args: argparse.Namespace) -> int:
    """Look at every image, print what it shows, and end with the error if a run would."""
    # pandas and rich, which --help can do without
    from benchmark.cli.data_summary import print_data_summary
    from benchmark.data.summary import summarise_data

    definitions = settings_of(Experiment)
    given = {name: definitions[name].read(vars(args)[name]) for name in SETTINGS if name in args}
    images = open_data(args.data, **given)
    with terminal_progress().task("images", len(images), "images") as advance:
        summary = summarise_data(images, advance)
    print_data_summary(summary)
    if summary.error:
        raise ValueError(summary.error)
    return 0

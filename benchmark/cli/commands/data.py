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
  python -m benchmark data my_images/ --imbalance exp:100
  python -m benchmark data wheels:classes=7"""


READ_BY = ("class_level", "merge_classes")  # settings of a run that say how data are read
SPLIT_BY = ("imbalance", "resplit")  # and those that say how they are split


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the data set, how it is read and how it is split."""
    definitions = settings_of(Experiment)
    parser.add_argument("data", metavar="DATA", help=definitions["data"].description)
    for name in READ_BY + SPLIT_BY:
        add_setting(parser, definitions[name])


def call(args: argparse.Namespace) -> int:
    """Look at every image, print what it shows, and end with the error if a run would."""
    # pandas and rich, which --help can do without
    from benchmark.cli.data_summary import print_data_summary
    from benchmark.data.summary import summarise_data

    definitions = settings_of(Experiment)
    read_by, split_by = (
        {name: definitions[name].read(vars(args)[name]) for name in names if name in args}
        for names in (READ_BY, SPLIT_BY)
    )
    images = open_data(args.data, **read_by)
    with terminal_progress().task("images", len(images), "images") as advance:
        summary = summarise_data(images, advance, **split_by)
    print_data_summary(summary)
    if summary.error:
        raise ValueError(summary.error)
    return 0

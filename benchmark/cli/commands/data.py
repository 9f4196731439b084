"""`data`: what a data set holds."""

import argparse
from pathlib import Path

from benchmark.cli.settings import add_setting
from benchmark.data.sources import open_data
from benchmark.plan.experiment import Experiment
from benchmark.plan.folder_name import shortened
from benchmark.plan.settings import settings_of
from benchmark.system.terminal import print_lines
from benchmark.system.text import slug

HELP = """Show what a data set holds. It prints classes, counts, imbalance ratio, groups, image
sizes, duplicates and unreadable files. Of duplicates, images that look the same among them, it
writes a page with pictures to results/."""

EXAMPLES = """\
  python -m benchmark data my_images/
  python -m benchmark data my_images/ --class-level 2
  python -m benchmark data my_images/ --imbalance exp:100
  python -m benchmark data my_images/ --keep-duplicates-together
  python -m benchmark data wheels:classes=7"""


# settings of a run that say how data are read
READ_BY = ("class_level", "merge_classes", "allow_outside")
# and those that say how they are split
SPLIT_BY = ("imbalance", "resplit", "keep_duplicates_together")


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the data set, how it is read and how it is split."""
    definitions = settings_of(Experiment)
    parser.add_argument("data", metavar="DATA", help=definitions["data"].description)
    for name in READ_BY + SPLIT_BY:
        add_setting(parser, definitions[name])


def call(args: argparse.Namespace) -> int:
    """Look at every image, print what it shows, and end with the error if a run would."""
    from benchmark.cli.data_summary import show_data  # pandas and rich, which --help does without

    definitions = settings_of(Experiment)
    read_by, split_by = (
        {name: definitions[name].read(vars(args)[name]) for name in names if name in args}
        for names in (READ_BY, SPLIT_BY)
    )
    images = open_data(args.data, **read_by)
    summary = show_data(images, **split_by)
    if len(summary.duplicates):
        from benchmark.report.duplicates import write_duplicates  # seaborn takes seconds

        folder = Path("results", shortened(slug(f"data-{images.name}")))
        try:
            print_lines(f"Pictures of the duplicates: {write_duplicates(summary, folder)}")
        except OSError as error:  # the summary was the question
            print_lines(f"No pictures of the duplicates: {error}")
    if summary.error:
        raise ValueError(summary.error)
    return 0

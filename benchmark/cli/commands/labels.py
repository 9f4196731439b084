"""`labels`: which labels of a data set are likely wrong."""

import argparse

from benchmark.cli.commands.data import READ_BY
from benchmark.cli.settings import add_setting
from benchmark.plan.experiment import Experiment
from benchmark.plan.run_options import RunOptions
from benchmark.plan.settings import settings_of

HELP = """Find labels that are likely wrong. It judges each image by a linear classifier that has
not seen it, on the features of the pretrained network, and ranks the suspects: a page with their
pictures and a CSV file in which labels can be corrected, both in results/. It changes and deletes
nothing. `run --labels FILE` takes the corrected file."""

EXAMPLES = """\
  python -m benchmark labels my_images/
  python -m benchmark labels my_images/ --image-size 299
  python -m benchmark run --data my_images/ --labels results/labels-my_images/labels.csv"""

# settings of a run that decide which features the images have
FEATURES_BY = ("labels", "image_size", "backbone", "weights", "device", "precision")
OPTIONS = ("plugin", "cache_limit")


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the data set, how it is read and by which network it is seen."""
    definitions = settings_of(Experiment, RunOptions)
    parser.add_argument("data", metavar="DATA", help=definitions["data"].description)
    for name in READ_BY + FEATURES_BY + OPTIONS:
        add_setting(parser, definitions[name])


def call(args: argparse.Namespace) -> int:
    """Judge all labels, print what was found and write the page and the files."""
    from benchmark.cli.label_summary import show_audit  # torch and pandas: --help needs none

    given = vars(args)
    experiment = {name: given[name] for name in READ_BY + FEATURES_BY if name in given}
    options = {name: given[name] for name in OPTIONS if name in given}
    show_audit({"data": args.data, **experiment}, RunOptions(**options))
    return 0

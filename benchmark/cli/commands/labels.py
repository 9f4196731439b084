"""`labels`: which labels of a data set are likely wrong."""

import argparse

from benchmark.cli.settings import add_setting
from benchmark.plan.audit_settings import AUDIT_SETTINGS
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


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the data set, how it is read and by which network it is seen."""
    definitions = settings_of(Experiment, RunOptions)
    parser.add_argument("data", metavar="DATA", help=definitions["data"].description)
    for name in AUDIT_SETTINGS:
        add_setting(parser, definitions[name])
    parser.add_argument(
        "--out",
        metavar="DIR",
        help="folder of the page and the tables (default: one for this data in results/)",
    )


def call(args: argparse.Namespace) -> int:
    """Judge all labels, print what was found and write the page and the files."""
    from benchmark.cli.label_summary import show_audit  # torch and pandas: --help needs none

    given = vars(args)
    settings = {name: given[name] for name in AUDIT_SETTINGS if name in given}
    show_audit(args.data, args.out, settings)
    return 0

"""`predict`: the classes of new images, by an exported model."""

import argparse

import benchmark
from benchmark.cli.prediction_summary import summary_lines
from benchmark.cli.settings import add_setting
from benchmark.plan.experiment import Experiment
from benchmark.plan.prediction_settings import MAX_ERROR
from benchmark.plan.run_options import RunOptions
from benchmark.plan.settings import settings_of
from benchmark.system.display import terminal_progress
from benchmark.system.terminal import print_lines

HELP = """Predict the classes of new images by a model that `export` has written. Writes a CSV file
with file, class, confidence, the three best classes, and whether a person had better review the
image. Files that can't be read are listed there, and stop nothing."""

EXAMPLES = """\
  python -m benchmark predict results/mine/model new_images/
  python -m benchmark predict results/mine/model a.jpg b.png --out ab.csv
  python -m benchmark predict results/mine/model list.csv --max-error .01"""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the model, the images, and how they are decided."""
    parser.add_argument("model", metavar="MODEL", help="folder that `export` has written")
    parser.add_argument(
        "images",
        metavar="IMAGES",
        nargs="+",
        help="image files, folders with images, CSV files with a column path",
    )
    parser.add_argument(
        "--out", metavar="FILE.csv", default="predictions.csv", help="(default: %(default)s)"
    )
    parser.add_argument(
        "--max-error",
        metavar="SHARE",
        type=float,
        default=MAX_ERROR,
        help="images are marked for review so that at most this share of the others was wrong on "
        "validation images (default: %(default)s)",
    )
    definitions = settings_of(Experiment, RunOptions)
    add_setting(parser, definitions["device"])
    add_setting(parser, definitions["plugin"])


def call(args: argparse.Namespace) -> int:
    """Predict all images, write the file and print how many are of each class."""
    predictions = benchmark.predict_files(
        args.model,
        args.images,
        out=args.out,
        max_error=args.max_error,
        device=getattr(args, "device", "auto"),
        plugin=getattr(args, "plugin", ()),
        progress=terminal_progress(),
    )
    for message in predictions.messages:
        print_lines(f"note: {message}")
    for line in summary_lines(predictions.table, predictions.threshold, args.max_error):
        print_lines(line)
    print_lines(f"predictions: {predictions.file}")
    return 0

"""`data`: what a data set holds."""

import argparse
from pathlib import Path
from typing import Any

from benchmark.cli.settings import add_setting
from benchmark.data.corrected_labels import correct_labels
from benchmark.data.sources import open_data
from benchmark.execution.data_folder import begin_pages, find_data_folder
from benchmark.plan.audit_settings import READ_BY
from benchmark.plan.experiment import Experiment
from benchmark.plan.settings import settings_of
from benchmark.system.terminal import print_lines
from benchmark.system.text import pluralize

HELP = """Show what a data set holds. It prints classes, counts, imbalance ratio, groups, image
sizes, duplicates and unreadable files. Of duplicates, images that look the same among them, it
writes a page with pictures to results/; with --page, one of the whole data set."""

EXAMPLES = """\
  python -m benchmark data my_images/
  python -m benchmark data my_images/ --page
  python -m benchmark data my_images/ --class-level 2
  python -m benchmark data my_images/ --imbalance exp:100
  python -m benchmark data my_images/ --keep-duplicates-together
  python -m benchmark data wheels:classes=7"""


# settings of a run that say how data are split
SPLIT_BY = ("imbalance", "resplit", "keep_duplicates_together")


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the data set, how it is read and how it is split."""
    definitions = settings_of(Experiment)
    parser.add_argument("data", metavar="DATA", help=definitions["data"].description)
    for name in (*READ_BY, "labels", *SPLIT_BY):
        add_setting(parser, definitions[name])
    parser.add_argument(
        "--page",
        action="store_true",
        help="write a page to results/ as well: class sizes as a picture, a few images of each "
        "class, duplicates side by side; it holds copies of these images",
    )


def call(args: argparse.Namespace) -> int:
    """Look at every image, print what it shows, and end with the error if a run would."""
    from benchmark.cli.data_summary import show_data  # pandas and rich, which --help does without

    definitions = settings_of(Experiment)
    read_by, split_by = (
        {name: definitions[name].read(vars(args)[name]) for name in names if name in args}
        for names in (READ_BY, SPLIT_BY)
    )
    images = open_data(args.data, **read_by)
    if "labels" in args:
        images = correct_labels(images, definitions["labels"].read(args.labels))
    summary = show_data(images, **split_by)
    _write_pages(summary, args.page)
    if summary.error:
        raise ValueError(summary.error)
    return 0


def _write_pages(summary: Any, has_page: bool) -> None:
    """Write what a terminal has no room for: all files that are left out, pictures of copies."""
    pages = {"data_set": "page of the data set"} if has_page and summary.modes else {}
    if summary.left_out:
        are = ("file or folder that is left out", "files and folders that are left out")
        pages["left_out"] = f"list of {pluralize(len(summary.left_out), *are)}, with the reason"
    if len(summary.duplicates):
        pages["duplicates"] = "pictures of the duplicates"
    if number := len(summary.not_judged):
        images = pluralize(number, "image", "images")
        pages["not_judged"] = f"list of {images} of which copies may be missed, with the reason"
    try:
        folder = find_data_folder(summary.images)
        begin_pages(folder, summary.images if pages else None)
    except (OSError, ValueError) as error:  # the summary was the question
        for what in pages.values():
            print_lines(f"No {what}: {error}")
        return
    for page, what in pages.items():
        try:
            print_lines(f"{what.capitalize()}: {_write_page(page, summary, folder)}")
        except OSError as error:
            print_lines(f"No {what}: {error}")


def _write_page(page: str, summary: Any, folder: Path) -> Path:
    from benchmark.report import data_set, duplicates, left_out  # seaborn takes seconds

    if page == "data_set":
        return data_set.write_data_set(summary, folder)
    if page == "left_out":
        return left_out.write_left_out(summary.left_out, folder)
    if page == "not_judged":
        return duplicates.write_not_judged(summary, folder)
    return duplicates.write_duplicates(summary, folder)

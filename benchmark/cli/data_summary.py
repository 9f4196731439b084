"""What the command `data` prints."""

from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmark.data.duplicates.copies import IDENTICAL, SAME_LOOK, in_two_splits
from benchmark.data.imageset import ImageSet
from benchmark.data.summary import DataSummary, summarise_data
from benchmark.system.display import terminal_progress
from benchmark.system.output import lasting_stdout
from benchmark.system.text import pluralize, printable, printable_name

MAX_ROWS = 20  # of long tables on a terminal
# classes that are all printed; of more these
MAX_CLASSES, LARGEST, RAREST = 100, 10, 20


def show_data(images: ImageSet, **split_by: Any) -> DataSummary:
    """Look at every image, show how far it is, print the summary and return it."""
    with terminal_progress().task("images", len(images), "images") as advance:
        summary = summarise_data(images, advance, **split_by)
    print_data_summary(summary)
    return summary


def print_data_summary(summary: DataSummary, console: Console | None = None) -> None:
    """Print a summary on the terminal."""
    console = console or Console(file=lasting_stdout())
    images = summary.images
    spec, description = printable(images.spec), printable(images.description)
    console.print(Text.assemble((spec, "bold"), f": {description}"))
    facts = {
        "images": f"{len(images):,}, of which {len(summary.unreadable):,} can't be read",
        "classes": f"{len(images.classes)}, imbalance ratio {summary.imbalance_ratio:.1f}",
        "groups": "not known"
        if images.groups is None
        else f"{len(np.unique(images.groups)):,}, each kept in one split",
    }
    if summary.modes:  # else no image can be read
        facts |= {
            "sizes": _sizes_sentence(summary.sizes),
            "stored as": ", ".join(f"{mode} {count:,}" for mode, count in summary.modes.items()),
            "duplicates": _duplicates_sentence(summary.duplicates),
        }
    for fact, value in facts.items():
        console.print(f"  {fact:12}{value}", highlight=False)
    _print_classes(console, summary.classes, summary.split_title or "Classes")
    tables = {"Can't be read": summary.unreadable, "Duplicates": summary.duplicates}
    for title, table in tables.items():
        if len(table):
            print_table(console, table, title, MAX_ROWS)
    for message in summary.messages:
        console.print(_plain(f"- {message}"))


def _print_classes(console: Console, classes: pd.DataFrame, title: str) -> None:
    """Print the sizes of all classes, the largest first; of many the largest and the rarest."""
    left_out = len(classes) - LARGEST - RAREST
    if len(classes) <= MAX_CLASSES or not console.is_terminal:
        print_table(console, classes, title, len(classes))
        return
    print_table(console, classes.head(LARGEST), f"{title}: the {LARGEST} largest classes", LARGEST)
    print_table(console, classes.tail(RAREST), f"{title}: the {RAREST} rarest", RAREST)
    console.print(
        f"{left_out:,} classes between them are left out on a terminal; a file gets all, and "
        "--page writes them to classes.csv.",
        highlight=False,
    )


def _plain(text: str) -> Text:
    """Return a text in which neither rich nor the terminal interprets anything."""
    return Text(printable(text))


def _sizes_sentence(sizes: pd.DataFrame) -> str:
    low, middle, high = (sizes.loc[row] for row in ("min", "median", "max"))
    return ", ".join(
        f"{side} {low[side]:.0f} to {high[side]:.0f} (median {middle[side]:.0f})"
        for side in ("width", "height")
    )


def _duplicates_sentence(duplicates: pd.DataFrame) -> str:
    """Count copies by kind, each with those in another split or class than what they copy."""
    if duplicates.empty:
        return "no two images are byte-identical or look the same"
    parts = []
    for kind, what in {IDENTICAL: "byte-identical to", SAME_LOOK: "looking the same as"}.items():
        rows = duplicates[duplicates["kind"] == kind]
        crossing = int(in_two_splits(rows).sum())
        other = int((rows["class"] != rows["copy_of_class"]).sum())
        if len(rows):
            pairs = pluralize(len(rows), "image", "images")
            parts.append(
                f"{pairs} {what} another, {crossing:,} in another split, {other:,} in another class"
            )
    return "; ".join(parts)


def print_table(console: Console, frame: pd.DataFrame, title: str, rows: int) -> None:
    """Print the first rows of a table, and how many more it has."""
    table = Table(title=_plain(title), title_justify="left")
    for column in frame.columns:
        numeric = pd.api.types.is_numeric_dtype(frame[column])
        heading = str(column).replace("_", " ")  # so that it is broken between words
        table.add_column(heading, justify="right" if numeric else "left", overflow="fold")
    for row in frame.head(rows).itertuples(index=False):
        table.add_row(*(Text(printable_name(str(value))) for value in row))
    console.print(table)
    if len(frame) > rows:
        console.print(f"… and {len(frame) - rows:,} more")

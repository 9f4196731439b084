"""What the command `data` prints."""

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmark.data.summary import DataSummary
from benchmark.system.output import lasting_stdout
from benchmark.system.text import printable

MAX_ROWS = 20  # of long tables on a terminal


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
    _print_table(console, summary.classes, summary.split_title or "Classes", len(summary.classes))
    tables = {"Can't be read": summary.unreadable, "Byte-identical images": summary.duplicates}
    for title, table in tables.items():
        if len(table):
            _print_table(console, table, title, MAX_ROWS)
    for message in summary.messages:
        console.print(_plain(f"- {message}"))


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
    if duplicates.empty:
        return "no two images are byte-identical"
    other = int((duplicates["class"] != duplicates["copy_of_class"]).sum())
    return f"{len(duplicates):,} byte-identical to another image, {other:,} in another class"


def _print_table(console: Console, frame: pd.DataFrame, title: str, rows: int) -> None:
    table = Table(title=_plain(title), title_justify="left")
    for column in frame.columns:
        numeric = pd.api.types.is_numeric_dtype(frame[column])
        table.add_column(str(column), justify="right" if numeric else "left", overflow="fold")
    for row in frame.head(rows).itertuples(index=False):
        table.add_row(*(_plain(str(value)) for value in row))
    console.print(table)
    if len(frame) > rows:
        console.print(f"… and {len(frame) - rows:,} more")

"""The contact sheet: pictures of the suspects, by the class that they are labelled as."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from benchmark.analysis.label_tables import LabelTables
from benchmark.data.pixels.picture import encoded_picture
from benchmark.data.pixels.store import Pixels
from benchmark.report.render.blocks import Block, ContactSheet, Heading, Paragraph, Picture
from benchmark.report.render.formats import format_share
from benchmark.report.render.safe_text import shorten
from benchmark.system.text import pluralize

MOST_PICTURES = 200  # on the page; the CSV file has all suspects
FEW = 3  # suspects, for a sheet of its own
LONGEST_CLASS = 40  # characters of a class name beside a picture


def suspects_blocks(tables: LabelTables, pixels: Pixels, csv: str) -> Iterator[Block]:
    """Yield a sheet for each class that has suspects, the class with the most suspects first.

    Where they are too many for a page, those of each class are shown that look wrong the most.
    Classes with one or two suspects share a sheet: each would take a row of the page.
    """
    suspects = tables.suspects
    chosen = _choose(suspects, MOST_PICTURES)
    yield Paragraph(
        "Below each picture: the label that it has → the class that fits better, then the quality "
        "of its label, from 0 (wrong) to 1 (right), and its file. The most suspicious come first."
    )
    if len(chosen) < len(suspects):
        yield Paragraph(
            f"{len(chosen):,} of {len(suspects):,} suspects are shown, the most suspicious of each "
            f"class. All are in {csv}."
        )
    numbers = suspects["label"].value_counts()  # the most frequent first
    few = numbers.index[numbers < FEW]
    few = few if len(few) > 1 else few[:0]
    for name, number in numbers.drop(few).items():
        yield from _sheet(shorten(str(name)), number, chosen[chosen["label"] == name], pixels)
    title = f"{len(few)} classes with one or two suspects"
    yield from _sheet(title, numbers[few].sum(), chosen[chosen["label"].isin(few)], pixels)


def _sheet(title: str, number: int, some: pd.DataFrame, pixels: Pixels) -> Iterator[Block]:
    """Yield pictures of some of a number of suspects, with their heading; nothing for none."""
    if some.empty:
        return
    more = "" if len(some) == number else f", {len(some):,} of them shown"
    yield Heading(f"{title}: {pluralize(number, 'suspect', 'suspects')}{more}")
    yield ContactSheet(tuple(_picture(pixels, row) for row in some.itertuples()))


def _choose(suspects: pd.DataFrame, most: int) -> pd.DataFrame:
    """Return the first rows of each class, about equally many, in the order of all rows."""
    rank = suspects.groupby("label").cumcount()
    chosen = rank.sort_values(kind="stable").index[:most]
    return suspects[suspects.index.isin(chosen)]


def _picture(pixels: Pixels, row: Any) -> Picture:
    jpeg = encoded_picture(pixels, row.Index)
    label, suggested = (shorten(name, LONGEST_CLASS) for name in (row.label, row.suggested))
    file = f"{format_share(row.quality, 2)} · {shorten(row.path)}"
    return Picture(jpeg, file, f"{label} → {suggested}")

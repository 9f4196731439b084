"""The page of a data set's copies: pictures side by side, with their splits and classes."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from benchmark.data.duplicates.copies import IDENTICAL, in_two_splits
from benchmark.data.duplicates.pictures import make_picture
from benchmark.data.summary import DataSummary
from benchmark.report.render import html
from benchmark.report.render.blocks import Block, Page, Paragraph, Picture, Pictures, Section
from benchmark.report.render.csv_writer import write_frames
from benchmark.storage.atomic import write_text
from benchmark.system.text import pluralize

MOST_PICTURES = 100  # pairs on the page; all are in the CSV file
CSV = "duplicates.csv"
NOT_JUDGED_CSV = "not_judged.csv"


def write_duplicates(summary: DataSummary, folder: Path) -> Path:
    """Write duplicates.html and duplicates.csv; return the page's path."""
    write_frames({CSV: summary.duplicates}, folder)
    path = folder / "duplicates.html"
    write_text(path, html.render(_build_page(summary)))
    return path


def write_not_judged(summary: DataSummary, folder: Path) -> Path:
    """Write the list of images of which copies may have been missed; return its path."""
    return write_frames({NOT_JUDGED_CSV: summary.not_judged}, folder)[NOT_JUDGED_CSV]


def duplicate_sections(summary: DataSummary, most: int = MOST_PICTURES) -> tuple[Section, ...]:
    """Return a section for each kind of pair that there is, with `most` pairs together."""
    table = summary.duplicates
    crossing = in_two_splits(table)
    conflicting = table["class"] != table["copy_of_class"]
    counts = {
        "two-splits": ("In two splits", crossing),
        "two-classes": ("Under two classes", ~crossing & conflicting),
        "others": ("The others", ~crossing & ~conflicting),
    }
    sections = []
    for id, (title, rows) in counts.items():
        some = table[rows].head(most)
        most -= len(some)
        if rows.any():
            blocks = tuple(_blocks(summary, some, int(rows.sum())))
            sections.append(Section(id, f"{title} ({int(rows.sum()):,})", blocks))
    return tuple(sections)


def _build_page(summary: DataSummary) -> Page:
    table = summary.duplicates
    identical = int((table["kind"] == IDENTICAL).sum())
    pairs = pluralize(len(table) - identical, "pair looks", "pairs look")
    copies = pluralize(identical, "byte-identical copy", "byte-identical copies")
    highlights = [f"All pairs are listed in {CSV}, beside this page."]
    if number := len(summary.not_judged):
        images = pluralize(number, "image", "images")
        highlights.append(f"{images} that could not be judged: see {NOT_JUDGED_CSV}.")
    return Page(
        title=f"{summary.images.name}: duplicates",
        subtitle=summary.split_title,
        verdict=f"{copies}; {pairs} the same.",
        follow_up="A test image that looks the same as a training image tests what was trained on.",
        warnings=(),
        lead=(),
        sections=duplicate_sections(summary, MOST_PICTURES),
        highlights=tuple(highlights),
    )


def _blocks(summary: DataSummary, some: pd.DataFrame, total: int) -> Iterator[Block]:
    if len(some) < total:
        yield Paragraph(f"{len(some):,} of {total:,} are shown.")
    for number, _, label, split, _, original_label, original_split, kind in some.itertuples():
        copy = summary.copies[number]
        yield Pictures(
            (
                _picture(summary, copy.original, original_label, original_split),
                _picture(summary, copy.image, label, split),
            ),
            caption=kind,
        )


def _picture(summary: DataSummary, index: int, label: str, split: str) -> Picture:
    file = summary.images.files[index]
    try:
        jpeg = make_picture(summary.images.reader, index, summary.scales)
    except Exception:  # it was read before, but is gone or changed now
        jpeg = b""
    return Picture(base64.b64encode(jpeg).decode(), file, f"{split} · {label}" if split else label)

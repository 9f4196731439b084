"""The page of a data set: how large its classes are, a few images of each, and its duplicates."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from benchmark.data.duplicates.pictures import make_picture
from benchmark.data.imageset import SPLITS
from benchmark.data.summary import DataSummary
from benchmark.report.duplicates import duplicate_sections
from benchmark.report.render import colours, html
from benchmark.report.render.blocks import (
    Block,
    ContactSheet,
    Heading,
    Link,
    Page,
    Paragraph,
    Picture,
    Section,
)
from benchmark.report.render.canvas import (
    Canvas,
    figure_block,
    hide_frame,
    label_width,
    page_style,
    set_row_labels,
)
from benchmark.report.render.csv_writer import write_frames
from benchmark.report.render.formats import format_count, lower_first
from benchmark.report.render.safe_text import shorten
from benchmark.storage.atomic import write_text
from benchmark.system.text import pluralize

PAGE, CLASSES = "data.html", "classes.csv"
ALL_IMAGES, MOST_IMAGES, FEWEST_IMAGES = 300, 6, 2  # together, and of a class
MOST_PAIRS = 60  # of duplicates; the CSV file has all
MOST_BARS = 60  # classes; of more, the drawing is a curve
LONGEST_NAME = 26  # characters beside a bar
WIDTH = 560  # pixels of the drawing


def write_data_set(summary: DataSummary, folder: Path) -> Path:
    """Write data.html, with all pictures in it, and a table of many classes; return its path."""
    path = folder / PAGE
    if len(summary.classes) > MOST_BARS:
        write_frames({CLASSES: summary.classes}, folder)
    write_text(path, html.render(build_page(summary)))
    return path


def build_page(summary: DataSummary) -> Page:
    """Return the page. Images that can't be read are not on it."""
    table = summary.classes
    largest, smallest = int(table["images"].max()), int(table["images"].min())
    classes = pluralize(len(table), "class", "classes")
    sizes = f"of {smallest:,} to {largest:,} images (ratio {summary.imbalance_ratio:.1f})"
    pictures = Section("images", "Images of each class", tuple(_class_blocks(summary)))
    duplicates = [
        replace(section, title=f"Duplicates: {lower_first(section.title)}")
        for section in duplicate_sections(summary, MOST_PAIRS)
    ]
    return Page(
        title=f"{summary.images.name}: data",
        subtitle=summary.images.description,
        verdict=f"{pluralize(len(summary.images), 'image', 'images')}, {classes} {sizes}.",
        follow_up=_rarest_sentence(summary),
        warnings=tuple(filter(None, (summary.error, *summary.messages))),
        lead=tuple(_sizes(summary)),
        sections=(pictures, *duplicates),
        highlights=tuple(_highlights(summary, bool(duplicates))),
    )


def draw_sizes(summary: DataSummary) -> Figure:
    """Draw the images of each class, by split if there is one; of many classes, by rank."""
    table = summary.classes
    splits = [name for name in SPLITS if name in table]
    if len(table) > MOST_BARS:
        return _draw_ranks(table["images"].to_numpy())
    names = [str(name) for name in table["class"]]
    left, row, top = label_width(names, LONGEST_NAME), 19, 24 if splits else 4
    width = WIDTH - left - 50
    shades = (colours.SECOND, colours.PLAIN, colours.FAINT)
    with page_style():
        canvas = Canvas(WIDTH, top + row * len(names) + 4)
        axes = canvas.axes(left, top, width, row * len(names))
        rows, start = np.arange(len(names)) + 0.5, np.zeros(len(names))
        for name, shade in zip(splits or ["images"], shades, strict=False):
            values = table[name].to_numpy(float)
            axes.barh(rows, values, left=start, height=0.66, color=shade, label=name)
            start = start + values
        for y, end, total in zip(rows, start, table["images"], strict=True):
            axes.text(end, y, f" {total:,}", size=9, color=colours.MUTED, va="center")
        axes.set(ylim=(len(names), 0), xlim=(0, max(start.max(), 1)))
        hide_frame(axes)
        set_row_labels(axes, names, LONGEST_NAME)
        if splits:
            style: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (-0.01, 1), "ncols": 3}
            axes.legend(frameon=False, fontsize=9, borderaxespad=0.2, **style)
        return canvas.figure


def _draw_ranks(images: np.ndarray) -> Figure:
    """Draw the sizes of many classes by rank, the largest first, on a logarithmic scale."""
    with page_style():
        canvas = Canvas(WIDTH, 260)
        axes = canvas.axes(60, 12, WIDTH - 80, 200)
        ranks = np.arange(1, len(images) + 1)
        axes.fill_between(ranks, images, 0.8, step="mid", color=colours.SECOND, linewidth=0)
        axes.set(yscale="log", xlim=(0.5, len(images) + 0.5), ylim=(0.8, images.max() * 1.2))
        axes.set(xlabel="classes, largest first", ylabel="images")
        axes.yaxis.set_major_formatter(lambda value, _: format_count(value))
        return canvas.figure


def _sizes(summary: DataSummary) -> Iterator[Block]:
    yield _sizes_figure(summary)
    if len(summary.classes) > MOST_BARS:
        yield Link(f"{CLASSES}: the images of each class", CLASSES)


def _sizes_figure(summary: DataSummary) -> Block:
    counts = ", ".join(
        f"{shorten(str(name), LONGEST_NAME)} {images:,}"
        for name, images in summary.classes[["class", "images"]].head(5).itertuples(index=False)
    )
    split = f" {summary.split_title}." if summary.split_title else ""
    caption = f"Images of each class, the largest first.{split}"
    return figure_block("sizes", draw_sizes(summary), caption, f"Sizes of classes: {counts}, …")


def _rarest_sentence(summary: DataSummary) -> str:
    last = summary.classes.iloc[-1]
    name, images = shorten(str(last["class"])).replace("`", "'"), int(last["images"])
    return f"The rarest is {name}, with {pluralize(images, 'image', 'images')}."


def _highlights(summary: DataSummary, has_duplicates: bool) -> Iterator[str]:
    if number := len(summary.unreadable):
        are = "image that can't be read is" if number == 1 else "images that can't be read are"
        yield f"{number:,} {are} not on this page."
    if has_duplicates:
        yield "Images that look the same stand side by side below the classes."
    elif summary.modes:
        yield "No two images are byte-identical or look the same."


def _class_blocks(summary: DataSummary) -> Iterator[Block]:
    """Yield a sheet a class, the largest first; of too many classes the rarest and some others."""
    table = summary.classes
    each = int(np.clip(ALL_IMAGES // len(table), FEWEST_IMAGES, MOST_IMAGES))
    most = ALL_IMAGES // each
    numbers = np.arange(len(table))
    if len(table) > most:  # the rarest are what the page is for
        numbers = np.concatenate([numbers[: most // 3], numbers[len(table) - (most - most // 3) :]])
        left_out = len(table) - len(numbers)
        yield Paragraph(
            f"The {most // 3} largest classes and the {most - most // 3} rarest are shown; "
            f"{pluralize(left_out, 'class is', 'classes are')} left out."
        )
    readable = np.ones(len(summary.images), dtype=bool)
    unreadable = set(summary.unreadable["file"])
    readable[[k for k, file in enumerate(summary.images.files) if file in unreadable]] = False
    index = {name: k for k, name in enumerate(summary.images.classes)}
    for name, images in table.iloc[numbers][["class", "images"]].itertuples(index=False):
        yield Heading(f"{shorten(str(name))}: {pluralize(int(images), 'image', 'images')}")
        own = np.flatnonzero(readable & (summary.images.labels == index[name]))
        chosen = own[np.unique(np.linspace(0, len(own) - 1, min(each, len(own))).astype(np.int64))]
        yield ContactSheet(tuple(_pictures(summary, chosen.tolist(), str(name))))


def _pictures(summary: DataSummary, indices: Sequence[int], name: str) -> Iterator[Picture]:
    for index in indices:
        try:
            jpeg = make_picture(summary.images.reader, index, summary.scales)
        except Exception:  # it was read before, but is gone or changed now
            jpeg = b""
        file = shorten(summary.images.files[index])
        alt = f"Image of {shorten(name)}"
        yield Picture(base64.b64encode(jpeg).decode(), file, "", alt)

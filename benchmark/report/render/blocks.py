"""What a report is made of: text, tables, figures. Knows neither a run nor an output format.

In every text, a piece between two backticks is code; nothing else is markup.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True)
class Code:
    """Text to be shown letter by letter: a command, a traceback."""

    text: str


@dataclass(frozen=True)
class Definitions:
    """Terms and what they mean."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Facts:
    """Names and values, both short and plain."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Cell:
    """One cell of a table; `note` is small print beside the text."""

    text: str
    note: str = ""
    mark: str = ""  # "best" of its column, "never" predicted, "failed", "gain", "loss"
    span: int = 1  # columns it covers


@dataclass(frozen=True)
class Row:
    """A row whose first cells are its heading."""

    cells: tuple[Cell, ...]
    kind: str = ""  # "baseline", "failed"


@dataclass(frozen=True)
class Table:
    """Rows under column titles; `text_columns` are set flush left, all others hold numbers."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    text_columns: frozenset[int] = frozenset({0})
    csv: str = ""  # files in which the same numbers lie, a space between
    heads: int = 1  # cells of a row that together say what it is about

    @property
    def files(self) -> list[str]:
        """The names in `csv`."""
        return self.csv.split()

    @property
    def noted(self) -> frozenset[int]:
        """Columns of numbers in which some cell has a note, so that all leave room for one."""
        return frozenset(
            place
            for row in self.rows
            for place, cell in enumerate(row.cells)
            if cell.note and place not in self.text_columns
        )


@dataclass(frozen=True)
class Figure:
    """A drawing, written as figures/<name>.svg; `svg` is a whole SVG document in light colours."""

    name: str
    svg: str
    caption: str
    alt: str


@dataclass(frozen=True)
class Details:
    """Blocks that a reader opens when they want them."""

    summary: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    text: str


Block = Paragraph | Code | Definitions | Facts | Table | Figure | Details | Heading


@dataclass(frozen=True)
class Section:
    """A part of the page that the contents list names."""

    id: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Page:
    """The whole report: what stands first on it, then the sections."""

    title: str
    subtitle: str
    verdict: str
    follow_up: str
    warnings: tuple[str, ...]
    lead: tuple[Block, ...]  # the main table
    sections: tuple[Section, ...]
    highlights: tuple[str, ...] = ()  # what else a reader should take away, a line each

    def figures(self) -> list[Figure]:
        """Every figure on the page, in reading order."""
        blocks = list(self.lead)
        for section in self.sections:
            blocks += section.blocks
        found = []
        while blocks:
            block = blocks.pop(0)
            if isinstance(block, Figure):
                found.append(block)
            elif isinstance(block, Details):
                blocks[:0] = block.blocks
        return found


def spans(text: str) -> list[tuple[str, bool]]:
    """Split a text into (piece, is it code), at pairs of backticks.

    >>> spans("set `power=0.5` here")
    [('set ', False), ('power=0.5', True), (' here', False)]
    """
    pieces = re.split(r"(`+)(.+?)\1", text)  # text, ticks, code, text, ticks, code, text
    found = []
    for place in range(0, len(pieces), 3):
        found.append((pieces[place], False))
        if place + 2 < len(pieces):
            found.append((pieces[place + 2], True))
    return [(piece, code) for piece, code in found if piece]


def code(text: str) -> str:
    """Mark a name as code; backticks of its own would end it early and become apostrophes."""
    return "`" + (text.replace("`", "'") or " ") + "`"


def printable(text: str) -> str:
    """Replace what no document can hold: control characters and halves of surrogate pairs."""
    return re.sub(
        r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]", "\N{REPLACEMENT CHARACTER}", text
    )

"""The blocks of a report: text, tables, figures. They know neither a run nor an output format.

In every text, a piece between two backticks is code. There is no other markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TypeVar

from benchmark.system.text import printable

Item = TypeVar("Item")
MARKS = {1: "gain", -1: "loss", 0: ""}  # of a cell, by the direction of its difference


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True)
class Link:
    """A line that leads to another file beside the page, or to a place in it."""

    text: str
    target: str  # relative, and our own: no name of the user's


@dataclass(frozen=True)
class Code:
    """Text that is shown unchanged: a command, a traceback."""

    text: str


@dataclass(frozen=True)
class Definitions:
    """Terms and their meanings."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Facts:
    """Names and values, both short and without markup."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Cell:
    """One cell of a table; `note` is printed small beside the text."""

    text: str
    note: str = ""
    mark: str = ""  # "best" (of its column), "never" (predicted), "failed", "gain" or "loss"
    span: int = 1  # columns that the cell covers
    link: str = ""  # where the text of a heading leads, as the target of a `Link`


@dataclass(frozen=True)
class Row:
    """A row whose first cells are its heading."""

    cells: tuple[Cell, ...]
    kind: str = ""  # "baseline", "null" (the null row), "failed"


def make_row(*cells: Cell | str, kind: str = "") -> Row:
    """Return a row; a text is a cell without note and mark."""
    return Row(tuple(Cell(cell) if isinstance(cell, str) else cell for cell in cells), kind)


@dataclass(frozen=True)
class Table:
    """Rows under column titles. `text_columns` are aligned left; all others hold numbers."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    text_columns: frozenset[int] = frozenset({0})
    csv: str = ""  # the files with the same numbers, separated by spaces
    heading_columns: int = 1  # the first cells of a row, which are its heading

    @property
    def files(self) -> list[str]:
        """The file names in `csv`."""
        return self.csv.split()

    @cached_property
    def columns_with_notes(self) -> frozenset[int]:
        """Columns of numbers in which a cell has a note: all their cells leave space for one.

        The HTML template reads it for every cell.
        """
        return frozenset(
            column
            for row in self.rows
            for column, cell in enumerate(row.cells)
            if cell.note and column not in self.text_columns
        )


@dataclass(frozen=True)
class Figure:
    """A drawing, saved as figures/<name>.svg. `svg` is a whole SVG document in light colours."""

    name: str
    svg: str
    caption: str
    alt: str


@dataclass(frozen=True)
class Details:
    """Blocks that stay folded until the reader opens them."""

    summary: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    text: str


@dataclass(frozen=True)
class Picture:
    """An image of the data, a JPEG in base64; without one, its name and note alone are shown."""

    jpeg: str
    name: str
    note: str
    alt: str = ""  # what it shows, where that is more than the name and the note say
    mark: str = ""  # of the note: "right" or "wrong"


@dataclass(frozen=True)
class Pictures:
    """Pictures side by side, two or three. Markdown has their names and notes alone."""

    items: tuple[Picture, ...]
    caption: str = ""


@dataclass(frozen=True)
class ContactSheet:
    """As many pictures beside each other as the page is wide, in rows."""

    items: tuple[Picture, ...]


Words = Paragraph | Link | Code | Definitions | Facts | Heading
Block = Words | Table | Figure | Details | Pictures | ContactSheet


@dataclass(frozen=True)
class Section:
    """A part of the page with an entry in the table of contents."""

    id: str
    title: str
    blocks: tuple[Block, ...]
    entry: str = ""  # of the table of contents, where it is shorter than the title


@dataclass(frozen=True)
class Page:
    """The whole report: its headline, then its sections."""

    title: str
    subtitle: str
    verdict: str
    follow_up: str
    warnings: tuple[str, ...]
    lead: tuple[Block, ...]  # the main table, above the table of contents
    sections: tuple[Section, ...]
    highlights: tuple[str, ...] = ()  # further results, a line each

    @property
    def has_pictures(self) -> bool:
        """Whether images of the data are on the page, which the HTML template then allows."""
        kinds = (Pictures, ContactSheet)
        return any(isinstance(block, kinds) for s in self.sections for block in s.blocks)

    def figures(self) -> list[Figure]:
        """Every figure on the page, in reading order."""
        blocks = list(self.lead)
        for section in self.sections:
            blocks += section.blocks
        figures = []
        while blocks:
            block = blocks.pop(0)
            if isinstance(block, Figure):
                figures.append(block)
            elif isinstance(block, Details):
                blocks[:0] = block.blocks
        return figures


def add_sections(headline: Page, contents: Iterable[tuple[str, str, Iterable[Block]]]) -> Page:
    """Return a page with sections, each an id, a title and blocks; without those that are empty."""
    sections = (Section(id, title, tuple(blocks)) for id, title, blocks in contents)
    return replace(headline, sections=tuple(s for s in sections if s.blocks))


def split_evenly(items: Sequence[Item], most: int) -> list[Sequence[Item]]:
    """Split items, like the columns of a wide table, into runs of at most so many, about equal.

    >>> split_evenly("abcdefg", 3)
    ['ab', 'cd', 'efg']
    """
    number = -(-len(items) // most)
    edges = [len(items) * k // max(number, 1) for k in range(number + 1)]
    return [items[begin:end] for begin, end in pairwise(edges)]


def split_code(text: str) -> list[tuple[str, bool]]:
    """Split a text at pairs of backticks, into (piece, is it code).

    >>> split_code("set `power=0.5` here")
    [('set ', False), ('power=0.5', True), (' here', False)]
    """
    parts = re.split(r"(`+)(.+?)\1", text)  # text, ticks, code, text, ticks, code, text
    pieces = [(part, index % 3 == 2) for index, part in enumerate(parts) if index % 3 != 1]
    return [(piece, is_code) for piece, is_code in pieces if piece]


def as_code(text: str) -> str:
    """Mark a name as code. Its backticks, which would end it, become apostrophes."""
    return "`" + (without_ticks(printable(text)) or " ") + "`"


def without_ticks(name: str) -> str:
    """Return a name for a text in which a backtick would begin code: apostrophes replace them."""
    return name.replace("`", "'")

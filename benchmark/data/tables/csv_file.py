"""A CSV file as its header and rows, each with its line in the file; refused where it doesn't fit.

Spreadsheets of most of Europe separate cells by semicolons, databases by tabs. A row that has more
or fewer cells than the header is never cut or filled: an unquoted comma in a label would merge two
classes. A quote that is not closed in its line would swallow the rows below it.
"""

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from benchmark.data.files.image_files import IMAGE_SUFFIXES, has_suffix
from benchmark.data.tables.text_encoding import read_text
from benchmark.system.text import join_names, list_below, pluralize, truncate

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_SEP_LINE = re.compile(r'\ufeff?"?sep=(.)"?[,;\t ]*', re.IGNORECASE)  # Excel's, above the header
_INCHES = re.compile(r'\d"')  # 17"
_MOST_SHOWN = 200  # characters of a line in an error


class Row(NamedTuple):  # of which a table has a million
    """A row with content; `cells` has one cell, stripped, for each column of the header."""

    line: int  # of the file, from 1
    cells: tuple[str, ...]


@dataclass(frozen=True)
class CsvFile:
    """The contents of a CSV file."""

    path: Path
    header: tuple[str, ...]  # stripped, as written; unique in any letter case, but for ''
    rows: tuple[Row, ...]

    def column(self, index: int) -> list[str]:
        """Return the cells of a column, one for each row."""
        return [row.cells[index] for row in self.rows]


def read_csv(
    path: Path,
    fits: Callable[[Sequence[str]], bool] = lambda _: False,
    example: str = "path,label",
) -> CsvFile:
    """Read a CSV file whose first line names its columns.

    Parameters
    ----------
    fits
        Tells whether a header has the columns that the caller needs. It decides where the header
        could be separated in two ways.
    example
        A header that is right, for errors.

    Raises
    ------
    ValueError
        If it is empty or not text, a row does not fit the header, or a quote is not closed.
    """
    numbered = [
        (number, line) for number, line in enumerate(read_text(path).split("\n"), 1) if line.strip()
    ]
    separator = ""
    if numbered and (match := _SEP_LINE.fullmatch(numbered[0][1])):
        separator, numbered = match[1], numbered[1:]
    if not numbered:
        raise ValueError(f"{path}: is empty. {_wanted(example)}")
    separators = [separator] if separator else _candidates(numbered[0][1])
    tables, errors = {}, {}
    for candidate in separators:
        try:
            tables[candidate] = _parse(path, numbered, candidate, example)
        except ValueError as error:
            errors[candidate] = error
    best = [s for s, table in tables.items() if fits(table.header)] or list(tables)
    if not best:
        raise next(iter(errors.values()))
    if len(best) > 1:
        names = join_names([SEPARATORS[s] for s in best], "or")
        raise ValueError(
            f"{path}: cells could be separated by {names}: {_quote(numbered[0][1])}. "
            f"Write 'sep={best[0]}' in a line above it."
        )
    return tables[best[0]]


def _wanted(example: str) -> str:
    return f"The first line names the columns, e.g. {example}; each further line is a row."


def _candidates(header: str) -> list[str]:
    """Return the separators that the header holds, the most frequent first; at least one."""
    return sorted((s for s in SEPARATORS if s in header), key=header.count, reverse=True) or [","]


def _parse(path: Path, numbered: list[tuple[int, str]], separator: str, example: str) -> CsvFile:
    first, header_line = numbered[0]
    header = _cells(path, first, header_line, separator)
    while header and not header[-1]:
        header.pop()  # separators at the end of all lines
    _check_header(path, first, header, header_line, example)
    rows = []
    for number, line in numbered[1:]:
        cells = _cells(path, number, line, separator)
        if not any(cells):
            continue
        if len(cells) < len(header) or any(cells[len(header) :]):
            raise ValueError(_misfit(path, header, number, cells, line, separator))
        rows.append(Row(number, tuple(cells[: len(header)])))
    if not rows:
        raise ValueError(
            f"{path}: has a header and no row: {_quote(header_line)}. {_wanted(example)}"
        )
    return CsvFile(path, tuple(header), tuple(rows))


def _cells(path: Path, number: int, line: str, separator: str) -> list[str]:
    """Split one line: as no cell holds a line break, a quote must be closed in its own line."""
    if '"' not in line and separator != " " and len(line) < csv.field_size_limit():
        return [cell.strip().strip("\ufeff") for cell in line.split(separator)]  # ten times as fast
    reason, cells = "", list[str]()
    try:
        cells = next(csv.reader([line], delimiter=separator, strict=True, skipinitialspace=True))
    except csv.Error as error:
        reason = str(error)
        if "unexpected end of data" in reason:
            reason = "a quote is opened and not closed"
        elif "expected after" in reason:
            reason = "text follows a closing quote"
    if not reason and line.count('"') % 2 and not _INCHES.search(line):
        reason = "a quote is closed and not opened"
    if reason:
        raise ValueError(
            f"{path}: line {number}: {reason}: {_quote(line)}. Close or remove it; write a quote "
            'inside a quoted cell twice (""), and put no line break into a cell.'
        )
    return [cell.strip().strip("\ufeff") for cell in cells]


def _check_header(path: Path, number: int, header: list[str], line: str, example: str) -> None:
    images = [cell for cell in header if has_suffix(cell, IMAGE_SUFFIXES)]
    if images:
        raise ValueError(
            f"{path}: line {number} names the image {images[0]!r}; the first line must name the "
            f"columns. Put a line with the names above it, e.g. {example}."
        )
    names = [name.lower() for name in header if name]
    if twice := [name for name in header if names.count(name.lower()) > 1]:
        raise ValueError(
            f"{path}: line {number} names the column {twice[0]!r} twice: {_quote(line)}. "
            "Rename or remove one."
        )


def _misfit(
    path: Path, header: list[str], number: int, cells: list[str], line: str, separator: str
) -> str:
    more = len(cells) > len(header)
    advice = (
        f"If a cell holds a {SEPARATORS.get(separator, 'separator')}, put the cell in quotes."
        if more
        else "Add the missing cells, which may be empty, with their separators."
    )
    if len(header) == 1 and more:
        advice = "The first line must name the columns: remove what stands above that line."
    return list_below(
        f"{path}: line {number} has {pluralize(len(cells), 'cell', 'cells')}, the header has "
        f"{len(header)}. {advice}",
        [f"header: {_quote(separator.join(header))}", f"line {number}: {_quote(line)}"],
    )


def _quote(line: str) -> str:
    return repr(truncate(line, _MOST_SHOWN))

"""A name as the one cell of a table that holds it, and the name that such a cell means.

Spreadsheets calculate what begins like a formula, and no reader of a CSV file takes every line
break, control character or byte that is no text. So these are escapes, and an apostrophe stands
before what begins like a formula. Who reads the table back looks the cell up among the names.
"""

import re
from collections.abc import Iterable

from benchmark.system.text import escape_controls

# with spaces before it too, or in the wide letters of East Asian keyboards
_FORMULA = re.compile(r"[\s\x00-\x1f]*[=+\-@'＝＋－＠]|[\t\r\n]")
_BREAKS = {"\t": r"\t", "\n": r"\n", "\u2028": r"\u2028", "\u2029": r"\u2029"}


def without_formula(text: str) -> str:
    """Return a text that no spreadsheet calculates: with an apostrophe before what it could be.

    >>> without_formula("=1+1"), without_formula("'a"), without_formula("a-1")
    ("'=1+1", "''a", 'a-1')
    """
    return f"'{text}" if _FORMULA.match(text) else text


def one_line(name: str) -> str:
    r"""Return a name with escapes for what a reader of tables stops at or can't take.

    >>> one_line("a\n.png"), one_line("caf\udce9")
    ('a\\n.png', 'caf\\udce9')
    """
    text = escape_controls(name)
    for character, escape in _BREAKS.items():
        text = text.replace(character, escape)
    return text.encode(errors="backslashreplace").decode()


def name_cell(name: str) -> str:
    """Return a name as the cell that holds it is read: `one_line`, no formula, no outer spaces."""
    return without_formula(one_line(name)).strip()


def escaped_names(names: Iterable[str]) -> dict[str, str]:
    """Return cell -> name for the names that are written otherwise, each meant by one cell."""
    meant: dict[str, list[str]] = {}
    for name in names:
        if (cell := name_cell(name)) != name:
            meant.setdefault(cell, []).append(name)
    return {cell: some[0] for cell, some in meant.items() if len(some) == 1}

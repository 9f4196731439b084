"""Costs of decisions by class, from a CSV file as people write it."""

from __future__ import annotations

import csv
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.spec import did_you_mean
from benchmark.system.text import first_names

SEPARATORS = ",;\t"
MOST_NAMED = 5  # classes in an error
_FORM = (
    "The first line has the classes that can be decided for, the first column the true classes, "
    "and each cell what that decision costs, as in\n,healthy,ill\nhealthy,0,1\nill,20,0"
)


@dataclass(frozen=True)
class CostTable:
    """What it costs to decide for a class where another is true."""

    classes: tuple[str, ...]  # (C,)
    cost: tuple[tuple[float, ...], ...]  # (C, C) rows are true classes, columns decisions
    file: str = ""  # for errors

    def for_classes(self, classes: Sequence[str]) -> CostTable:
        """Return the costs with the classes in this order; ValueError if they are not the same."""
        _require_same(self.file, self.classes, classes)
        order = [self.classes.index(name) for name in classes]
        cost = tuple(tuple(self.cost[c][k] for k in order) for c in order)
        return CostTable(tuple(classes), cost, self.file)


def read_cost_table(path: str) -> CostTable:
    """Read a CSV file of costs, in which rows and columns may have other orders.

    Cells are separated by commas, semicolons or tabs; with the others, a number may have a decimal
    comma. Lines and columns at the end without anything in them, and a line `sep=;` that Excel asks
    for, are passed over.

    Raises
    ------
    ValueError
        If there is no such file, or it is no table of costs; in words.
    """
    try:
        text = Path(path).expanduser().read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(
            f"the costs in {path} can't be read: it is not text in UTF-8. Save it as CSV UTF-8"
        ) from None
    except OSError as error:
        raise ValueError(
            f"the costs in {path} can't be read: {error.strerror}. Give file= a CSV file; a path "
            f"that does not begin with / begins in the folder of the command, {Path.cwd()}."
        ) from None
    text = re.sub(r"\A\s*sep=.\s*?\n", "", text)
    first = text.lstrip(" \r\n").partition("\n")[0]  # a tab may stand before the first class
    separator = max(SEPARATORS, key=first.count)
    lines = csv.reader(text.splitlines(), delimiter=separator)
    rows = [row for row in ([cell.strip() for cell in line] for line in lines) if any(row)]
    filled = max((k for row in rows for k, cell in enumerate(row, 1) if cell), default=0)
    rows = [row[:filled] for row in rows]
    if len(rows) < 3 or len(rows[0]) < 3:
        raise ValueError(f"{path} has no costs of two classes or more. {_FORM}")
    decisions, truths = rows[0][1:], [row[0] for row in rows[1:]]
    for kind, names in (("column", decisions), ("row", truths)):
        _require_unique(path, kind, names)
    for row in rows[1:]:
        if len(row) != len(rows[0]):
            raise ValueError(
                f"{path}: the row of {row[0]!r} has {len(row) - 1} costs, and the first line "
                f"{len(decisions)} classes; both must be the same"
            )
    _require_same(path, truths, decisions, "its columns")
    rows_by_class = {row[0]: dict(zip(decisions, row[1:], strict=True)) for row in rows[1:]}
    cost = tuple(
        tuple(_number(path, truth, k, rows_by_class[truth][k], separator) for k in decisions)
        for truth in decisions
    )
    _require_reasonable(path, decisions, cost)
    return CostTable(tuple(decisions), cost, path)


def _number(path: str, truth: str, decision: str, cell: str, separator: str) -> float:
    try:
        value = float(cell if separator == "," else cell.replace(",", "."))
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise ValueError(
            f"{path}: the cost of {decision!r} where {truth!r} is true is {cell!r}; a cost is a "
            "number of 0 or more"
        )
    return value


def _require_reasonable(path: str, classes: Sequence[str], cost: Sequence[Sequence[float]]) -> None:
    """Raise ValueError where all is better than to be right (Elkan 2001, section 1.1)."""
    for k, (name, row) in enumerate(zip(classes, cost, strict=True)):
        if row[k] > max(number for other, number in enumerate(row) if other != k):
            raise ValueError(
                f"{path}: where {name!r} is true, to decide for it costs {row[k]:g}, more than "
                "every wrong decision. Cells are costs, not gains: 0 for what is right"
            )


def _require_unique(path: str, kind: str, names: Sequence[str]) -> None:
    if "" in names:
        raise ValueError(f"{path}: a {kind} has no class. {_FORM}")
    if twice := [name for name, times in Counter(names).items() if times > 1]:
        raise ValueError(f"{path}: {first_names(twice, MOST_NAMED)} has more than one {kind}")


def _require_same(
    path: str, own: Sequence[str], wanted: Sequence[str], whose: str = "the data"
) -> None:
    """Raise ValueError, naming them, if the classes of a file's rows are not those wanted."""
    missing = [name for name in wanted if name not in own]
    extra = [name for name in own if name not in wanted]
    if missing:
        hint = did_you_mean(missing[0], extra)
        raise ValueError(
            f"{path} has no costs of {first_names(missing, MOST_NAMED)}, of {whose}.{hint} Each "
            "class needs a row and a column"
        )
    if extra:
        raise ValueError(
            f"{path} has costs of {first_names(extra, MOST_NAMED)}, which are no classes of "
            f"{whose}: remove their row and column"
        )

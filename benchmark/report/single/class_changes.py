"""Which class gained and which lost: on the first screen, and as tables."""

from __future__ import annotations

import pandas as pd

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.per_class import biggest
from benchmark.report.render.blocks import Cell, Row, Table, as_code, printable
from benchmark.report.render.formats import MISSING, add_sign, format_count, format_share, pluralize
from benchmark.report.single.tables import parts

ACROSS = 5  # strategies a table holds side by side: intervals take room
MOST_CLASSES = 30  # a table lists; with more it keeps those that surely change


def biggest_words(comparison: Comparison) -> str:
    """Return the surest gain and the surest loss of a class, or nothing without a baseline."""
    changes = comparison.class_changes.dropna(subset="difference")
    if changes.empty:
        return ""
    said = []
    for row, what, more in zip(biggest(changes), ("gain", "loss"), ("more", "less"), strict=True):
        if row is None:
            said.append(f"No class is found {more} often than under {as_code(_control(changes))}.")
            continue
        sure = row["low"] > 0 or row["high"] < 0
        kind = f"Biggest sure {what}" if sure else f"Biggest {what}, though not a sure one"
        doubt = "" if row["beyond_chance"] else f"; one of {len(changes):,}, so may be chance"
        said.append(
            f"{kind}: {as_code(str(row['strategy']))} finds "
            f"{format_share(abs(row['difference']), 2)} {more} of “{_plain(row['class'])}” "
            f"({_bounds(row)} at 95 %{doubt})."
        )
    return " ".join(said)


def gains_tables(comparison: Comparison) -> list[Table]:
    """Classes × strategies: recall minus the baseline's with its interval, a few strategies a table.

    Cells whose interval excludes 0 are marked "gain" or "loss". Of more than `MOST_CLASSES` classes
    those are listed that have such a cell, and of more than that many of these the surest.
    """
    changes = comparison.class_changes.dropna(subset="difference")
    strategies = [name for name in comparison.strategies if name in set(changes["strategy"])]
    shown = _shown(comparison, changes)
    caption = _caption(comparison, changes, len(shown))
    rows = {(row["strategy"], row["class"]): row for row in changes.to_dict("records")}
    tested = changes.groupby("class")["images"].max()
    tables: list[Table] = []
    for part in parts(strategies, ACROSS):
        lines = []
        for name in shown:
            head = (Cell(printable(name)), Cell(format_count(tested[name])))
            cells = (_cell(pd.Series(rows.get((strategy, name), {}))) for strategy in part)
            lines.append(Row((*head, *cells)))
        over = ", all seeds" if len(comparison.seeds) > 1 else ""
        columns = ("Class", f"Test images{over}", *map(printable, part))
        said = "The other strategies." if tables else caption
        tables.append(Table(said, columns, tuple(lines), csv="class_changes.csv"))
    return tables


def _shown(comparison: Comparison, changes: pd.DataFrame) -> list[str]:
    """Choose the classes that are listed, in the order of the comparison."""
    if len(comparison.classes) <= MOST_CLASSES:
        return comparison.classes
    # how far the interval stays away from 0; below 0 if it holds it
    away = changes[["low"]].assign(high=-changes["high"]).max(axis=1)
    surest = away.groupby(changes["class"]).max().sort_values(ascending=False, kind="stable")
    chosen = set(surest[surest > 0].index[:MOST_CLASSES])
    return [name for name in comparison.classes if name in chosen]


def _caption(comparison: Comparison, changes: pd.DataFrame, shown: int) -> str:
    baseline = as_code(_control(changes)) if len(changes) else "the baseline"
    mean = f", mean over {len(comparison.seeds)} seeds" if len(comparison.seeds) > 1 else ""
    said = [
        f"Recall minus that of {baseline}{mean}, and its 95 % interval.",
        "Marked, blue a gain and red a loss: the interval excludes 0. Each speaks for itself: if "
        f"nothing changed, about {format_count(0.03 * len(changes))} of these {len(changes):,} would be "
        "marked by chance.",
    ]
    if comparison.groups:
        said.append("Images come in groups, which widens the intervals.")
    classes = len(comparison.classes)
    if classes > MOST_CLASSES:
        surest = f"the {shown} surest" if shown == MOST_CLASSES else f"{shown}"
        said.append(
            f"Of {pluralize(classes, 'class', 'classes')}, {surest} with a marked change "
            f"{'is' if shown == 1 else 'are'} listed; {classes - shown:,} are left out here."
        )
    return " ".join(said)


def _cell(row: pd.Series) -> Cell:
    if row.empty:
        return Cell(MISSING)
    low, high = round(row["low"], 2), round(row["high"], 2)  # as written: ±.00 excludes nothing
    mark = "gain" if low > 0 else "loss" if high < 0 else ""
    return Cell(add_sign(format_share(row["difference"], 2)), note=_bounds(row), mark=mark)


def _bounds(row: pd.Series) -> str:
    return f"{add_sign(format_share(row['low'], 2))} to {add_sign(format_share(row['high'], 2))}"


def _control(changes: pd.DataFrame) -> str:
    return str(changes["baseline"].iloc[0])


def _plain(name: str) -> str:
    """Return a class's name as text that holds no code span."""
    return printable(str(name)).replace("`", "'")

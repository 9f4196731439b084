"""What each setting of a study changes and accounts for, in sentences from `StudyTables` alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmark.analysis.contrasts import direction
from benchmark.analysis.shares import FARTHEST
from benchmark.analysis.study import StudyTables
from benchmark.report.render.formats import format_count, format_percent
from benchmark.report.sweep.main_effects import format_change
from benchmark.report.sweep.words import noun, short_value, with_noun
from benchmark.system.text import join_names

Row = Mapping[Any, Any]


def change_sentences(tables: StudyTables) -> Iterator[str]:
    """Say what another value of each setting changes, all others as they were."""
    words = {1: "is higher", -1: "is lower", 0: "does not clearly change"}
    accuracy = tables.changes[tables.changes["metric"] == "accuracy"]
    for row in accuracy.to_dict("records"):
        values = (
            f"{with_noun(row['setting'], row['value'])} in place of "
            f"{short_value(row['setting'], row['against'])}"
        )
        why = row["same_because"]
        if isinstance(why, str) and why:  # an empty one is read from CSV as NaN
            yield (
                f"With {values}, the very same networks are trained ({why}): nothing is known of "
                f"the {noun(row['setting'])}, and it has no share."
            )
            continue
        change = f"accuracy {words[direction(row['low'], row['high'])]}, {_change(row)}"
        text = f"{_start(row['seeds'])} {values}, {change}"
        before, after = map(format_count, (row["never_predicted_before"], row["never_predicted"]))
        if before != after:
            are = "class is" if after == "1" else "classes are"
            text += f"; {after} {are} never predicted, {before} before"
        yield f"{text}."


def share_sentence(tables: StudyTables, metric: str = "accuracy") -> str:
    """Say how much of the lost score is due to each setting; '' for fewer than two settings."""
    rows = tables.shares[tables.shares["metric"] == metric].to_dict("records")
    if len(rows) < 2:
        return ""
    total = rows[0]
    values = join_names([with_noun(row["setting"], row["value"]) for row in rows])
    start = _start(total["seeds"])
    change = format_change(total["total"], total["total_low"], total["total_high"])
    sign = direction(total["total_low"], total["total_high"])
    rising, falling = _clear_parts(rows, 1), _clear_parts(rows, -1)
    if sign == 0:
        though = join_names([*rising, *falling])
        rest = f", though {though}" if though else ": there is no clear loss to share out"
        return f"{start} {values}, accuracy does not clearly change, {change}{rest}."
    if sign < 0:
        rest = f", though {join_names(rising)}" if rising else ": they are no remedy"
        return f"{start} {values}, accuracy is lower, {change}{rest}."
    order = sorted(rows, key=lambda row: -row["share"])
    known, unknown = ([_share(row) for row in order if _is_known(row) == k] for k in (True, False))
    text = f"{start} {values}, accuracy is higher, {change}."
    if known:
        text += f" Of that, {join_names(known)}."
    if unknown:
        text += f" That {join_names(unknown)} says nothing: any share from 0 to 100 % fits."
    if any(row["share"] < 0 for row in rows):
        text += " A share below 0 % is that of a setting which lowers accuracy: the others raise it"
        text += " by more."
    return text


def _clear_parts(rows: Sequence[Row], sign: int) -> list[str]:
    """Return with which settings accuracy clearly rises or falls: as a whole they may cancel."""
    parts = [
        f"{with_noun(row['setting'], row['value'])}, {_change(row)}"
        for row in rows
        if direction(row["low"], row["high"]) == sign
    ]
    return [f"it {'rises' if sign > 0 else 'falls'} with {join_names(parts)}"] if parts else []


def _start(seeds: int) -> str:
    """Return how a sentence begins: of one seed it is about these networks."""
    return "With" if seeds > 1 else "Of these networks alone, with"


def _share(row: Row) -> str:
    return (
        f"the {noun(row['setting'])} accounts for {format_percent(row['share'])} (95 %: "
        f"{share_bounds(row)})"
    )


def _is_known(row: Row) -> bool:
    """Tell whether the interval of a share excludes any from 0 to 100 %."""
    return bool(row["share_low"] > 0 or row["share_high"] < 1)


def share_bounds(row: Row) -> str:
    """Return the interval of a share; a bound that was not found is none."""
    low, high = (
        "no bound" if abs(bound) >= FARTHEST else format_percent(bound)
        for bound in (row["share_low"], row["share_high"])
    )
    return f"{low} to {high}"


def advice_sentence(tables: StudyTables, metric: str = "accuracy") -> str:
    """Name the setting to change first, if its share is clearly the largest.

    '' without shares, or for one seed: another training may share the loss out otherwise.
    """
    rows = tables.shares[tables.shares["metric"] == metric].dropna(subset=["share"])
    rows = rows[rows["total_low"] > 0].sort_values("share", ascending=False, kind="stable")
    if len(rows) < 2 or rows["seeds"].min() == 1:
        return ""
    first, *others = rows.to_dict("records")
    rivals = [row for row in others if row["share_high"] >= first["share_low"]]
    if not rivals:
        return f"Begin with the {noun(first['setting'])}: its share is clearly the largest."
    kinds = join_names([f"the {noun(row['setting'])}" for row in (first, *rivals)], "or")
    return f"Whether {kinds} matters most is not clear: their intervals overlap."


def _change(row: Row) -> str:
    return format_change(row["effect"], row["low"], row["high"])

"""From which value of a setting on a strategy helps, or stops helping, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any

import pandas as pd

from benchmark.analysis.contrasts import direction
from benchmark.analysis.sweep import SweepComparison
from benchmark.analysis.value_order import values_in_order
from benchmark.report.render.blocks import as_code
from benchmark.report.render.formats import add_sign, format_share
from benchmark.report.sweep.main_effects import signed_bounds
from benchmark.report.sweep.words import (
    noun,
    plural,
    quote_all,
    short_value,
    values_in_words,
    with_noun,
)
from benchmark.system.text import join_names

MOST = 3  # strategies along a setting that have a sentence each; more are counted
_FIRST = {1: "raises macro-F1", -1: "lowers macro-F1", 0: "does not clearly change macro-F1"}
_NEXT = {1: "raises it", -1: "lowers it"}

Row = Mapping[Any, Any]
Gains = dict[str, Row]  # value -> its row of `SweepComparison.gains`, in the order of the values


def gain_sentences(comparison: SweepComparison) -> Iterator[str]:
    """Yield for each setting where strategies help and where no longer; nothing of one seed.

    First come those whose gain clearly changes.
    """
    gains = comparison.gains
    gains = gains[gains["seeds"] > 1]  # of one seed they are of these networks alone
    for setting, table in gains.groupby("setting", sort=False):
        if sentences := list(_along(comparison, str(setting), table)):
            means = "" if len(comparison.settings) == 1 else ", means over the other settings"
            yield f"Gains along the {plural(str(setting))}{means}: {' '.join(sentences)}"


def _along(comparison: SweepComparison, setting: str, gains: pd.DataFrame) -> Iterator[str]:
    """Yield a sentence each for the strategies of which most is known, and count the others."""
    changes = comparison.gain_changes
    changes = changes[changes["setting"] == setting]
    order, changing, always = values_in_order(comparison, setting), [], dict[int, list[str]]()
    for strategy, rows in gains.groupby("strategy", sort=False):
        by_value: Gains = {row["value"]: row for row in rows.to_dict("records")}
        own = changes[changes["strategy"] == strategy].to_dict("records")
        signs = {_sign(row) for row in by_value.values()}
        if len(by_value) < 2 or not own or signs == {0}:
            continue
        clear = any(map(_sign, own))
        if len(signs) > 1 or clear:
            size = max(abs(row["change"]) for row in own)
            changing.append(
                (not clear, -size, _sentence(str(strategy), setting, by_value, own, order))
            )
        else:
            always.setdefault(signs.pop(), []).append(str(strategy))
    changing.sort(key=lambda entry: entry[:2])
    yield from (sentence for *_, sentence in changing[:MOST])
    if (rest := len(changing) - MOST) > 0:
        others = "one more strategy" if rest == 1 else f"{rest} more strategies"
        yield f"Of {others} the gain is clear under some {plural(setting)} alone: see the table."
    for sign, names in always.items():
        verb = {1: "raise", -1: "lower"}[sign] + ("s" if len(names) == 1 else "")
        every = values_in_words(setting, len(comparison.values_of(setting)))
        yield f"{quote_all(names, MOST)} {verb} macro-F1 under {every}."


def _sentence(
    strategy: str,
    setting: str,
    gains: Gains,
    changes: Sequence[Row],
    order: Sequence[str] | None,
) -> str:
    """Return where a strategy helps and where not, and whether its gain differs there."""
    signs = {value: _sign(row) for value, row in gains.items()}
    if len(set(signs.values())) == 1:
        return f"{as_code(strategy)} {_under_all(setting, gains, changes[0])}."
    if order is None:
        parts = _by_sign(setting, gains, signs)
    else:
        parts = _walk(setting, gains, [(signs[value], value) for value in order if value in gains])
    tails = [_change(setting, change, order is not None) for change in changes]
    return f"{as_code(strategy)} {'; '.join([join_names(parts), *tails])}."


def _walk(setting: str, gains: Gains, signs: Sequence[tuple[int, str]]) -> list[str]:
    """Return what a strategy does along ordered values: "raises … up to 4 epochs (…)"."""
    groups = [(s, [v for _, v in own]) for s, own in groupby(signs, key=lambda pair: pair[0])]
    parts = []
    for k, (sign, values) in enumerate(groups):
        name = partial(short_value if k else with_noun, setting)
        near, where = values[0], f"at {name(values[0])}"
        if len(values) > 1 and k == 0:
            near, where = values[-1], f"up to {name(values[-1])}"
        elif len(values) > 1 and k == len(groups) - 1:
            where = f"from {name(near)} on"
        elif len(values) > 1:
            where = f"from {name(near)} to {name(values[-1])}"
        verb = _FIRST[sign] if k == 0 else _NEXT.get(sign, "no longer clearly")
        parts.append(f"{verb} {where} ({_numbers(gains[near], len(values) > 1)})")
    return parts


def _by_sign(setting: str, gains: Gains, signs: Mapping[str, int]) -> list[str]:
    """Return with which of unordered values a strategy helps, harms, or does neither clearly."""
    parts = list[str]()
    for sign in (1, -1, 0):
        if not (values := [value for value in gains if signs[value] == sign]):
            continue
        names = [f"{as_code(value)} ({_numbers(gains[value])})" for value in values]
        verb = _NEXT.get(sign, "not clearly") if parts else _FIRST[sign]
        parts.append(f"{verb} with {'' if parts else noun(setting) + ' '}{join_names(names)}")
    return parts


def _under_all(setting: str, gains: Gains, change: Row) -> str:
    """Return what a strategy does under every value, where its gain clearly differs."""
    name, row = partial(short_value, setting), gains[change["value"]]
    sign = _sign(row)
    more = "more" if sign * change["change"] > 0 else "less"
    return (
        f"{_FIRST[sign]} under {values_in_words(setting, len(gains))}, {more} under "
        f"{name(change['value'])} ({_numbers(row)}) than under {name(change['against'])} "
        f"({_numbers(gains[change['against']])})"
    )


def _change(setting: str, row: Row, is_ordered: bool) -> str:
    """Return whether the gain differs between two values."""
    name, sign = partial(short_value, setting), _sign(row)
    value, against = name(row["value"]), name(row["against"])
    verb = "rises" if row["change"] > 0 else "falls"
    bounds = signed_bounds(row["low"], row["high"])
    numbers = f"({add_sign(format_share(row['change']))}, 95 %: {bounds})"
    if is_ordered:
        where = f"the gain {verb} from {against} to {value}"
    else:
        where = f"the gain is larger with {value} than with {against}"
    return f"{where} {numbers}" if sign else f"whether {where} is not clear {numbers}"


def _numbers(row: Row, there: bool = False) -> str:
    gain = add_sign(format_share(row["gain"]))
    return f"{gain}{' there' if there else ''}, 95 %: {signed_bounds(row['low'], row['high'])}"


def _sign(row: Row) -> int:
    return direction(row["low"], row["high"])

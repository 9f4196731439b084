"""What each setting of a sweep changes, in sentences and tables: main effects, gains, best cell."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from benchmark.analysis.best_cell import is_of_images
from benchmark.analysis.contrasts import direction
from benchmark.analysis.run_grid import RANKED_BY
from benchmark.analysis.sweep import SweepComparison
from benchmark.evaluation.metrics.registry import METRICS
from benchmark.report.render.blocks import MARKS, Cell, Row, Table, as_code, make_row
from benchmark.report.render.formats import MISSING, add_sign, format_share
from benchmark.report.single.interval_meaning import what_varies
from benchmark.report.sweep.words import noun, plural, with_noun
from benchmark.system.text import join_names, pluralize


def format_change(value: float, low: float, high: float) -> str:
    """Return "+.120 (95 %: +.080 to +.160)".

    >>> format_change(0.12, 0.08, 0.16)
    '+.120 (95 %: +.080 to +.160)'
    """
    texts = (add_sign(format_share(number)) for number in (value, low, high))
    return "{} (95 %: {} to {})".format(*texts)


def effect_sentences(comparison: SweepComparison) -> Iterator[str]:
    """Yield for each setting what its values change in macro-F1, all strategies together."""
    table = comparison.main_effects
    table = table[table["metric"] == RANKED_BY]
    number = len(comparison.ranked)
    mean = f" (mean of {number} strategies)" if number > 1 else ""
    for setting, rows in table.groupby("setting", sort=False):
        against = as_code(str(rows["against"].iloc[0]))
        phrases = [_effect_phrase(row) for row in rows.to_dict("records")]
        clear, unclear = (
            [text for is_clear, text in phrases if is_clear == wanted] for wanted in (True, False)
        )
        if unclear:
            verb = "makes" if len(unclear) == 1 else "make"
            clear.append(f"{join_names(unclear)} {verb} no clear difference")
        yield f"{noun(str(setting)).capitalize()}, against {against}{mean}: {'; '.join(clear)}."


def _effect_phrase(row: Mapping[Any, Any]) -> tuple[bool, str]:
    """Return whether an effect is clear, and what it is."""
    value, sign = as_code(row["value"]), direction(row["low"], row["high"])
    bounds = f"95 %: {signed_bounds(row['low'], row['high'])}"
    if not sign:
        return False, f"{value} ({add_sign(format_share(row['effect']))}, {bounds})"
    size = format_share(abs(row["effect"]))
    if row["seeds"] == 1:
        more = "higher" if sign > 0 else "lower"
        return True, f"macro-F1 is {size} {more} under {value} ({bounds})"
    return True, f"{value} {'raises' if sign > 0 else 'lowers'} macro-F1 by {size} ({bounds})"


def best_sentences(comparison: SweepComparison) -> Iterator[str]:
    """Yield which cell is best on validation, and its test score; for each kind of images one."""
    for best in comparison.best_cells:
        bounds = " to ".join(format_share(bound) for bound in (best.low, best.high))
        cells = pluralize(best.choices, "combination", "combinations")
        values = comparison.values[comparison.names.index(best.run)]
        given, chosen = (
            [
                with_noun(setting, value)
                for setting, value in zip(comparison.settings, values, strict=True)
                if is_of_images(setting) == of_images
            ]
            for of_images in (True, False)
        )
        condition = f"Under {join_names(given)}, the best" if given else "The best"
        where = f" under {join_names(chosen)}" if chosen else ""
        yield (
            f"{condition} of {cells} by macro-F1 on validation images "
            f"({format_share(best.validation)}): {as_code(best.strategy)}{where}. On test images, "
            f"which had no say in that, it has {format_share(best.test)} (95 %: {bounds})."
        )


def effects_table(comparison: SweepComparison) -> Table | None:
    """One row per setting, value after the first and metric; None where there is no effect."""
    if comparison.main_effects.empty:
        return None
    rows = [
        make_row(
            noun(row["setting"]),
            f"{row['value']} against {row['against']}",
            METRICS.get(row["metric"]).title,
            *change_cells(row["effect"], row["low"], row["high"]),
        )
        for row in comparison.main_effects.to_dict("records")
    ]
    strategies = pluralize(len(comparison.ranked), "strategy", "strategies")
    others = "" if len(comparison.settings) == 1 else " and the values of the other settings"
    caption = (
        f"Main effects: the mean over {strategies}{others} under one value, minus that under the "
        f"first. 95 % intervals over {what_varies(comparison.runs[0])}; not corrected for the "
        "number of rows. Coloured: the interval excludes 0."
    )
    columns = ("Setting", "Value", "Metric", "Effect", "95 % interval")
    return Table(caption, columns, tuple(rows), frozenset({0, 1, 2}), csv="main_effects.csv")


def gains_tables(comparison: SweepComparison) -> Iterator[Table]:
    """Yield for each setting a table, strategies × values: what each gains over the baseline."""
    for setting, table in comparison.gains.groupby("setting", sort=False):
        values = list(dict.fromkeys(table["value"]))
        rows = [
            Row(
                (
                    Cell(str(name)),
                    *(cell for r in own.to_dict("records") for cell in _gain_cells(r)),
                )
            )
            for name, own in table.groupby("strategy", sort=False)
        ]
        others = "" if len(comparison.settings) == 1 else ", mean over the other settings"
        caption = (
            f"Macro-F1 minus that of {comparison.baseline} under each of the "
            f"{plural(str(setting))}{others}, with its 95 % interval. Coloured: the interval "
            f"excludes 0; not corrected for the number of rows. Marked *: it differs clearly from "
            f"the gain under {values[0]}."
        )
        columns = ("Strategy", *(h for value in values for h in (str(value), "95 % interval")))
        yield Table(caption, columns, tuple(rows), csv="gains.csv")


def _gain_cells(row: Mapping[Any, Any]) -> tuple[Cell, Cell]:
    depends = row["change"] == row["change"] and direction(row["change_low"], row["change_high"])
    gain, bounds = change_cells(row["gain"], row["low"], row["high"])
    return replace(gain, text=gain.text + ("*" if depends else "")), bounds


def change_cells(value: float, low: float, high: float) -> tuple[Cell, Cell]:
    """Return a change, coloured if its interval excludes 0, and the interval; NaN is missing."""
    if value != value:
        return Cell(MISSING), Cell(MISSING)
    mark = MARKS[direction(low, high)]
    return Cell(add_sign(format_share(value)), mark=mark), Cell(signed_bounds(low, high))


def signed_bounds(low: float, high: float) -> str:
    """Return the bounds of a change: "+.080 to +.160"."""
    return " to ".join(add_sign(format_share(bound)) for bound in (low, high))

"""Tables of strategies and metrics: a column for each of METRICS, and those of the budget."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.noise_floor import noise_floor
from benchmark.evaluation.metrics.metric import Metric
from benchmark.evaluation.metrics.registry import METRICS, interval_metrics, main_metrics
from benchmark.report.render import formats
from benchmark.report.render.blocks import Cell, Row, Table, make_row
from benchmark.report.render.formats import MISSING, add_sign, format_count
from benchmark.report.single.absent_classes import absent_classes_sentence
from benchmark.report.single.noise_floor import (
    MARK,
    is_noise,
    mark_sentence,
    noise_floor_sentence,
)
from benchmark.report.single.strategies import error_of, heading_cell, row_kind
from benchmark.system.text import join_names

ARROWS = {"higher": " ↑", "lower": " ↓", None: ""}


@dataclass(frozen=True)
class Column:
    """A column of numbers, one per strategy."""

    name: str  # of the column in summary.csv or seeds.csv
    title: str
    write: Callable[[float], str]
    better: Literal["higher", "lower"] | None = None
    of_network: bool = False  # the same for all that share a network: no decision changes it
    of_probabilities: bool = False  # likewise, unless a decision corrects probabilities

    @property
    def heading(self) -> str:
        """The title, with an arrow that points to better values."""
        return self.title + ARROWS[self.better]


BUDGET = (
    Column("steps", "Steps", format_count),
    Column("seconds", "Seconds", formats.format_seconds, of_network=True),
)
IMAGES = (
    Column("images_seen", "Images drawn", format_count, of_network=True),
    Column("distinct_images", "Distinct images", format_count, of_network=True),
)


def main_columns(present_forms: bool = False) -> tuple[Column, ...]:
    """Return the columns of the first table: the main metrics, steps and seconds.

    With `present_forms`, metrics over the classes present follow those over the whole class list.
    """
    metrics = main_metrics()
    if present_forms:
        forms = {m.present_form_of: [m] for m in METRICS.values() if m.present_form_of}
        metrics = [m for main in metrics for m in (main, *forms.get(main.name, []))]
    return (*map(column_of, metrics), *BUDGET)


def further_columns() -> tuple[Column, ...]:
    """Return the columns of the further metrics of labels, and those of images.

    `network_columns` has those of probabilities, `main_columns` and `balanced_columns` the others.
    """
    further = [m for m in _further_metrics() if not m.of_network]
    macro_f1 = column_of(METRICS.get("macro_f1"))
    title = f"Validation {formats.lower_first(macro_f1.title)}"
    validation = replace(macro_f1, name="val_macro_f1", title=title)
    return (*map(column_of, further), validation, *IMAGES)


def network_columns() -> tuple[Column, ...]:
    """Return the columns of the further metrics of probabilities, before a decision."""
    return tuple(column_of(metric) for metric in _further_metrics() if metric.of_network)


def _further_metrics() -> list[Metric]:
    forms = ("main", "balanced_form_of", "present_form_of")
    return [m for m in METRICS.values() if not any(getattr(m, form) for form in forms)]


def balanced_columns() -> tuple[Column, ...]:
    """Return metrics side by side with their balanced form, titled by the natural one."""
    columns: list[Column] = []
    for metric in METRICS.values():
        if metric.balanced_form_of:
            natural = column_of(METRICS.get(metric.balanced_form_of))
            columns += [natural, replace(column_of(metric), title=f"{natural.title}, balanced")]
    return tuple(columns)


def interval_columns() -> tuple[Column, ...]:
    """Return the metrics that have a confidence interval."""
    return tuple(map(column_of, interval_metrics().values()))


def column_of(metric: Metric) -> Column:
    """Return the column of a metric."""
    write = formats.FORMATS[metric.format]
    return Column(
        metric.name, metric.title, write, metric.better, of_probabilities=metric.of_network
    )


def main_table(comparison: Comparison, plain: bool = False) -> Table:
    """Strategies × the numbers of summary.csv; failed ones are rows with their error.

    `plain`, for the terminal, leaves out the differences, and what the caption says of bold and
    small print.
    """
    summary, absence = comparison.summary.set_index("strategy"), absent_classes_sentence(comparison)
    columns = main_columns(present_forms=bool(absence))
    csv = "summary.csv"
    if beside := [column for column in columns if column.name not in summary]:
        summary, csv = summary.join(means_over_seeds(comparison, beside)), f"{csv} seeds.csv"
    visible, constants = split_constants(summary, columns)
    caption = _main_caption(comparison, plain) + constants + (absence and f" {absence}")
    return metric_table(comparison, summary, visible, csv, caption, differences=not plain)


def priors_table(comparison: Comparison) -> Table | None:
    """Strategies × metrics at the natural and at the balanced class prior, mean over seeds.

    None where every class has as many test images as any other, so that both priors are the same.
    """
    columns = balanced_columns()
    means = means_over_seeds(comparison, columns)
    if means.isna().all(axis=None) or len(set(comparison.test_counts) - {0}) < 2:
        return None
    over = f" Mean over {len(comparison.seeds)} seeds." if len(comparison.seeds) > 1 else ""
    caption = (
        "Each metric on the test images as they are, and balanced: an image counts by one over the "
        "number of test images of its class, as if all classes were equally frequent. Balanced, "
        f"accuracy is the balanced accuracy.{over}"
    )
    return metric_table(comparison, means, columns, "seeds.csv", caption)


def means_over_seeds(comparison: Comparison, columns: Sequence[Column]) -> pd.DataFrame:
    """Return the means of columns over the seeds, one row per strategy; NaN where none finished."""
    names = list(dict.fromkeys(column.name for column in columns))
    values = comparison.seed_rows.set_index("strategy")[names].astype(float)
    return values.groupby(level="strategy").mean().reindex(comparison.strategies)


def metric_table(
    comparison: Comparison,
    values: pd.DataFrame,
    columns: Sequence[Column],
    csv: str,
    caption: str,
    differences: bool = False,
) -> Table:
    """Return strategies × columns, and the null row, which is the best of no column.

    With differences, small, from the baseline if asked for; marked if they may be noise.
    """
    baseline = comparison.baseline
    columns = [_with_decimals(column, values) for column in columns]
    best = {}
    for c in columns:
        owners = _owners_of(comparison, c)
        is_owner = [owners.get(str(name), name) == name for name in values.index]
        best[c.name] = format_best(values[c.name][is_owner], c.write, c.better)
    records = {str(name): row for name, row in values.to_dict("index").items()}
    reference = records.get(str(baseline)) if differences else None
    if comparison.null_row:
        of_null = means_over_seeds(comparison.null_row, columns).to_dict("index")
        records |= {str(name): row for name, row in of_null.items() if name == comparison.null}
    rows, floor = [], noise_floor(comparison) if differences else None
    floors = {c.name: floor.of_mean(c.name) for c in columns if c.better} if floor else {}
    for strategy in comparison.rows:
        numbers = records.get(strategy, {})
        heading = heading_cell(comparison, strategy)
        if not any(np.isfinite(number_in(numbers, column.name)) for column in columns):
            error = f"failed: {error_of(comparison, strategy)}"
            failed = Cell(error, mark="failed", span=len(columns))
            rows.append(Row((heading, failed), kind="failed"))
            continue
        compare_with = None if strategy == baseline else reference
        competes = strategy != comparison.null
        cells = (
            Cell(MISSING)
            if _owners_of(comparison, column).get(strategy, strategy) != strategy
            else _metric_cell(
                column,
                numbers,
                compare_with,
                *((best[column.name], floors.get(column.name)) if competes else ()),
            )
            for column in columns
        )
        rows.append(make_row(heading, *cells, kind=row_kind(comparison, strategy)))
    titles = ("Strategy", *(column.heading for column in columns))
    sharing = "".join(dict.fromkeys(_sharing_sentence(_owners_of(comparison, c)) for c in columns))
    return Table(caption + sharing, titles, tuple(rows), csv=csv)


def _owners_of(comparison: Comparison, column: Column) -> dict[str, str]:
    """Return for each strategy the one whose row has the numbers of a column, if not its own."""
    if column.of_network:
        return comparison.network_owners
    return comparison.probability_owners if column.of_probabilities else {}


def format_best(
    values: pd.Series, write: Callable[[float], str], better: Literal["higher", "lower"] | None
) -> str | None:
    """Return the best value as written; None if none is better, or if all or all but one tie."""
    numbers = values.dropna().astype(float)
    if better is None or numbers.empty:
        return None
    best = write(numbers.max() if better == "higher" else numbers.min())
    ties = (numbers.map(write) == best).sum()
    return None if ties == len(numbers) or 1 < ties == len(numbers) - 1 else best


def number_in(numbers: Mapping[Any, Any], name: str) -> float:
    """Return a number of a row, NaN where it is missing."""
    value = numbers.get(name)
    return float("nan") if value is None or value is pd.NA else float(value)


def _metric_cell(
    column: Column,
    numbers: Mapping[Any, Any],
    reference: Mapping[Any, Any] | None,
    best: str | None = None,
    floor: float | None = None,
) -> Cell:
    """Return a value and, small, its difference from the reference.

    The value is marked if it is the best, the difference if it is no larger than the noise floor.
    """
    value, note = number_in(numbers, column.name), ""
    if reference is not None and column.better is not None:
        difference = value - number_in(reference, column.name)
        note = add_sign(column.write(difference))
        note = f"{MARK} {note}" if is_noise(floor, difference) else note
    written = column.write(value)
    note = "" if note == MISSING else note
    return Cell(written, note, mark="best" if written == best else "")


def _with_decimals(column: Column, values: pd.DataFrame) -> Column:
    """Return a column of counts with one decimal for all values if one has a fraction."""
    if column.write is not format_count:
        return column
    numbers = values[column.name].dropna().astype(float)
    return replace(column, write=formats.count_formatter(numbers))


def split_constants(values: pd.DataFrame, columns: Sequence[Column]) -> tuple[list[Column], str]:
    """Return the columns to show, and a sentence about those with nothing to compare.

    Such a column has one value for all strategies, and no direction or the worst value, 0.
    """
    visible, constants = [], []
    for column in columns:
        numbers = values[column.name].dropna().astype(float)
        written = set(map(column.write, numbers))
        all_worst = column.better == "higher" and (numbers == 0).all()
        if len(written) == 1 and (column.better is None or all_worst):
            constants.append(f"{formats.lower_first(column.title)} {written.pop()}")
        else:
            visible.append(column)
    return visible, f" The same for all: {join_names(constants)}." if constants else ""


def _sharing_sentence(owners: Mapping[str, str]) -> str:
    """Explain empty cells: a number of a shared network is in one row only."""
    sharing = [name for name, owner in owners.items() if name != owner]
    if not sharing:
        return ""
    verb = "uses" if len(sharing) == 1 else "use"
    return f" {MISSING}: {join_names(sharing)} {verb} the network of another row."


def _main_caption(comparison: Comparison, plain: bool) -> str:
    seeds = comparison.seeds
    over = f", mean over {len(seeds)} seeds" if len(seeds) > 1 else f" of seed {seeds[0]}"
    caption = f"Results on the test images{over}."
    if plain:
        return f"{caption} {noise_floor_sentence(comparison)}".rstrip()
    caption += f" Bold: best of its column{', the null row left out' if comparison.null else ''}."
    if comparison.baseline in set(comparison.summary["strategy"]):
        caption += f" Small: difference from {comparison.baseline}. {mark_sentence(comparison)}"
    return caption.rstrip()

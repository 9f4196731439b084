"""Several data sets' numbers laid out as tables for the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmark.analysis.multi_dataset import NOT_RUN, MultiDatasetComparison
from benchmark.report.multi.settings import settings
from benchmark.report.render.blocks import Cell, Facts, Row, Table, printable
from benchmark.report.render.formats import (
    MISSING,
    add_sign,
    count_formatter,
    format_count,
    format_p_value,
    format_share,
    pluralize,
)
from benchmark.report.single.tables import ACROSS

Write = Callable[[float], str]
Records = dict[tuple[str, str], dict[Any, Any]]  # by strategy and data set


def macro_f1_tables(across: MultiDatasetComparison) -> list[Table]:
    """Strategies × data sets: macro-F1 and its change; then how often higher, and mean rank."""
    common = across.baseline is not None
    last = {"Above baseline ↑": _higher(across)} if common else {}
    last["Mean rank ↓"] = _mean_rank(across, "mean_rank")
    caption = f"Macro-F1, mean over each run's seeds.{_said(across)}"
    return _wide(across, "macro_f1", format_share, True, caption, last, [""] * len(across.datasets))


def never_predicted_tables(across: MultiDatasetComparison) -> list[Table]:
    """Strategies × data sets: classes never predicted."""
    last = {"Mean rank ↓": _mean_rank(across, "never_predicted_mean_rank")}
    caption = f"Classes never predicted, mean over each run's seeds.{_said(across)}"
    classes = [f", of {pluralize(len(run.classes), 'class', 'classes')}" for run in across.runs]
    write = count_formatter(across.scores["never_predicted"].dropna().astype(float))
    return _wide(across, "never_predicted", write, False, caption, last, classes)


def accuracy_tables(across: MultiDatasetComparison) -> list[Table]:
    """Strategies × data sets: accuracy, which help for rare classes tends to cost."""
    last = {"Mean rank ↓": _mean_rank(across, "accuracy_mean_rank")}
    caption = f"Accuracy, mean over each run's seeds.{_said(across)}"
    return _wide(across, "accuracy", format_share, True, caption, last, [""] * len(across.datasets))


def ranks_tables(across: MultiDatasetComparison) -> list[Table]:
    """Strategies × data sets: rank by macro-F1, of those that every run asked for."""
    records, tables = _records(across), []
    number = int(across.leaderboard["ranked"].max())
    caption = (
        "Ranks by macro-F1, 1 is the highest; equal ones share their mean. Mean ranks are over "
        f"the {pluralize(number, 'data set', 'data sets')} on which all of these finished, and "
        "depend on which strategies are compared."
    )
    means = _mean_rank(across, "mean_rank")
    for part in _parts(across):
        rows = []
        for name in across.common_strategies:
            cells = [Cell(_rank(records[name, dataset]["rank"])) for dataset in part]
            rows.append(_row(across, name, [*cells, means[name]]))
        columns = ("Strategy", *map(printable, part), "Mean rank ↓")
        tables.append(Table(caption, columns, tuple(rows), csv="scores.csv"))
    return tables


def pairs_table(across: MultiDatasetComparison) -> Table:
    """One row a pair of strategies: on how many data sets which one is higher, and the test."""
    rows = []
    for pair in sorted(
        across.pair_tests, key=lambda pair: (np.nan_to_num(pair.p_holm, nan=2), pair.p)
    ):
        names = [printable(across.common_strategies[place]) for place in (pair.one, pair.two)]
        numbers = [
            format_count(pair.datasets),
            format_count(pair.higher),
            format_count(pair.lower),
            add_sign(format_share(pair.median)),
            format_p_value(pair.p),
            format_p_value(pair.p_holm),
        ]
        rows.append(Row((*map(Cell, names), *map(Cell, numbers))))
    columns = (
        *("One", "Other", "Data sets", "One higher", "Other higher", "Median difference"),
        *("p", "p, Holm"),
    )
    caption = (
        "Macro-F1 of every two strategies, by Wilcoxon's signed ranks over the data sets on which "
        f"both finished; Holm for {pluralize(len(rows), 'pair', 'pairs')}."
    )
    return Table(caption, columns, tuple(rows), frozenset({0, 1}), csv="pairs.csv")


def runs_table(across: MultiDatasetComparison) -> Table:
    """One row a run: its data, and the settings that are not the same in all."""
    rows, each = [], [settings(run) for run in across.runs]
    differ = [name for name in each[0] if len({values[name] for values in each}) > 1]
    for dataset, run, values in zip(across.datasets, across.runs, each, strict=True):
        counts = run.train_counts
        ratio = format_count(max(counts) / min(counts)) if min(counts, default=0) > 0 else MISSING
        numbers = [
            format_count(len(run.classes)),
            format_count(sum(counts)),
            ratio,
            format_count(sum(run.test_counts) / max(len(run.seeds), 1)),
        ]
        said = [str(run.folder), run.baseline or "none", *(values[name] for name in differ)]
        rows.append(Row(tuple(Cell(printable(text)) for text in (dataset, *numbers, *said))))
    numbers_of = ("Classes", "Train images", "Ratio", "Test images")
    columns = ("Data set", *numbers_of, "Folder", "Baseline", *map(_title, differ))
    flush = frozenset({0, *range(1 + len(numbers_of), len(columns))})
    caption = (
        "Ratio: training images of the largest class to those of the smallest. Each run's own "
        "report says how sure its numbers are."
    )
    return Table(caption, columns, tuple(rows), flush, csv="runs.csv")


def shared_settings(across: MultiDatasetComparison) -> Facts | None:
    """Return the settings that are the same in all runs; None if there are none."""
    each = [settings(run) for run in across.runs]
    same = [
        (_title(name), value)
        for name, value in each[0].items()
        if all(values[name] == value for values in each)
    ]
    return Facts(tuple(same)) if same else None


def _title(name: str) -> str:
    return name[0].upper() + name[1:]


def _wide(
    across: MultiDatasetComparison,
    metric: str,
    write: Write,
    more_is_better: bool,
    caption: str,
    last: dict[str, dict[str, Cell]],
    more: list[str],
) -> list[Table]:
    """Lay out a metric, some data sets a table; `last` columns stand in each, `more` in titles."""
    records, titles = _records(across), dict(zip(across.datasets, more, strict=True))
    best = {dataset: _best(across, dataset, metric, write, more_is_better) for dataset in titles}
    prefix = "" if metric == "macro_f1" else f"{metric}_"
    tables = []
    for part in _parts(across):
        rows = []
        for name in across.strategies:
            cells = []
            for dataset in part:
                record = records[name, dataset]
                cells.append(_cell(across, record, metric, f"{prefix}change", write, best[dataset]))
            rows.append(_row(across, name, [*cells, *(column[name] for column in last.values())]))
        columns = ("Strategy", *(printable(one) + titles[one] for one in part), *last)
        tables.append(Table(caption, columns, tuple(rows), csv="scores.csv"))
    return tables


def _cell(
    across: MultiDatasetComparison,
    record: dict[Any, Any],
    metric: str,
    change_column: str,
    write: Write,
    best: str | None,
) -> Cell:
    status = record["status"]
    if status == NOT_RUN:
        return Cell(NOT_RUN)
    if status == "failed":
        return Cell("failed", mark="never")
    text = write(record[metric])
    if status == "partly failed":
        run = across.runs[across.datasets.index(record["dataset"])]
        failed = int((run.failures["strategy"] == record["strategy"]).sum())
        return Cell(text, note=f"{len(run.seeds) - failed} of {len(run.seeds)} seeds")
    if record["strategy"] == record["baseline"]:
        note = "" if across.baseline else "baseline"
    else:
        note = add_sign(write(record[change_column]))
        note = "" if note == MISSING else note
    return Cell(text, note=note, mark="best" if text == best else "")


def _best(
    across: MultiDatasetComparison, dataset: str, metric: str, write: Write, more_is_better: bool
) -> str | None:
    """Return how the best value is written, None where all are written alike."""
    table = across.scores
    mine = table[(table["dataset"] == dataset) & (table["status"] == "ok")]
    values = mine[metric]
    if values.map(write).nunique() < 2:
        return None
    return write(values.max() if more_is_better else values.min())


def _higher(across: MultiDatasetComparison) -> dict[str, Cell]:
    leaderboard = across.leaderboard.set_index("strategy").to_dict("index")
    return {
        str(name): Cell(f"{row['higher']} of {row['compared']}" if row["compared"] else "")
        for name, row in leaderboard.items()
    }


def _mean_rank(across: MultiDatasetComparison, column: str) -> dict[str, Cell]:
    means = across.leaderboard.set_index("strategy")[column]
    written = means.map(_mean)
    best = _mean(means.min()) if written[means.notna()].nunique() > 1 else None
    return {
        str(name): Cell(text, mark="best" if text == best else "") for name, text in written.items()
    }


def _rank(value: float) -> str:
    if not np.isfinite(value):
        return MISSING
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _mean(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else MISSING


def _row(across: MultiDatasetComparison, name: str, cells: list[Cell]) -> Row:
    is_baseline = name == across.baseline
    head = Cell(printable(name), note="baseline" if is_baseline else "")
    return Row((head, *cells), kind="baseline" if is_baseline else "")


def _records(across: MultiDatasetComparison) -> Records:
    return {(row["strategy"], row["dataset"]): row for row in across.scores.to_dict("records")}


def _parts(across: MultiDatasetComparison) -> Iterator[tuple[str, ...]]:
    """Split the data sets into as many a table as fit on paper."""
    for begin in range(0, len(across.datasets), ACROSS):
        yield across.datasets[begin : begin + ACROSS]


def _said(across: MultiDatasetComparison) -> str:
    baseline = across.baseline
    against = f"change against {baseline}" if baseline else "change against the run's own baseline"
    return f" Bold: best of its column. Small: {against}."

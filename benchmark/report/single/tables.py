"""A run's numbers laid out as tables for the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from benchmark.analysis.comparison import Comparison
from benchmark.report.render.blocks import Cell, Facts, Row, Table, printable
from benchmark.report.render.formats import (
    MISSING,
    add_sign,
    count_formatter,
    format_count,
    format_p_value,
    format_seconds,
    format_share,
    join_names,
    pluralize,
)
from benchmark.report.single.audit import FLAG, flagged
from benchmark.report.single.networks import owners

Item = TypeVar("Item")
# column -> (title, how it is written, is more better: None where neither is)
Metric = tuple[str, Callable[[float], str], bool | None]
MAIN: dict[str, Metric] = {
    "macro_f1": ("Macro-F1 ↑", format_share, True),
    "never_predicted": ("Never predicted ↓", format_count, False),
    "zero_recall": ("Zero recall ↓", format_count, False),
    "balanced_accuracy": ("Balanced accuracy ↑", format_share, True),
    "accuracy": ("Accuracy ↑", format_share, True),
    "worst_recall": ("Worst-class recall ↑", format_share, True),
    "steps": ("Steps", format_count, None),
    "seconds": ("Seconds", format_seconds, None),
}
MORE: dict[str, Metric] = {
    "many_recall": ("Recall, many images ↑", format_share, True),
    "medium_recall": ("Recall, medium ↑", format_share, True),
    "few_recall": ("Recall, few images ↑", format_share, True),
    "g_mean": ("Geometric mean ↑", format_share, True),
    "mcc": ("MCC ↑", format_share, True),
    "log_loss": (
        "Log-loss ↓",
        lambda value: f"{value:.3f}" if np.isfinite(value) else MISSING,
        False,
    ),
    "ece": ("Calibration error ↓", format_share, False),
    "classwise_ece": ("Class-wise calibration error ↓", format_share, False),
    "val_macro_f1": ("Validation macro-F1 ↑", format_share, True),
    "images_seen": ("Images seen", format_count, None),
    "distinct_images": ("Distinct images", format_count, None),
}
_SPELT = {"lr": "Learning rate", "head lr": "Head learning rate", "cpu": "CPU", "sha256": "SHA-256"}
ActivationStore = Mapping[tuple[str, str], Mapping[Any, Any]]  # by strategy and metric
DIFFERENCES = {
    "macro_f1": "Change in macro-F1",
    "balanced_accuracy": "Change in balanced accuracy",
    "accuracy": "Change in accuracy",
}
ACROSS = 6  # strategies a table holds side by side and still fits on paper
NO_IMAGES = "no test images"
CONSTANT = (
    "worst_recall",
    "steps",
    "g_mean",
    "images_seen",
    "distinct_images",
)  # said in the caption where all strategies have the same
OF_NETWORK = frozenset(
    {
        *("log_loss", "log_loss_balanced", "ece", "ece_balanced", "classwise_ece"),
        *("images_seen", "distinct_images", "seconds"),
    }
)  # numbers that a decision does not change


def main_table(comparison: Comparison) -> Table:
    """Strategies × the numbers of summary.csv; failed ones are rows with their error."""
    summary = comparison.summary.set_index("strategy")
    shown, same = _without_constants(summary, MAIN)
    caption = _main_caption(comparison) + same
    return metrics_table(comparison, summary, shown, "summary.csv", caption, changes=True)


def _without_constants(
    numbers: pd.DataFrame, metrics: dict[str, Metric]
) -> tuple[dict[str, Metric], str]:
    """Return the metrics to show, and a sentence about those of CONSTANT that need no column."""
    written = {
        name: {write(value) for value in numbers[name].dropna().astype(float)}
        for name, (_, write, _b) in metrics.items()
        if name in CONSTANT
    }
    one = {name: values.pop() for name, values in written.items() if len(values) == 1}
    said = [
        f"{metrics[name][0].rstrip('↑').rstrip().lower()} {value}" for name, value in one.items()
    ]
    shown = {name: metric for name, metric in metrics.items() if name not in one}
    return shown, f" The same for all: {join_names(said)}." if said else ""


def more_table(comparison: Comparison) -> Table | None:
    """Strategies × the further numbers of seeds.csv, the mean over seeds; None without any."""
    present = {name: metric for name, metric in MORE.items() if name in comparison.seed_rows}
    if not present or comparison.seed_rows.empty:
        return None
    numbers = comparison.seed_rows.set_index("strategy")[list(present)].astype(float)
    means = numbers.groupby(level="strategy").mean().reindex(comparison.strategies)
    if means.isna().all(axis=None):
        return None
    mean = ", mean over seeds" if len(comparison.seeds) > 1 else ""
    caption = f"Recall of the classes by training size, scores, calibration and images{mean}."
    shown, same = _without_constants(means, present)
    return metrics_table(comparison, means, shown, "seeds.csv", caption + same)


def seeds_table(comparison: Comparison) -> Table:
    """One row a strategy and seed."""
    rows = []
    for record in comparison.seed_rows.to_dict("records"):
        numbers = [Cell(write(_number(record, name))) for name, (_, write, _b) in MAIN.items()]
        rows.append(Row((Cell(str(record["strategy"])), Cell(str(record["seed"])), *numbers)))
    columns = ("Strategy", "Seed", *(title for title, _, _b in MAIN.values()))
    return Table("Every seed on its own.", columns, tuple(rows), csv="seeds.csv", heading_columns=2)


def ranges_table(comparison: Comparison) -> Table:
    """Strategies × the main metrics as mean and range over seeds."""
    rows = []
    shown = {name: metric for name, metric in MAIN.items() if metric[2] is not None}
    for strategy in comparison.strategies:
        mine = comparison.seed_rows[comparison.seed_rows["strategy"] == strategy]
        cells = [name_cell(comparison, strategy)]
        for name, (_, write, _b) in shown.items():
            values = mine[name].dropna().astype(float)
            low, high = (write(values.min()), write(values.max())) if len(values) else ("", "")
            mean = write(values.mean()) if len(values) else MISSING
            cells.append(Cell(mean, note=f"{low} to {high}" if len(values) > 1 else ""))
        rows.append(Row(tuple(cells), kind="baseline" if strategy == comparison.baseline else ""))
    columns = ("Strategy", *(title for title, _, _b in shown.values()))
    seeds = len(comparison.seeds)
    return Table(f"Mean and range over {seeds} seeds.", columns, tuple(rows), csv="seeds.csv")


def certainty_table(comparison: Comparison) -> Table | None:
    """Strategies × macro-F1 and its difference from the baseline, with intervals and tests."""
    own, against = (_by_metric(table) for table in (comparison.intervals, comparison.paired))
    if not own:
        return None
    tests = {"p_images": "p, same images"}
    if len(comparison.seeds) > 1:
        tests["p_seeds"] = "p, over seeds"

    def tested(strategy: str, p: str) -> Cell:
        return Cell(format_p_value(against.get((strategy, "macro_f1"), {}).get(p, np.nan)))

    rows = []
    for strategy in with_classes(comparison):
        cells = [name_cell(comparison, strategy)]
        cells.append(_bounded(own.get((strategy, "macro_f1"))))
        if against:
            cells += [_bounded(against.get((strategy, metric))) for metric in DIFFERENCES]
            cells += [tested(strategy, f"{test}_holm") for test in tests]
        rows.append(Row(tuple(cells), kind="baseline" if strategy == comparison.baseline else ""))
    columns = ["Strategy", "Macro-F1"]
    if against:
        columns += [*DIFFERENCES.values(), *tests.values()]
    csv = "intervals.csv paired.csv" if against else "intervals.csv"
    return Table(_certainty_caption(comparison), tuple(columns), tuple(rows), csv=csv)


def intervals_table(comparison: Comparison) -> Table | None:
    """Strategies × all metrics that have an interval, not compared with any other."""
    own = _by_metric(comparison.intervals)
    if not own:
        return None
    titles = {name: MAIN[name][0] for name in DIFFERENCES}
    rows = []
    for strategy in with_classes(comparison):
        cells = [name_cell(comparison, strategy)]
        cells += [_bounded(own.get((strategy, metric))) for metric in titles]
        rows.append(Row(tuple(cells), kind="baseline" if strategy == comparison.baseline else ""))
    columns = ("Strategy", *titles.values())
    return Table(_certainty_caption(comparison), columns, tuple(rows), csv="intervals.csv")


def _bounded(row: Mapping[Any, Any] | None) -> Cell:
    """Write a number, or a difference with its sign, and its interval."""
    if row is None:
        return Cell(MISSING)
    write = add_sign if "difference" in row else str
    value, low, high = (
        write(format_share(number))
        for number in (row.get("difference", row.get("value")), row["low"], row["high"])
    )
    return Cell(value, note=f"{low} to {high}")


def recall_tables(comparison: Comparison) -> list[Table]:
    """Classes × strategies: recall with its interval, a few strategies a table."""
    finished = with_classes(comparison)
    recall, never = recall_and_never(comparison, finished)
    bounds = {(r["strategy"], r["class"]): r for r in comparison.class_recalls.to_dict("records")}
    test = test_counts(comparison)
    tables: list[Table] = []
    for part in parts(range(len(finished)), ACROSS):
        rows = []
        for c, name in enumerate(comparison.classes):
            cells = [
                Cell(printable(name)),
                Cell(format_count(comparison.train_counts[c])),
                Cell(format_count(test[c])),
            ]
            for s in part:
                row = bounds.get((finished[s], name), {})
                low, high = (_number(row, bound) for bound in ("low", "high"))
                ignored = never[c, s] == 1
                text = (
                    "never" if ignored else format_share(recall[c, s], 2) if test[c] else NO_IMAGES
                )
                note = (
                    f"{format_share(low, 2)} to {format_share(high, 2)}" if np.isfinite(low) else ""
                )
                cells.append(Cell(text, note=note, mark="never" if ignored else ""))
            rows.append(Row(tuple(cells)))
        tested = "Test images a seed" if len(comparison.seeds) > 1 else "Test images"
        columns = ("Class", "Train images", tested, *(finished[s] for s in part))
        caption = "The other strategies." if tables else _recall_caption(comparison)
        tables.append(Table(caption, columns, tuple(rows), csv="recalls.csv per_class.csv"))
    return tables


def parts(items: Sequence[Item], most: int) -> list[Sequence[Item]]:
    """Cut into parts of at most so many, as equal as can be."""
    number = -(-len(items) // most)
    edges = [len(items) * k // number for k in range(number + 1)] if number else [0]
    return [items[begin:end] for begin, end in pairwise(edges)]


def confusions_table(comparison: Comparison, most: int = 6) -> Table:
    """For every strategy the errors that are most frequent, counted over all seeds."""
    rows = []
    for strategy in with_confusion(comparison):
        table = np.asarray(comparison.confusion[strategy])
        errors = table * (1 - np.eye(len(table), dtype=int))
        for place in np.argsort(-errors, axis=None, kind="stable")[:most]:
            true, called = np.unravel_index(place, errors.shape)
            if errors[true, called] == 0:
                break
            of = errors[true, called] / table[true].sum()
            cells = (
                strategy,
                printable(comparison.classes[true]),
                printable(comparison.classes[called]),
            )
            numbers = (Cell(format_count(errors[true, called])), Cell(format_share(of, 2)))
            rows.append(Row((*map(Cell, cells), *numbers)))
    columns = ("Strategy", "True class", "Predicted as", "Images", "Of the class")
    caption = f"The {most} most frequent errors of each strategy, test images of all seeds."
    return Table(
        caption, columns, tuple(rows), frozenset({0, 1, 2}), "confusion.csv", heading_columns=3
    )


def counts_table(comparison: Comparison) -> Table | None:
    """Images of each class in each part, as split for the first seed; None if not recorded."""
    data = mapping(comparison.manifest.get("data"))
    counts, names = mapping(data.get("counts")), list(data.get("classes") or [])
    parts = [p for p in ("train", "val", "test") if len(counts.get(p) or []) == len(names) > 0]
    if not parts:
        return None
    rows = [
        Row(
            (
                Cell(printable(name)),
                *(Cell(format_count(counts[part][names.index(name)])) for part in parts),
            )
        )
        for name in comparison.classes
        if name in names
    ]
    titles = {"train": "Train", "val": "Validation", "test": "Test"}
    return Table(
        "Images of each class as split for the first seed, largest class first.",
        ("Class", *(titles[part] for part in parts)),
        tuple(rows),
        csv="class_images.csv",
    )


def facts(pairs: Mapping[str, Any]) -> Facts | None:
    """Names and values, whatever a run recorded; None without any."""
    kept = [(name, value) for name, value in pairs.items() if value is not None and value != ""]
    return Facts(tuple((_words(name), _written(value)) for name, value in kept)) if kept else None


def recall_and_never(
    comparison: Comparison, strategies: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Return (C, S) mean recall over seeds, and (C, S) share of seeds never predicting a class."""
    ignored = comparison.per_class.assign(ignored=comparison.per_class["predicted"] == 0)
    return (
        _per_class(comparison, strategies, "recall"),
        _per_class(comparison, strategies, "ignored", ignored),
    )


def with_classes(comparison: Comparison) -> list[str]:
    """Return the strategies that have per-class numbers, as asked."""
    known = set(comparison.per_class["strategy"])
    return [name for name in comparison.strategies if name in known]


def with_confusion(comparison: Comparison) -> list[str]:
    """Return the strategies that have a confusion matrix, as asked."""
    return [name for name in comparison.strategies if name in comparison.confusion]


def test_counts(comparison: Comparison) -> list[float]:
    """Return (C,) test images of each class, mean over seeds."""
    return [total / max(len(comparison.seeds), 1) for total in comparison.test_counts]


def mapping(value: Any) -> dict[str, Any]:
    """Return a recorded mapping, or an empty one where nothing of the kind was recorded."""
    return value if isinstance(value, dict) else {}


def metrics_table(
    comparison: Comparison,
    numbers: pd.DataFrame,
    metrics: dict[str, Metric],
    csv: str,
    caption: str,
    changes: bool = False,
) -> Table:
    """Lay out one row a strategy; with `changes`, numbers say how far from the baseline they are."""
    baseline, owned = comparison.baseline, owners(comparison)
    own = [name for name in numbers.index if owned.get(str(name), name) == name]
    metrics = {
        name: (
            title,
            count_formatter(numbers[name].dropna().astype(float))
            if write is format_count
            else write,
            up,
        )
        for name, (title, write, up) in metrics.items()
    }
    best = {
        name: _best(numbers.loc[own] if name in OF_NETWORK else numbers, name, metric)
        for name, metric in metrics.items()
    }
    rows = []
    for strategy in comparison.strategies:
        record = numbers.loc[strategy].to_dict() if strategy in numbers.index else {}
        head = name_cell(comparison, strategy)
        if not any(np.isfinite(_number(record, name)) for name in metrics):
            error = Cell(
                f"failed: {_error(comparison, strategy)}", mark="failed", span=len(metrics)
            )
            rows.append(Row((head, error), kind="failed"))
            continue
        cells = [head]
        for name, (_, write, more_is_better) in metrics.items():
            value, note = _number(record, name), ""
            if name in OF_NETWORK and owned[strategy] != strategy:
                cells.append(Cell(MISSING))
                continue
            if (
                changes
                and baseline in numbers.index
                and strategy != baseline
                and more_is_better is not None
            ):
                note = add_sign(write(value - _number(numbers.loc[baseline].to_dict(), name)))
            mark = "best" if best[name] is not None and write(value) == best[name] else ""
            cells.append(Cell(write(value), note="" if note == MISSING else note, mark=mark))
        rows.append(Row(tuple(cells), kind="baseline" if strategy == baseline else ""))
    columns = ("Strategy", *(title for title, _, _b in metrics.values()))
    return Table(caption + _shared(owned, metrics), columns, tuple(rows), csv=csv)


def _shared(owned: Mapping[str, str], metrics: Mapping[str, Metric]) -> str:
    """Say why cells are empty: the number is of a network that stands in another row."""
    sharing = {name: owner for name, owner in owned.items() if name != owner}
    if not sharing or not OF_NETWORK & set(metrics):
        return ""
    uses = "uses" if len(sharing) == 1 else "use"
    return f" {MISSING}: {join_names(list(sharing))} {uses} the network of another row."


def _best(numbers: pd.DataFrame, name: str, metric: Metric) -> str | None:
    """Return how the best value is written, None where all are written alike or none is better."""
    _, write, more_is_better = metric
    values = numbers[name].dropna().astype(float) if name in numbers else pd.Series(dtype=float)
    if more_is_better is None or values.map(write).nunique() < 2:
        return None
    return write(values.max() if more_is_better else values.min())


def name_cell(comparison: Comparison, strategy: str) -> Cell:
    """Return the heading of a strategy's row, with what a reader must know of the row."""
    missed = strategy in flagged(comparison)
    tags = [*_tags(comparison, strategy), *([FLAG] if missed else [])]
    return Cell(printable(strategy), note=", ".join(tags), mark="failed" if missed else "")


def _tags(comparison: Comparison, strategy: str) -> list[str]:
    status = comparison.summary.set_index("strategy")["status"].get(strategy, "ok")
    tags = ["baseline"] if strategy == comparison.baseline else []
    if status == "partly failed":
        failed = int((comparison.failures["strategy"] == strategy).sum())
        tags.append(f"{failed} of {pluralize(len(comparison.seeds), 'seed', 'seeds')} failed")
    return tags


def _error(comparison: Comparison, strategy: str) -> str:
    errors = comparison.failures.loc[comparison.failures["strategy"] == strategy, "error"]
    text = " ".join(printable(str(errors.iloc[0])).split()) if len(errors) else "not recorded"
    return text if len(text) <= 200 else text[:199] + "…"


def _main_caption(comparison: Comparison) -> str:
    seeds = len(comparison.seeds)
    parts = ["Numbers on the test images"]
    parts.append(
        f", mean over {seeds} seeds."
        if seeds > 1
        else f" of seed {comparison.seeds[0]}."
        if seeds
        else "."
    )
    parts.append(" Bold: best of its column.")
    if comparison.baseline in set(comparison.summary["strategy"]):
        parts.append(f" Small: change against {comparison.baseline}.")
    return "".join(parts)


def _by_metric(table: pd.DataFrame) -> ActivationStore:
    return {(row["strategy"], row["metric"]): row for row in table.to_dict("records")}


def _certainty_caption(comparison: Comparison) -> str:
    seeds = len(comparison.seeds)
    if seeds == 1:
        what = (
            "95 % intervals over other test images (BCa), for these networks: what another "
            "training would give, one seed can't say."
        )
        whole = " Images come in groups: intervals draw whole groups, the test exchanges them."
    else:
        what = f"95 % intervals of the mean over {seeds} seeds, which differ in split and training."
        whole = " Images come in groups: the test on the same images exchanges whole groups."
    return what + (whole if comparison.groups else "")


def _recall_caption(comparison: Comparison) -> str:
    what = (
        "Mean recall over seeds with its 95 % interval, over images and trainings."
        if len(comparison.seeds) > 1
        else "Recall with its 95 % Wilson interval."
    )
    if comparison.groups:
        what += " Images come in groups, which widens the intervals."
    seeds = ", in any seed" if len(comparison.seeds) > 1 else ""
    return f"{what} “never”: recall 0, as no test image was assigned to the class{seeds}."


def _per_class(
    comparison: Comparison,
    strategies: Sequence[str],
    column: str,
    table: pd.DataFrame | None = None,
) -> np.ndarray:
    table = comparison.per_class if table is None else table
    shape = (len(comparison.classes), len(strategies))
    if column not in table or table.empty:
        return np.full(shape, np.nan)
    wide = table.pivot_table(index="class", columns="strategy", values=column, aggfunc="mean")
    return wide.reindex(index=comparison.classes, columns=list(strategies)).to_numpy(float)


def _number(record: Mapping[Any, Any], name: str) -> float:
    value = record.get(name)
    return float(value) if value is not None else float("nan")


def _words(name: str) -> str:
    text = printable(str(name)).replace("_", " ")
    return _SPELT.get(text, text[:1].upper() + text[1:])


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_written(item)}" for name, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_written(item) for item in value)
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return printable(f"{value:g}" if isinstance(value, float) else str(value))

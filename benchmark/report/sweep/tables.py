"""The tables of a sweep: ranks side by side, differences with intervals, agreement, fit."""

from collections.abc import Callable, Iterator, Sequence

from benchmark.analysis.axis_ranking import AxisRanking
from benchmark.analysis.run_grid import RANKED_BY
from benchmark.analysis.sweep import SweepComparison
from benchmark.evaluation.metrics.metric import Metric
from benchmark.evaluation.metrics.registry import METRICS
from benchmark.report.multi.tables import format_rank, metric_cell, score_rows
from benchmark.report.render import formats
from benchmark.report.render.blocks import MARKS, Cell, Row, Table, make_row, split_evenly
from benchmark.report.render.formats import MISSING, add_sign, format_share
from benchmark.report.single.doubts import format_claim_bounds
from benchmark.report.single.metric_tables import format_best
from benchmark.report.sweep.words import noun, plural, values_in_words
from benchmark.system.text import pluralize

VALUES_PER_TABLE, STRATEGIES_PER_TABLE = 4, 6  # fit on paper side by side
MOST_RUNS = 24  # of several settings that have a row each in the first table


def lead_tables(comparison: SweepComparison, plain: bool = False) -> list[Table]:
    """Return macro-F1 of every strategy in every run, with ranks where one setting differs.

    Of many runs the mean over the other settings under each value.
    """
    if len(comparison.settings) == 1:
        return rank_tables(comparison, plain)
    if are_many(comparison):
        return value_tables(comparison)
    return list(cell_tables(comparison, METRICS.get(RANKED_BY), plain))


def are_many(comparison: SweepComparison) -> bool:
    """Return whether runs of several settings are too many for a row each on the first screen."""
    is_grid = len(comparison.settings) > 1 and bool(comparison.axes)
    return is_grid and len(comparison.names) > MOST_RUNS and bool(comparison.ranked)


def value_tables(comparison: SweepComparison) -> list[Table]:
    """Values of all settings × strategies: macro-F1, mean over the values of the other settings."""
    caption = (
        "Macro-F1 under each value, mean over the seeds and the values of the other settings, of "
        "strategies that finished in every run. Further metrics has all runs."
    )
    tables = []
    for strategies in split_evenly(comparison.ranked, STRATEGIES_PER_TABLE):
        rows = [
            make_row(
                noun(axis.setting).capitalize(),
                value,
                *(format_share(axis.scores[axis.strategies.index(name), k]) for name in strategies),
            )
            for axis in comparison.axes
            for k, value in enumerate(axis.values)
        ]
        columns = ("Setting", "Value", *strategies)
        tables.append(Table(caption, columns, tuple(rows), frozenset({0, 1}), "cells.csv", 2))
    return tables


def rank_tables(comparison: SweepComparison, plain: bool = False) -> list[Table]:
    """Strategies × runs: macro-F1, its difference from the baseline, and the rank.

    `plain`, for the terminal, leaves out the differences, and what the caption says of them.
    """
    scores, title = score_rows(comparison), METRICS.get(RANKED_BY).title
    finished = comparison.scores[comparison.scores["status"] == "ok"]
    best = {
        value: format_best(rows[RANKED_BY], format_share, "higher")
        for value, rows in finished.groupby(comparison.axis)
    }
    caption = (
        f"{title} and rank under each of the {plural(comparison.settings[0])}, mean over the "
        "seeds. Equal strategies share their mean rank."
    )
    if not plain:
        caption += f" Bold: best of its column. Small: difference from {comparison.baseline}."
    if any(run.null for run in comparison.runs):
        caption += " The null row is the baseline trained once more; it has no rank."
    tables, axis = [], next(iter(comparison.axes), None)
    changes = {} if axis is None else axis.rank_changes.to_dict()
    for values in split_evenly(comparison.names, VALUES_PER_TABLE):
        rows = []
        for name in comparison.strategies:
            cells = [Cell(name, note="baseline" if name == comparison.baseline else "")]
            for value in values:
                row = scores[name, value]
                cell = metric_cell(comparison, row, RANKED_BY, format_share, best.get(value))
                cells += [Cell(cell.text, "" if plain else cell.note, cell.mark)]
                cells += [Cell(format_rank(row["rank"]))]
            change = changes.get(name)
            cells.append(Cell(MISSING if change is None else f"{change:g}"))
            rows.append(Row(tuple(cells), "baseline" if name == comparison.baseline else ""))
        rows += _null_rows(comparison, values, plain)
        headings = [heading for value in values for heading in (f"{title}, {value} ↑", "Rank ↓")]
        columns = ("Strategy", *headings, "Rank changes by")
        tables.append(Table(caption, columns, tuple(rows), csv="scores.csv"))
    return tables


def _null_rows(comparison: SweepComparison, values: Sequence[str], plain: bool) -> Iterator[Row]:
    """Yield a row for each null row of the runs, mostly one: without rank."""
    names = {run.null: None for run in comparison.runs if run.null}
    for name in names:
        cells = [Cell(name)]
        for value in values:
            null_row = comparison.run_named(value).null_row
            rows = null_row.summary if null_row else comparison.runs[0].summary.iloc[:0]
            means = rows.set_index("strategy")[RANKED_BY].astype(float).to_dict()
            own, before = (means.get(n, float("nan")) for n in (name, comparison.baseline))
            note = "" if plain else add_sign(format_share(own - before)).replace(MISSING, "")
            cells += [Cell(format_share(own), note), Cell(MISSING)]
        yield Row((*cells, Cell(MISSING)), kind="null")


def difference_table(comparison: SweepComparison) -> Table | None:
    """Strategies × values: the difference from the baseline with its interval and p."""
    claims, rows = comparison.claims, []
    if not claims:
        return None
    for name in dict.fromkeys(strategy for strategy, _ in claims):
        cells = [Cell(name)]
        for value in comparison.names:
            claim = claims.get((name, value))
            if claim is None:
                cells += [Cell(MISSING), Cell(MISSING)]
                continue
            difference = add_sign(format_share(claim.difference))
            mark = MARKS[claim.strategy_direction]
            cells.append(Cell(difference, note=format_claim_bounds(claim), mark=mark))
            cells.append(Cell(formats.format_p_value(claim.p)))
        rows.append(Row(tuple(cells)))
    caption = (
        "Macro-F1 minus the baseline's, with its 95 % interval and p (over seeds, of one seed over "
        "the test set; Holm's correction for all strategies of a run). Coloured: clearly above or "
        f"below the baseline's. All {plural(comparison.settings[0])} share images and splits, so "
        "they are no independent evidence."
    )
    headings = [heading for value in comparison.names for heading in (value, "p")]
    return Table(caption, ("Strategy", *headings), tuple(rows), csv="paired.csv")


def agreement_table(axis: AxisRanking) -> Table | None:
    """One row for every two values: pairs of strategies that change their order, and tau."""
    if len(axis.strategies) < 2:
        return None
    rows = [
        make_row(
            f"{row['a']} and {row['b']}",
            f"{row['reversed']} of {row['pairs']}",
            format_share(row["tau"], 2),
        )
        for row in axis.agreement.to_dict("records")
    ]
    columns = (noun(axis.setting).capitalize(), "Pairs in another order", "Kendall's tau")
    others = "" if axis.averaged == 1 else f" Means over {axis.averaged} runs under each."
    caption = (
        f"Rankings of the {len(axis.strategies)} strategies that finished under "
        f"{values_in_words(axis.setting, len(axis.values))}, by macro-F1.{others}"
    )
    return Table(caption, columns, tuple(rows), csv="agreement.csv")


def cell_tables(
    comparison: SweepComparison, metric: Metric, plain: bool = False
) -> Iterator[Table]:
    """Runs × strategies: a metric, for sweeps over several settings; `plain` as in rank_tables."""
    scores, values = score_rows(comparison), comparison.scores[metric.name].dropna().astype(float)
    write: Callable[[float], str] = formats.FORMATS[metric.format]
    write = formats.count_formatter(values) if metric.format == "count" else write
    finished = comparison.scores[comparison.scores["status"] == "ok"]
    best = format_best(finished[metric.name], write, metric.better)
    titles = [noun(setting).capitalize() for setting in comparison.settings]
    caption = (
        f"{metric.title} of every run and strategy, mean over the seeds. Bold: the best of all. "
        f"Small: difference from {comparison.baseline or 'the baseline'}."
    )
    if plain:
        caption = f"{metric.title} of every run and strategy, mean over the seeds."
    for strategies in split_evenly(comparison.strategies, STRATEGIES_PER_TABLE):
        rows = []
        for name, own in zip(comparison.names, comparison.values, strict=True):
            cells = [
                metric_cell(comparison, scores[strategy, name], metric.name, write, best)
                for strategy in strategies
            ]
            if plain:
                cells = [Cell(cell.text, mark=cell.mark) for cell in cells]
            rows.append(Row((*map(Cell, own), *cells)))
        yield Table(
            caption,
            (*titles, *strategies),
            tuple(rows),
            frozenset(range(len(titles))),
            csv="cells.csv",
            heading_columns=len(titles),
        )


def fit_table(comparison: SweepComparison) -> Table:
    """One row per run: accuracy and loss on training images, gap to test.

    Means are over strategies that finished in every run, or rows would be of different strategies.
    """
    columns = ["train_accuracy", "accuracy", "gap", "train_log_loss"]
    cells = comparison.cells
    if ranked := len(comparison.ranked):
        cells = cells[cells["strategy"].isin(comparison.ranked)]
    means = cells.groupby(comparison.axis, sort=False)[columns].mean()
    fits = {str(row[comparison.axis]): row for row in means.reset_index().to_dict("records")}
    titles = [noun(setting).capitalize() for setting in comparison.settings]
    rows = []
    for name, own in zip(comparison.names, comparison.values, strict=True):
        row = fits[name]
        numbers = [format_share(row["train_accuracy"]), format_share(row["accuracy"])]
        numbers += [
            add_sign(format_share(row["gap"])),
            formats.format_number(row["train_log_loss"]),
        ]
        rows.append(make_row(*own, *numbers))
    over = pluralize(ranked, "strategy", "strategies") if ranked else "strategies"
    only = " that finished in every run" if 0 < ranked < len(comparison.strategies) else ""
    caption = (
        f"Mean over {over}{only}, and seeds. Training images are measured as they are, by the "
        "trained network, with the labels that it was given. Accuracy low on both: it learns too "
        "little. High on training images alone: it learns them by heart."
    )
    if "label_noise" in comparison.settings:
        caption += (
            " Under label noise, labels of training images are wrong on purpose, those of test "
            "images are right: whoever sees through wrong labels has a low accuracy on training "
            "images, and whoever learns them by heart a high one."
        )
    headings = (*titles, "Accuracy, train", "Accuracy, test", "Train − test", "Log-loss, train")
    text = frozenset(range(len(titles)))
    return Table(caption, headings, tuple(rows), text, "cells.csv", len(titles))

"""Tables of several runs: metrics, ranks, tests of pairs, and the runs."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.multi_dataset import MultiDatasetComparison
from benchmark.analysis.run_grid import NOT_RUN, RANKED_BY, RunGrid, column_of
from benchmark.evaluation.metrics.metric import Metric
from benchmark.execution.manifest_schema import RecipeInfo
from benchmark.report.render import formats
from benchmark.report.render.blocks import Cell, Facts, Row, Table, make_row, split_evenly
from benchmark.report.render.formats import MISSING, add_sign, format_count
from benchmark.report.single.metric_tables import format_best
from benchmark.system.text import pluralize

RUNS_PER_TABLE = 6  # fit on paper side by side
PHASES = {"head": "the head", "rest": "all trained layers"}  # by `Phase.train_from`

Write = Callable[[float], str]


def metric_tables(comparison: RunGrid, metric: Metric) -> list[Table]:
    """Strategies × runs: a metric and its difference from the baseline, then mean ranks."""
    scores = score_rows(comparison)
    values = comparison.scores[metric.name].dropna().astype(float)
    write: Write = formats.FORMATS[metric.format]
    write = formats.count_formatter(values) if metric.format == "count" else write
    finished = comparison.scores[comparison.scores["status"] == "ok"]
    best = {
        name: format_best(rows[metric.name], write, metric.better)
        for name, rows in finished.groupby(comparison.axis)
    }
    last = {"Mean rank ↓": _mean_ranks(comparison, metric.name)}
    if metric.name == RANKED_BY and comparison.baseline:
        last = {"Above baseline ↑": _wins(comparison)} | last
    baseline = comparison.baseline or "the run's own baseline"
    caption = (
        f"{metric.title}, mean over each run's seeds. Bold: best of its column. Small: difference "
        f"from {baseline}."
    )
    tables = []
    for runs in split_evenly(comparison.names, RUNS_PER_TABLE):
        rows = []
        for name in comparison.strategies:
            cells = [
                metric_cell(comparison, scores[name, run], metric.name, write, best.get(run))
                for run in runs
            ]
            rows.append(_row(comparison, name, [*cells, *(cell[name] for cell in last.values())]))
        titles = (_title(comparison, run, metric) for run in runs)
        columns = ("Strategy", *titles, *last)
        tables.append(Table(caption, columns, tuple(rows), csv="scores.csv"))
    return tables


def rank_tables(comparison: MultiDatasetComparison) -> list[Table]:
    """Strategies × data sets: rank by macro-F1, of the strategies that all runs have."""
    scores, means = score_rows(comparison), _mean_ranks(comparison, RANKED_BY)
    number = int(comparison.leaderboard["ranked"].max())
    caption = (
        "Ranks by macro-F1: 1 is the highest, equal strategies share their mean rank. Mean ranks "
        f"are over the {pluralize(number, 'data set', 'data sets')} on which all of these finished "
        "and depend on which strategies are compared."
    )
    tables = []
    for datasets in split_evenly(comparison.datasets, RUNS_PER_TABLE):
        rows = []
        for name in comparison.common_strategies:
            cells = [Cell(format_rank(scores[name, dataset]["rank"])) for dataset in datasets]
            rows.append(_row(comparison, name, [*cells, means[name]]))
        columns = ("Strategy", *datasets, "Mean rank ↓")
        tables.append(Table(caption, columns, tuple(rows), csv="scores.csv"))
    return tables


def pairs_table(comparison: MultiDatasetComparison) -> Table:
    """One row per pair of strategies: on how many data sets which one is higher, and the test."""
    pairs = comparison.pairs.sort_values(["p_adj", "p"], na_position="last", kind="stable")
    rows = []
    for pair in pairs.to_dict("records"):
        counts = (format_count(pair[name]) for name in ("datasets", "wins", "losses"))
        median = add_sign(formats.format_share(pair["median"]))
        p_values = (formats.format_p_value(pair[name]) for name in ("p", "p_adj"))
        rows.append(make_row(pair["strategy_a"], pair["strategy_b"], *counts, median, *p_values))
    columns = (
        *("Strategy A", "Strategy B", "Data sets", "A higher", "B higher", "Median of A − B"),
        *("p", "p, Holm"),
    )
    caption = (
        "Macro-F1 of every two strategies, by Wilcoxon's signed-rank test over the data sets on "
        f"which both finished. Holm's correction is for {pluralize(len(rows), 'pair', 'pairs')}."
    )
    return Table(caption, columns, tuple(rows), frozenset({0, 1}), csv="pairs.csv")


def runs_table(comparison: RunGrid) -> Table:
    """One row per run: its data, and the settings that are not the same in all."""
    all_settings = [comparable_settings(run) for run in comparison.runs]
    differing = [name for name in all_settings[0] if len({s[name] for s in all_settings}) > 1]
    rows = []
    runs = zip(comparison.names, comparison.runs, all_settings, strict=True)
    for name, run, settings in runs:
        counts = run.train_counts
        cells = (
            name,
            format_count(len(run.classes)),
            format_count(sum(counts)),
            format_count(max(counts) / min(counts)) if min(counts, default=0) > 0 else MISSING,
            format_count(sum(run.test_counts) / len(run.seeds)),
            str(run.folder),
            run.baseline or "none",
            *(settings[name] for name in differing),
        )
        rows.append(make_row(*cells))
    counted = ("Classes", "Train images", "Ratio", "Test images")
    headings = [_capitalize(name) for name in differing]
    if comparison.axis_title in headings:  # of a sweep's recipes: their names are the first column
        headings[headings.index(comparison.axis_title)] = f"{comparison.axis_title}, in full"
    columns = (comparison.axis_title, *counted, "Folder", "Baseline", *headings)
    text_columns = frozenset({0, *range(1 + len(counted), len(columns))})
    caption = (
        "Ratio: training images of the largest class to those of the smallest. Confidence "
        "intervals are in each run's own report."
    )
    return Table(caption, columns, tuple(rows), text_columns, csv="runs.csv")


def shared_settings(comparison: RunGrid) -> Facts | None:
    """Return the settings that are the same in all runs; None if there are none."""
    first, *others = (comparable_settings(run) for run in comparison.runs)
    same = [
        (_capitalize(name), value)
        for name, value in first.items()
        if all(settings[name] == value for settings in others)
    ]
    return Facts(tuple(same)) if same else None


def metric_cell(
    comparison: RunGrid, record: Mapping[str, Any], metric: str, write: Write, best: str | None
) -> Cell:
    """Return a value with its difference from the baseline, or why there is none."""
    status = record["status"]
    if status == NOT_RUN:
        return Cell(NOT_RUN)
    if status == "failed":
        return Cell("failed", mark="never")
    text = write(record[metric])
    if status == "partly failed":
        run = comparison.run_named(record[comparison.axis])
        failed = int((run.failures["strategy"] == record["strategy"]).sum())
        return Cell(text, note=f"{len(run.seeds) - failed} of {len(run.seeds)} seeds")
    if record["strategy"] == record["baseline"]:
        note = "" if comparison.baseline else "baseline"
    else:
        note = add_sign(write(record[column_of(metric, "difference")])).replace(MISSING, "")
    return Cell(text, note=note, mark="best" if text == best else "")


def _wins(comparison: RunGrid) -> dict[str, Cell]:
    return {
        str(row["strategy"]): Cell(f"{row['wins']} of {row['compared']}" if row["compared"] else "")
        for row in comparison.leaderboard.to_dict("records")
    }


def _mean_ranks(comparison: RunGrid, metric: str) -> dict[str, Cell]:
    means = comparison.leaderboard.set_index("strategy")[column_of(metric, "mean_rank")]
    means = means if means.count() > 1 else means * np.nan  # nothing to be ranked among
    texts = means.map(_format_mean)
    best = _format_mean(means.min()) if texts[means.notna()].nunique() > 1 else None
    return {
        str(name): Cell(text, mark="best" if text == best else "") for name, text in texts.items()
    }


def format_rank(value: float) -> str:
    """Return 3 for a rank, 2.5 for one that is shared."""
    return _format_mean(value).rstrip("0").rstrip(".")


def _format_mean(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else MISSING


def _title(comparison: RunGrid, name: str, metric: Metric) -> str:
    """Name a run; above counts of classes also the number of classes."""
    number = len(comparison.run_named(name).classes)
    classes = f", of {pluralize(number, 'class', 'classes')}"
    return name + (classes if metric.format == "count" else "")


def _row(comparison: RunGrid, name: str, cells: list[Cell]) -> Row:
    kind = "baseline" if name == comparison.baseline else ""
    return Row((Cell(name, note=kind), *cells), kind=kind)


def score_rows(comparison: RunGrid) -> dict[tuple[str, str], Mapping[Any, Any]]:
    """Return strategy and run -> row of `scores`."""
    rows = comparison.scores.to_dict("records")
    return {(row["strategy"], row[comparison.axis]): row for row in rows}


def _capitalize(name: str) -> str:
    return name[:1].upper() + name[1:]


def comparable_settings(run: Comparison) -> dict[str, str]:
    """Return the settings that should be the same on all data sets, as texts."""
    experiment, weights = run.manifest.experiment, run.manifest.weights
    settings = experiment.settings
    size = settings.get("image_size")
    pairs = {
        "recipe": _format_recipe(experiment.recipe),
        "backbone": settings.get("backbone"),
        "weights": f"{weights.name} {weights.sha256[:8]}".strip(),  # one name, several files
        "image size": f"{size} px" if size else None,
        "fine-tune depth": settings.get("fine_tune"),
        "precision": experiment.precision,
        "seeds": ", ".join(map(str, run.seeds)),
    }
    return {name: str(value or MISSING) for name, value in pairs.items()}


def _format_recipe(recipe: RecipeInfo) -> str:
    """Return a recipe's name and phases, which a run may have changed."""
    phases = [
        f"{phase['epochs']:g} {'epoch' if phase['epochs'] == 1 else 'epochs'} of "
        f"{PHASES[phase['train_from']]} at {phase['lr']:g}"
        for phase in recipe.phases
    ]
    return f"{recipe.name} ({', then '.join(phases)})" if phases else recipe.name

"""The page of a sweep: its headline, and its sections in order."""

from collections.abc import Iterable, Iterator

from matplotlib.figure import Figure as Drawing

from benchmark.analysis.run_grid import RANKED_BY
from benchmark.analysis.sweep import SweepComparison
from benchmark.evaluation.metrics.registry import main_metrics
from benchmark.report.multi.figures import draw_differences
from benchmark.report.multi.tables import metric_tables, runs_table, shared_settings
from benchmark.report.render.blocks import (
    Block,
    Definitions,
    Heading,
    Page,
    Paragraph,
    add_sections,
)
from benchmark.report.render.canvas import figure_block
from benchmark.report.render.formats import format_p_value, format_share
from benchmark.report.sweep import tables
from benchmark.report.sweep.csv_files import files_section
from benchmark.report.sweep.figures import draw_ranks
from benchmark.report.sweep.notices import warnings
from benchmark.report.sweep.verdict import follow_up, verdict
from benchmark.report.sweep.words import plural, values_in_words
from benchmark.system.text import pluralize

FIGURES = {"ranks": draw_ranks, "differences": draw_differences}


def all_figures(comparison: SweepComparison) -> dict[str, Drawing]:
    """Draw every figure that the sweep has numbers for."""
    figures = {name: draw(comparison) for name, draw in FIGURES.items()}
    return {name: figure for name, figure in figures.items() if figure is not None}


def build_page(comparison: SweepComparison) -> Page:
    """Return the whole report, figures drawn; sections without content are left out."""
    contents: tuple[tuple[str, str, Iterable[Block]], ...] = (
        ("ranks", "Do the rankings agree", _agreement(comparison)),
        ("differences", "Differences from the baseline", _differences(comparison)),
        ("further", "Further metrics", _further_metrics(comparison)),
        ("runs", "Runs", _runs(comparison)),
        ("glossary", "Glossary", (_glossary(comparison),)),
        ("files", "Files", files_section()),
    )
    return add_sections(headline(comparison), contents)


def headline(comparison: SweepComparison) -> Page:
    """Return the first screen: title, verdict, warnings and the ranks side by side."""
    first, names = comparison.runs[0], comparison.names
    strategies = pluralize(len(comparison.strategies), "strategy", "strategies")
    seeds = pluralize(len(comparison.seeds), "seed", "seeds")
    values = f"{len(names)} {plural(comparison)}: {', '.join(names)}"
    data, classes = first.manifest.data.name, pluralize(len(first.classes), "class", "classes")
    return Page(
        title=f"{data}: {' or '.join(names)}",
        subtitle=f"{strategies} · {seeds} · {values} · {data}: {classes}",
        verdict=verdict(comparison),
        follow_up=follow_up(comparison),
        warnings=tuple(warnings(comparison)),
        lead=tuple(tables.rank_tables(comparison)),
        sections=(),
    )


def _agreement(comparison: SweepComparison) -> Iterator[Block]:
    if (table := tables.agreement_table(comparison)) is None:
        return
    yield table
    whole = comparison.concordance
    if whole.w == whole.w:  # not NaN
        yield Paragraph(
            f"Kendall's W of the rankings under {values_in_words(comparison)} is "
            f"{format_share(whole.w, 2)} (1: all alike). Rankings in random order agree as much "
            f"with p = {format_p_value(whole.p)}: a small p says that they have something in "
            "common, not that they are the same."
        )
    if figure := draw_ranks(comparison):
        yield figure_block(
            "ranks",
            figure,
            f"Ranks by macro-F1, the best on top. A line is a strategy; thick lines change their "
            f"rank most. Where {plural(comparison)} rank alike, no lines cross.",
            "Ranks of the strategies, one column per value; the numbers are in the first table.",
        )


def _differences(comparison: SweepComparison) -> Iterator[Block]:
    if table := tables.difference_table(comparison):
        yield table
    if figure := draw_differences(comparison):
        yield figure_block(
            "differences",
            figure,
            "Macro-F1 minus the baseline's, on one scale. Blue is higher, red is lower.",
            "Difference in macro-F1 from the baseline, one row per strategy and one panel per "
            "value; the numbers are in the table above.",
        )


def _further_metrics(comparison: SweepComparison) -> Iterator[Block]:
    for metric in main_metrics():
        if metric.name != RANKED_BY:
            yield Heading(metric.title)
            yield from metric_tables(comparison, metric)


def _runs(comparison: SweepComparison) -> Iterator[Block]:
    folders = [f"{run.folder.name}/report.html" for run in comparison.runs]
    yield Paragraph(
        "Each run has a report of its own, with recall by class, the audit and learning curves: "
        f"{', '.join(f'`{folder}`' for folder in folders)}."
    )
    yield runs_table(comparison)
    if shared := shared_settings(comparison):
        yield Heading("The same in all runs")
        yield shared


TERMS = {
    "Kendall's tau": "Of two rankings: the pairs of strategies in the same order minus those in "
    "the other, as a share of all pairs (tau-b, which corrects for ties). 1 is the same ranking, 0 "
    "none, −1 the reverse.",
    "Kendall's W": "Of several rankings: the variance of the strategies' rank sums as a share of "
    "the largest possible. 1 is the same ranking everywhere. p comes from random orders of each "
    "ranking.",
    "Same or different": "Two seeds train other networks, on other splits unless the split is "
    "given, so rankings differ even where nothing else does. The mean tau of two seeds under one "
    "value says by how much; the mean tau of two seeds under different values is compared with it. "
    "p exchanges the values within each seed at random.",
    "Null row": "The baseline trained once more with another order of images and another head. "
    "What differs no more than that is noise.",
}


def _glossary(comparison: SweepComparison) -> Definitions:
    metrics = [(metric.title, metric.description) for metric in main_metrics()]
    has_null = any(run.null for run in comparison.runs)
    terms = [(term, text) for term, text in TERMS.items() if has_null or term != "Null row"]
    return Definitions((*metrics, *terms))

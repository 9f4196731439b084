"""The page of a sweep: its headline, and its sections in order."""

from collections.abc import Iterable, Iterator

from matplotlib.figure import Figure as Drawing

from benchmark.analysis.axis_ranking import AxisRanking
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
from benchmark.report.render.formats import format_share, p_in_words
from benchmark.report.sweep import tables
from benchmark.report.sweep.csv_files import files_section
from benchmark.report.sweep.figures import draw_ranks
from benchmark.report.sweep.main_effects import effects_table, gains_tables
from benchmark.report.sweep.multiples import METRIC_FIGURES, METRICS, draw_multiples
from benchmark.report.sweep.notices import warnings
from benchmark.report.sweep.verdict import follow_up, highlights, verdict
from benchmark.report.sweep.words import noun, plural, settings_in_words, values_in_words
from benchmark.system.text import pluralize

MOST_COLUMNS = 6  # runs side by side in a table of strategies × runs


def all_figures(comparison: SweepComparison) -> dict[str, Drawing]:
    """Draw every figure that the sweep has numbers for."""
    figures = {METRIC_FIGURES[m]: draw_multiples(comparison, m) for m in METRICS}
    for axis in comparison.axes:
        figures[ranks_figure(comparison, axis)] = draw_ranks(axis)
    if _differences_fit(comparison):
        figures["differences"] = draw_differences(comparison)
    return {name: figure for name, figure in figures.items() if figure is not None}


def figure_names(comparison: SweepComparison) -> list[str]:
    """Return the names of all figures that a sweep over these settings may have."""
    ranks = [f"ranks-{setting.replace('_', '-')}" for setting in comparison.settings]
    return [*METRIC_FIGURES.values(), "ranks", *ranks, "differences"]


def ranks_figure(comparison: SweepComparison, axis: AxisRanking) -> str:
    """Return the name of the figure of ranks along a setting."""
    title = axis.setting.replace("_", "-")
    return "ranks" if len(comparison.settings) == 1 else f"ranks-{title}"


def build_page(comparison: SweepComparison) -> Page:
    """Return the whole report, figures drawn; sections without content are left out."""
    contents: tuple[tuple[str, str, Iterable[Block]], ...] = (
        ("multiples", "Scores under every value", _multiples(comparison)),
        ("main_effects", "What each setting changes", _main_effects(comparison)),
        ("ranks", "Do the rankings agree", _agreement(comparison)),
        ("differences", "Differences from the baseline", _differences(comparison)),
        ("fit", "Training against test", (tables.fit_table(comparison),)),
        ("further", "Further metrics", _further_metrics(comparison)),
        ("runs", "Runs", _runs(comparison)),
        ("glossary", "Glossary", (_glossary(comparison),)),
        ("files", "Files", files_section()),
    )
    return add_sections(headline(comparison), contents)


def headline(comparison: SweepComparison) -> Page:
    """Return the first screen: title, verdict, warnings and the scores side by side."""
    first = comparison.runs[0]
    strategies = pluralize(len(comparison.strategies), "strategy", "strategies")
    seeds = pluralize(len(comparison.seeds), "seed", "seeds")
    data, classes = first.manifest.data.name, pluralize(len(first.classes), "class", "classes")
    if len(comparison.settings) == 1:
        names = comparison.names
        title = " or ".join(names)
        values = f"{len(names)} {plural(comparison.settings[0])}: {', '.join(names)}"
    else:
        title = " × ".join(map(noun, comparison.settings))
        values = f"{settings_in_words(comparison)}: {len(comparison.names)} runs"
    return Page(
        title=f"{data}: {title}",
        subtitle=f"{strategies} · {seeds} · {values} · {data}: {classes}",
        verdict=verdict(comparison),
        follow_up=follow_up(comparison),
        warnings=tuple(warnings(comparison)),
        lead=tuple(tables.lead_tables(comparison)),
        sections=(),
        highlights=tuple(highlights(comparison)),
    )


def _multiples(comparison: SweepComparison) -> Iterator[Block]:
    for metric, title in METRICS.items():
        if figure := draw_multiples(comparison, metric):
            yield figure_block(
                METRIC_FIGURES[metric],
                figure,
                f"{title}, mean over the seeds; one line a strategy, all panels on one scale.",
                f"{title} of each strategy under every value; the numbers are in cells.csv.",
            )


def _main_effects(comparison: SweepComparison) -> Iterator[Block]:
    if table := effects_table(comparison):
        yield table
    gains = list(gains_tables(comparison))
    if gains:
        yield Heading("What each strategy gains under each value")
        yield from gains


def _agreement(comparison: SweepComparison) -> Iterator[Block]:
    for axis in comparison.axes:
        if (table := tables.agreement_table(axis)) is None:
            continue
        if len(comparison.settings) > 1:
            yield Heading(f"Along the {plural(axis.setting)}")
        yield table
        whole, every = axis.concordance, values_in_words(axis.setting, len(axis.values))
        if whole.w == whole.w:  # not NaN
            yield Paragraph(
                f"Kendall's W of the rankings under {every} is {format_share(whole.w, 2)} (1: all "
                "alike). Rankings in random order agree as much with "
                f"{p_in_words(whole.p)}: a small p says that they have something in common, "
                "not that they are the same."
            )
        thick = "; thick lines change their rank most" if axis.rank_changes.any() else ""
        if figure := draw_ranks(axis):
            yield figure_block(
                ranks_figure(comparison, axis),
                figure,
                f"Ranks by macro-F1, the best on top. A line is a strategy{thick}. Between two "
                "values with the same ranking, no lines cross.",
                "Ranks of the strategies, one column per value; the scores are in cells.csv.",
            )


def _differences_fit(comparison: SweepComparison) -> bool:
    """Return whether runs fit side by side; of several settings, gains say it in fewer numbers."""
    return len(comparison.settings) == 1 and len(comparison.names) <= MOST_COLUMNS


def _differences(comparison: SweepComparison) -> Iterator[Block]:
    if not _differences_fit(comparison):
        return
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
        if metric.name == RANKED_BY and not tables.are_many(comparison):
            continue  # in the first table
        yield Heading(metric.title)
        if len(comparison.settings) == 1:
            yield from metric_tables(comparison, metric)
        else:
            yield from tables.cell_tables(comparison, metric)


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
    "Main effect": "The mean score under a value minus that under the setting's first value, over "
    "all strategies and all values of the other settings (Box, Hunter & Hunter 2005).",
    "Gain": "The macro-F1 of a strategy minus the baseline's in the same runs.",
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

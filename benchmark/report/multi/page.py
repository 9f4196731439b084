"""The page of several runs: its headline, and its sections in order."""

from collections.abc import Iterable, Iterator
from itertools import chain

from matplotlib.figure import Figure as Drawing

from benchmark.analysis.multi_dataset import MultiDatasetComparison
from benchmark.analysis.run_grid import RANKED_BY
from benchmark.evaluation.metrics.registry import METRICS, main_metrics
from benchmark.report.multi import tables
from benchmark.report.multi.csv_files import files_section
from benchmark.report.multi.figures import all_figures
from benchmark.report.multi.notices import warnings
from benchmark.report.multi.verdict import (
    claims_sentence,
    follow_up,
    significant_sentences,
    verdict,
)
from benchmark.report.render import blocks
from benchmark.report.render.blocks import Block, Definitions, Heading, Page, Paragraph
from benchmark.report.render.canvas import figure_block
from benchmark.system.text import join_names, pluralize

HEADLINE = (RANKED_BY, "never_predicted")  # metrics in the first tables
MOST_PAIRS = 6  # pairs that a sentence names


def build_page(comparison: MultiDatasetComparison) -> Page:
    """Return the whole report, figures drawn; sections without content are left out."""
    figures = all_figures(comparison)
    contents: tuple[tuple[str, str, Iterable[Block]], ...] = (
        ("differences", "Differences from the baseline", _differences(comparison, figures)),
        ("ranks", "Ranks", _ranks(comparison, figures)),
        ("pairs", "Tests of all pairs", _pairs(comparison)),
        ("further", "Further metrics", _further_metrics(comparison)),
        ("runs", "Runs", _runs(comparison)),
        ("glossary", "Glossary", (_glossary(),)),
        ("files", "Files", files_section()),
    )
    return blocks.add_sections(headline(comparison), contents)


def headline(comparison: MultiDatasetComparison) -> Page:
    """Return the first screen: title, verdict, warnings and the tables of two metrics."""
    names = list(comparison.datasets)
    number = pluralize(len(names), "data set", "data sets")
    strategies = pluralize(len(comparison.strategies), "strategy", "strategies")
    few = len(names) < 4
    main_tables = (tables.metric_tables(comparison, METRICS.get(name)) for name in HEADLINE)
    return Page(
        title=join_names(names) if few else number,
        subtitle=f"{strategies} · {number if few else ', '.join(names)}",
        verdict=verdict(comparison),
        follow_up=follow_up(comparison),
        warnings=tuple(warnings(comparison)),
        lead=tuple(chain.from_iterable(main_tables)),
        sections=(),
    )


TERMS = {
    "Macro-F1 over data sets": "Its size depends on the data set. Compare within a column; over "
    "columns compare only signs and ranks.",
    "Mean rank": "The mean of a strategy's ranks over the data sets on which all ranked strategies "
    "finished. It depends on which strategies are compared: leave one out, and the ranks of two "
    "others may change. So it orders a table and tests nothing.",
    "p": "The p-value of Wilcoxon's signed-rank test, exact: how often ranked differences would be "
    "as one-sided if the sign of every data set's difference were drawn at random. It asks whether "
    "another data set of this kind would show the same, not whether another seed would. Holm's "
    "correction for all pairs is applied.",
    "How many data sets": "The smallest p of n data sets is 2 / 2ⁿ, and Holm multiplies it by the "
    "number of pairs. With too few data sets nothing can be significant, however clear it looks.",
    "Independent data sets": "The test takes the data sets as drawn independently. Two versions of "
    "one set of images are not independent.",
}


def _glossary() -> Definitions:
    metrics = [(metric.title, metric.description) for metric in main_metrics()]
    return Definitions((*metrics, *TERMS.items()))


def _differences(
    comparison: MultiDatasetComparison, figures: dict[str, Drawing]
) -> Iterator[Block]:
    if sentence := claims_sentence(comparison):
        yield Paragraph(sentence)
    if figure := figures.get("differences"):
        several = any(len(run.seeds) > 1 for run in comparison.runs)
        rings = "A ring is a seed, a bar the mean of the seeds. " if several else ""
        yield figure_block(
            "differences",
            figure,
            f"Macro-F1 minus the baseline's, on one scale. {rings}Blue is higher, red is lower.",
            "Difference in macro-F1 from the baseline, one row per strategy and one panel per data "
            "set; the means are in the first table.",
        )


def _ranks(comparison: MultiDatasetComparison, figures: dict[str, Drawing]) -> Iterator[Block]:
    if not comparison.common_strategies:
        return
    if figure := figures.get("ranks"):
        yield figure_block(
            "ranks",
            figure,
            "Mean ranks by macro-F1. A bar joins strategies, marked by dots, of which no two "
            "differ significantly (Wilcoxon's signed-rank test, Holm).",
            "Strategies on an axis of mean ranks; the numbers are in the table below.",
        )
    yield from tables.rank_tables(comparison)


def _pairs(comparison: MultiDatasetComparison) -> Iterator[Block]:
    tests, datasets = comparison.tested_pairs, comparison.min_datasets
    if not tests:
        return
    yield Paragraph(
        f"{pluralize(tests, 'pair', 'pairs')} of strategies are tested at once. A difference can "
        f"be significant at 5 % from {pluralize(datasets, 'data set', 'data sets')} on: there the "
        f"smallest p, 2 / 2^{datasets}, times {tests} is {tests * 2 / 2**datasets:.3f}."
    )
    if sentences := significant_sentences(comparison):
        if len(sentences) <= MOST_PAIRS:
            yield Paragraph(f"Macro-F1 is significantly higher with {join_names(sentences)}.")
        yield tables.pairs_table(comparison)
    else:
        yield blocks.Details("All pairs", (tables.pairs_table(comparison),))


def _further_metrics(comparison: MultiDatasetComparison) -> Iterator[Block]:
    for metric in main_metrics():
        if metric.name not in HEADLINE:
            yield Heading(metric.title)
            yield from tables.metric_tables(comparison, metric)


def _runs(comparison: MultiDatasetComparison) -> Iterator[Block]:
    yield tables.runs_table(comparison)
    if shared := tables.shared_settings(comparison):
        yield Heading("The same in all runs")
        yield shared

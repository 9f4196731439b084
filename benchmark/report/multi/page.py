"""The content of a report on several data sets: what is said, in which order, in which words."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.figure
import numpy as np
import pandas as pd

from benchmark.analysis.multi_dataset import MultiDatasetComparison
from benchmark.evaluation.statistics.ranks import groups
from benchmark.report.multi import tables
from benchmark.report.multi.drawings import change_dots, rank_axis
from benchmark.report.multi.settings import settings, warnings
from benchmark.report.multi.verdict import follow_up, significant, verdict
from benchmark.report.render.blocks import (
    Block,
    Definitions,
    Details,
    Figure,
    Heading,
    Page,
    Paragraph,
    Section,
    printable,
)
from benchmark.report.render.canvas import to_svg
from benchmark.report.render.formats import join_names, pluralize
from benchmark.report.single.verdict import paired_differences

FIGURES = ("changes", "ranks")
DATASETS_FOR_RANKS = 5  # below, a picture of mean ranks would look like more than it is


def build_page(across: MultiDatasetComparison) -> Page:
    """Return the whole report, figures drawn."""
    first, drawn = headline(across), all_figures(across)
    sections = [
        Section(id, title, blocks)
        for id, title, blocks in (
            ("changes", "Change against the baseline", tuple(_changes(across, drawn))),
            ("ranks", "Ranks", tuple(_ranks(across, drawn))),
            ("pairs", "Do two strategies differ?", tuple(_pairs(across))),
            ("accuracy", "What it costs", tuple(tables.accuracy_tables(across))),
            ("runs", "The runs", tuple(_runs(across))),
            ("reading", "How to read this", (Definitions(tuple(READING.items())),)),
            ("files", "Files", (Definitions(FILES), Paragraph(IN_CSV))),
        )
        if blocks
    ]
    return Page(
        first.title,
        first.subtitle,
        first.verdict,
        first.follow_up,
        first.warnings,
        first.lead,
        tuple(sections),
    )


def headline(across: MultiDatasetComparison) -> Page:
    """Return only what stands first: title, verdict, warnings, macro-F1 and never predicted."""
    names = [printable(name) for name in across.datasets]
    number = pluralize(len(names), "data set", "data sets")
    return Page(
        title=join_names(names) if len(names) < 4 else number,
        subtitle=" · ".join(
            [pluralize(len(across.strategies), "strategy", "strategies")]
            + ([", ".join(names)] if len(names) >= 4 else [number])
        ),
        verdict=verdict(across),
        follow_up=follow_up(across),
        warnings=tuple(map(printable, warnings(across))),
        lead=(*tables.macro_f1_tables(across), *tables.never_predicted_tables(across)),
        sections=(),
    )


def all_figures(across: MultiDatasetComparison) -> dict[str, matplotlib.figure.Figure]:
    """Draw what there are numbers for: the changes and, from five data sets on, the ranks."""
    drawn = {}
    others = [name for name in across.strategies if name != across.baseline]
    if across.scores["change"].notna().any() and others:
        status = across.scores.set_index(["strategy", "dataset"])["status"]
        changes, instead = [], []
        for name in others:
            changes.append([_by_seed(across, name, k) for k in range(len(across.runs))])
            instead.append(
                [_instead(across, name, k, str(status[name, d])) for k, d in _places(across)]
            )
        drawn["changes"] = change_dots(others, across.datasets, changes, instead)
    leaderboard = across.leaderboard[across.leaderboard["mean_rank"].notna()]
    if len(leaderboard) > 1 and leaderboard["ranked"].max() >= DATASETS_FOR_RANKS:
        bars = groups(len(across.common_strategies), across.pair_tests)
        drawn["ranks"] = rank_axis(
            across.common_strategies, leaderboard["mean_rank"].tolist(), bars
        )
    return drawn


def frames(across: MultiDatasetComparison) -> dict[str, pd.DataFrame]:
    """Return the tables of the report by the names of their files."""
    runs = [
        {
            "dataset": dataset,
            "folder": str(run.folder),
            "classes": len(run.classes),
            "train_images": sum(run.train_counts),
            **{name.replace(" ", "_").replace("-", "_"): v for name, v in settings(run).items()},
            "baseline": run.baseline,
        }
        for dataset, run in zip(across.datasets, across.runs, strict=True)
    ]
    return {
        "scores.csv": across.scores,
        "strategies.csv": across.leaderboard,
        "pairs.csv": across.pairs,
        "runs.csv": pd.DataFrame(runs),
    }


READING = {
    "Macro-F1": "F1 of each class, then the plain mean over the whole class list, however rare a "
    "class is. Its size depends on the data set, so compare within a column, and over columns "
    "only signs and ranks.",
    "Mean rank": "The mean of a strategy's ranks over the data sets on which all ranked ones "
    "finished. It depends on which strategies stand beside it: leave one out and the ranks of two "
    "others may move apart or together. So it orders this table and tests nothing.",
    "p": "How often ranked differences as lopsided as these come about if the sign of every data "
    "set's difference is drawn at random: Wilcoxon's signed-rank test, exact. It says whether "
    "another data set of this kind would show the same, not whether another seed would. Corrected "
    "by Holm for all pairs.",
    "How many data sets": "The smallest p of n data sets is 2 / 2ⁿ, and Holm multiplies it by the "
    "number of pairs: below a certain n nothing can be significant, however clear it looks.",
    "Data sets": "Count as drawn independently from those one cares about. Two versions of one set "
    "of images are not.",
}
FILES = (
    ("scores.csv", "One row a data set and strategy: means over seeds, changes, ranks."),
    ("strategies.csv", "One row a strategy: on how many data sets it is higher, and mean ranks."),
    ("pairs.csv", "One row a pair of strategies, with the test over data sets."),
    ("runs.csv", "One row a run: its data and its settings."),
)
IN_CSV = (
    "In the CSV files a text that a spreadsheet could take for a formula has one apostrophe put "
    "before it."
)


def _changes(
    across: MultiDatasetComparison, drawn: dict[str, matplotlib.figure.Figure]
) -> Iterator[Block]:
    if "changes" in drawn:
        several = any(len(run.seeds) > 1 for run in across.runs)
        rings = "a ring is a seed, a bar their mean; " if several else ""
        yield _figure(
            drawn,
            "changes",
            f"Macro-F1 minus the baseline's, on one scale: {rings}blue where it is higher, red "
            "where it is lower.",
            "Change of macro-F1 against the baseline, a row a strategy and a panel a data set; "
            "the means are in the table above.",
        )


def _ranks(
    across: MultiDatasetComparison, drawn: dict[str, matplotlib.figure.Figure]
) -> Iterator[Block]:
    if not across.common_strategies:
        return
    if "ranks" in drawn:
        yield _figure(
            drawn,
            "ranks",
            "Mean ranks by macro-F1. A bar joins strategies, each a dot on it, of which no two "
            "differ significantly (Wilcoxon's signed ranks, Holm).",
            "Strategies on an axis of mean ranks; the numbers are in the table below.",
        )
    yield from tables.ranks_tables(across)


def _pairs(across: MultiDatasetComparison) -> Iterator[Block]:
    tested = [pair for pair in across.pair_tests if pair.datasets]
    if not tested:
        return
    yield Paragraph(
        f"{pluralize(len(tested), 'pair', 'pairs')} of strategies are tested at once, so it takes "
        f"{pluralize(across.needed, 'data set', 'data sets')} before any difference can be "
        f"significant at 5 %: then the smallest p, 2 / 2^{across.needed}, times {len(tested)} is "
        f"{len(tested) * 2 / 2**across.needed:.3f}."
    )
    if found := significant(across):
        yield Paragraph(f"Macro-F1 is significantly higher under {join_names(found)}.")
        yield tables.pairs_table(across)
    else:
        yield Details("Every pair", (tables.pairs_table(across),))


def _runs(across: MultiDatasetComparison) -> Iterator[Block]:
    yield tables.runs_table(across)
    if shared := tables.shared_settings(across):
        yield Heading("The same in all runs")
        yield shared


def _figure(
    drawn: dict[str, matplotlib.figure.Figure], name: str, caption: str, alt: str
) -> Figure:
    return Figure(name, to_svg(drawn[name], name), caption, alt)


def _places(across: MultiDatasetComparison) -> Iterator[tuple[int, str]]:
    yield from enumerate(across.datasets)


def _by_seed(across: MultiDatasetComparison, strategy: str, place: int) -> np.ndarray:
    """Return a strategy's changes (n,), one a seed; none where it is not compared."""
    run = across.runs[place]
    finished = set(run.summary.loc[run.summary["status"] == "ok", "strategy"])
    if strategy == run.baseline or not {strategy, run.baseline} <= finished:
        return np.empty(0)
    return paired_differences(run, str(run.baseline), strategy, "macro_f1")


def _instead(across: MultiDatasetComparison, strategy: str, place: int, status: str) -> str:
    run = across.runs[place]
    if strategy == run.baseline:
        return "baseline"
    return status if status != "ok" else "no baseline"

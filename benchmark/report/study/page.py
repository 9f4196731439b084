"""The page of a study: the question, the answer in plain words, and the numbers behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from benchmark.analysis.study import StudyTables
from benchmark.evaluation.metrics.registry import METRICS
from benchmark.plan.studies import Study
from benchmark.report.render.blocks import (
    Block,
    Cell,
    Definitions,
    Page,
    Paragraph,
    Table,
    add_sections,
    make_row,
)
from benchmark.report.render.csv_writer import FORMULA_NOTE
from benchmark.report.render.formats import (
    MISSING,
    format_count,
    format_percent,
    format_share,
)
from benchmark.report.study import figures, sentences, setting_sentences
from benchmark.report.sweep.few_seeds import few_seeds_warning
from benchmark.report.sweep.main_effects import change_cells
from benchmark.report.sweep.words import noun
from benchmark.storage.file_names import folder_stem
from benchmark.system.text import pluralize

FILES = (
    ("baseline.csv", "What the baseline reaches in the run in question."),
    ("causes.csv", "Likely causes of ignored classes in that run, with the number of classes."),
    ("remedies.csv", "What each other strategy buys and costs in that run."),
    (
        "changes.csv",
        "What another value of each setting changes, all others as in the run in question.",
    ),
    ("shares.csv", "How much of the lost score is due to each setting."),
    ("best.csv", "The run and strategy that are best on validation, and their test score."),
)
MOST_NAMED = 4  # strategies in a list on the first screen
LIMITS = (
    "All of this is about these images, this network and these settings: it is evidence for "
    "data like these, and no proof for others. Intervals are of one comparison at a time, not "
    "corrected for their number. `grid/report.html` has every run, and each run has its own report."
)


def build_page(study: Study, data: str, tables: StudyTables, notices: Sequence[str] = ()) -> Page:
    """Return the whole page; `data` names the images, `notices` are warnings of its runs."""
    contents: tuple[tuple[str, str, Iterable[Block]], ...] = (
        ("baseline", "What the baseline does", _baseline(tables)),
        ("causes", "Why classes are ignored", _causes(tables)),
        ("remedies", "What each remedy buys and costs", _remedies(tables)),
        ("settings", "What each setting changes", _settings(tables)),
        ("limits", "What this does not tell", (Paragraph(LIMITS),)),
        ("files", "Files", (Definitions(FILES), Paragraph(FORMULA_NOTE))),
    )
    page = add_sections(headline(study, data, tables, notices), contents)
    first = figures.share_figure(tables) or figures.remedy_figure(tables)
    return replace(page, lead=(first,) if first else ())


def headline(study: Study, data: str, tables: StudyTables, notices: Sequence[str] = ()) -> Page:
    """Return the first screen: the question and the answer."""
    row = tables.baseline.iloc[0].to_dict()
    name = row["backbone"]
    counted = (
        *([name] if isinstance(name, str) and name else []),  # NaN: an empty one, read from CSV
        pluralize(row["classes"], "class", "classes"),
        pluralize(row["train_images"], "training image", "training images"),
        pluralize(row["seeds"], "seed", "seeds"),
    )
    shares = setting_sentences.share_sentence(tables)
    answer = (
        sentences.baseline_sentence(tables),
        shares,
        setting_sentences.advice_sentence(tables),
    )
    further = [sentences.cause_sentence(tables)] if len(tables.causes) else []
    further += sentences.remedy_sentences(tables, MOST_NAMED)
    if not shares:
        further += setting_sentences.change_sentences(tables)
    return Page(
        title=f"{study.title.capitalize()}: {data}",
        subtitle=f"{study.question} · {' · '.join(counted)}",
        verdict=" ".join(filter(None, answer)),
        follow_up=sentences.best_sentence(tables),
        warnings=tuple(filter(None, (*notices, few_seeds_warning(int(row["seeds"]))))),
        lead=(),
        sections=(),
        highlights=tuple(further),
    )


def _baseline(tables: StudyTables) -> Iterator[Block]:
    yield Paragraph(sentences.baseline_sentence(tables))
    if sentence := sentences.fit_sentence(tables):
        yield Paragraph(sentence)


def _causes(tables: StudyTables) -> Iterator[Block]:
    yield Paragraph(sentences.cause_sentence(tables))
    if len(tables.causes):
        rows = [
            make_row(
                row["cause"], *map(format_count, (row["classes"], row["classes_never_predicted"]))
            )
            for row in tables.causes.to_dict("records")
        ]
        folder = folder_stem(str(tables.baseline.iloc[0]["run"]))
        caption = (
            "Classes with a recall of at most .1 in the run in question, by likely cause; "
            f"mean over the seeds. `grid/{folder}/report.html` has the evidence for "
            "each class."
        )
        columns = ("Likely cause", "Classes", "Never predicted")
        yield Table(caption, columns, tuple(rows), csv="causes.csv")


def _remedies(tables: StudyTables) -> Iterator[Block]:
    for sentence in sentences.remedy_sentences(tables):
        yield Paragraph(sentence)
    figure = figures.remedy_figure(tables)
    if figure and figures.share_figure(tables):  # else it stands on top of the page
        yield figure
    rows = [
        make_row(
            row["strategy"],
            _never_predicted(row),
            *change_cells(row["macro_f1_change"], row["macro_f1_low"], row["macro_f1_high"]),
            *change_cells(row["accuracy_change"], row["accuracy_low"], row["accuracy_high"]),
            _times(row["time_ratio"]),
        )
        for row in tables.remedies.to_dict("records")
    ]
    caption = (
        "Against the baseline, in the run in question, mean over the seeds. Coloured: the 95 % "
        "interval excludes 0. Time: of a training, against the baseline's; a strategy that only "
        "decides otherwise trains nothing of its own."
    )
    columns = (
        *("Strategy", "Never predicted ↓", "Macro-F1", "95 % interval"),
        *("Accuracy", "95 % interval", "Time"),
    )
    yield Table(caption, columns, tuple(rows), csv="remedies.csv")


def _settings(tables: StudyTables) -> Iterator[Block]:
    for sentence in setting_sentences.change_sentences(tables):
        yield Paragraph(sentence)
    if len(tables.changes):
        yield _changes_table(tables.changes)
    for sentence in (
        setting_sentences.share_sentence(tables),
        setting_sentences.advice_sentence(tables),
    ):
        if sentence:
            yield Paragraph(sentence)
    if tables.shares["setting"].nunique() > 1:  # of one, the change is all there is
        yield _shares_table(tables.shares)


def _changes_table(changes: pd.DataFrame) -> Table:
    rows = [
        make_row(
            noun(row["setting"]),
            f"{row['value']} in place of {row['against']}",
            METRICS.get(row["metric"]).title,
            *change_cells(row["effect"], row["low"], row["high"]),
            " → ".join(format_count(row[f"never_predicted{when}"]) for when in ("_before", "")),
            " → ".join(format_share(row[f"train_accuracy{when}"]) for when in ("_before", "")),
        )
        for row in changes.to_dict("records")
    ]
    caption = (
        "Of the baseline; all other settings as in the run in question. Coloured: the 95 % "
        "interval excludes 0."
    )
    columns = (
        *("Setting", "Value", "Metric", "Change", "95 % interval"),
        *("Never predicted", "Accuracy, train"),
    )
    return Table(caption, columns, tuple(rows), frozenset({0, 1, 2}), csv="changes.csv")


def _shares_table(shares: pd.DataFrame) -> Table:
    rows = [
        make_row(
            METRICS.get(row["metric"]).title,
            noun(row["setting"]),
            f"{row['value']} in place of {row['against']}",
            *change_cells(row["effect"], row["low"], row["high"]),
            format_percent(row["share"]),
            MISSING if row["share"] != row["share"] else setting_sentences.share_bounds(row),
        )
        for row in shares.to_dict("records")
    ]
    caption = (
        "The change from the run in question to the run with all of these values, shared out among "
        "them: the mean over all orders in which they can be changed (Shapley values). Shares have "
        "Fieller's intervals, and are left out where the whole change may be 0. A share below 0 % "
        "is that of a setting which lowers the score. No bound: the interval has no end there."
    )
    columns = ("Metric", "Setting", "Value", "Part", "95 % interval", "Share", "95 % interval ")
    return Table(caption, columns, tuple(rows), frozenset({0, 1, 2}), csv="shares.csv")


def _never_predicted(row: Mapping[Any, Any]) -> Cell:
    """Return the count; of a strategy that failed, which has no numbers, that it did."""
    if row["status"] == "failed":
        return Cell("failed", mark="failed")
    return Cell(format_count(row["never_predicted"]))


def _times(ratio: float) -> str:
    return MISSING if ratio != ratio else f"{ratio:.1f} ×"

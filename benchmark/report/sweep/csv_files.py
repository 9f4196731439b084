"""The tables of a sweep by the names of their CSV files, and the section that lists them."""

import dataclasses
from collections.abc import Iterator

import pandas as pd

from benchmark.analysis.axis_ranking import AGREEMENT
from benchmark.analysis.best_cell import BestCell
from benchmark.analysis.sweep import SweepComparison
from benchmark.report.render.blocks import Block, Definitions, Paragraph
from benchmark.report.render.csv_writer import FORMULA_NOTE

FILES = (
    ("scores.csv", "One row per run and strategy: means over seeds, differences, ranks."),
    ("cells.csv", "One row per run and strategy: scores.csv, the settings, accuracy on training."),
    ("paired.csv", "One row per run and strategy: macro-F1 minus the baseline's, tested."),
    ("agreement.csv", "One row per setting and two values: pairs in another order, Kendall's tau."),
    ("main_effects.csv", "One row per setting, value and metric: what it changes, with interval."),
    ("gains.csv", "One row per setting, value and strategy: macro-F1 minus the baseline's."),
    ("gain_changes.csv", "One row per two values between which such a gain is compared."),
    ("best.csv", "The run and strategy that are best on validation, of each label noise one."),
    ("runs.csv", "One row per run: its settings and its folder."),
)


def files_section() -> Iterator[Block]:
    """Yield what each file holds."""
    yield Definitions(FILES)
    yield Paragraph(FORMULA_NOTE)


def frames_of(comparison: SweepComparison) -> dict[str, pd.DataFrame]:
    """Return the tables by the names of their files."""
    rows = zip(comparison.names, comparison.values, comparison.runs, strict=True)
    runs = [
        {
            comparison.axis: name,
            **dict(zip(comparison.settings, values, strict=True)),
            "folder": run.folder.name,
            "baseline": run.baseline,
        }
        for name, values, run in rows
    ]
    agreement = [axis.agreement.assign(setting=axis.setting) for axis in comparison.axes]
    best = [dataclasses.asdict(cell) for cell in comparison.best_cells]
    return {
        "scores.csv": comparison.scores,
        "cells.csv": comparison.cells,
        "paired.csv": comparison.paired,
        "agreement.csv": pd.concat(agreement) if agreement else pd.DataFrame(columns=AGREEMENT),
        "main_effects.csv": comparison.main_effects,
        "gains.csv": comparison.gains,
        "gain_changes.csv": comparison.gain_changes,
        "best.csv": pd.DataFrame(best, columns=[f.name for f in dataclasses.fields(BestCell)]),
        "runs.csv": pd.DataFrame(runs),
    }

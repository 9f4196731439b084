"""The tables of a sweep by the names of their CSV files, and the section that lists them."""

from collections.abc import Iterator

import pandas as pd

from benchmark.analysis.sweep import SweepComparison
from benchmark.report.render.blocks import Block, Definitions, Paragraph
from benchmark.report.render.csv_writer import FORMULA_NOTE

FILES = (
    ("scores.csv", "One row per value and strategy: means over seeds, differences, ranks."),
    ("paired.csv", "One row per value and strategy: macro-F1 minus the baseline's, tested."),
    ("agreement.csv", "One row per two values: pairs in another order, Kendall's tau."),
    ("runs.csv", "One row per value: the folder of its run."),
)


def files_section() -> Iterator[Block]:
    """Yield what each file holds."""
    yield Definitions(FILES)
    yield Paragraph(FORMULA_NOTE)


def frames_of(comparison: SweepComparison) -> dict[str, pd.DataFrame]:
    """Return the tables by the names of their files."""
    runs = [
        {comparison.axis: value, "folder": run.folder.name, "baseline": run.baseline}
        for value, run in zip(comparison.names, comparison.runs, strict=True)
    ]
    return {
        "scores.csv": comparison.scores,
        "paired.csv": comparison.paired,
        "agreement.csv": comparison.agreement,
        "runs.csv": pd.DataFrame(runs),
    }

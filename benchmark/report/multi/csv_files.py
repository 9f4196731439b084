"""The tables of several runs by the names of their CSV files, and the section that lists them."""

import re
from collections.abc import Iterator

import pandas as pd

from benchmark.analysis.multi_dataset import MultiDatasetComparison
from benchmark.report.multi.tables import comparable_settings
from benchmark.report.render.blocks import Block, Definitions, Paragraph
from benchmark.report.render.csv_writer import FORMULA_NOTE

FILES = (
    ("scores.csv", "One row per data set and strategy: means over seeds, differences, ranks."),
    ("leaderboard.csv", "One row per strategy: wins and losses against the baseline, mean ranks."),
    ("pairs.csv", "One row per pair of strategies, with the test over data sets."),
    ("runs.csv", "One row per run: its data and its settings."),
)


def files_section() -> Iterator[Block]:
    """Yield what each file holds."""
    yield Definitions(FILES)
    yield Paragraph(FORMULA_NOTE)


def frames_of(comparison: MultiDatasetComparison) -> dict[str, pd.DataFrame]:
    """Return the tables by the names of their files."""
    runs = [
        {
            "dataset": dataset,
            "folder": str(run.folder),
            "classes": len(run.classes),
            "train_images": sum(run.train_counts),
            **{re.sub("[ -]", "_", name): v for name, v in comparable_settings(run).items()},
            "baseline": run.baseline,
        }
        for dataset, run in zip(comparison.datasets, comparison.runs, strict=True)
    ]
    return {
        "scores.csv": comparison.scores,
        "leaderboard.csv": comparison.leaderboard,
        "pairs.csv": comparison.pairs,
        "runs.csv": pd.DataFrame(runs),
    }

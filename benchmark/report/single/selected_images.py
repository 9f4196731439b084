"""Training images that strategies leave out: how many, and whether their labels were wrong."""

from collections.abc import Iterator

import numpy as np

from benchmark.analysis.comparison import Comparison
from benchmark.report.render.blocks import Block, Table, make_row
from benchmark.report.render.formats import MISSING, format_count, format_share
from benchmark.report.single.strategies import heading_cell, row_kind

_SUMS = ["train_count", "left_out", "wrong", "all_wrong"]


def selected_images_table(comparison: Comparison) -> Iterator[Block]:
    """Yield a row for each strategy that leaves out training images; nothing without any."""
    table = comparison.with_null(lambda run: run.findings.left_out)
    if table.empty:
        return
    numbers = table.astype(dict.fromkeys([*_SUMS, "largest"], float)).groupby("strategy")
    sums, largest = numbers[_SUMS].sum(min_count=1), numbers["largest"].max()
    knows_wrong = bool(sums["all_wrong"].notna().any())
    rows = []
    for strategy in comparison.rows:
        if strategy in sums.index:
            images, left_out, wrong, all_wrong = (float(sums[n][strategy]) for n in _SUMS)
            seeds = len(numbers.get_group(strategy))
            cells = [format_count(left_out / seeds), format_share(left_out / images)]
            cells.append(format_share(float(largest[strategy])))
            if knows_wrong:
                cells += [_share(wrong, left_out), _share(wrong, all_wrong)]
            title = heading_cell(comparison, strategy)
            rows.append(make_row(title, *cells, kind=row_kind(comparison, strategy)))
    over = ", mean over seeds" if len(comparison.seeds) > 1 else ""
    caption = f"Training images that are left out because their labels are suspect{over}."
    titles = ["Strategy", "Left out", "Of all images", "Of a class, at most"]
    if knows_wrong:
        caption += " Some labels were made wrong on purpose, so the right suspicions are counted."
        titles += ["Of these wrong", "Of the wrong labels"]
    yield Table(caption, tuple(titles), tuple(rows), csv="selected_images.csv")


def _share(part: float, whole: float) -> str:
    return format_share(part / whole) if whole and np.isfinite(whole) else MISSING

"""Labels that were made wrong on purpose: are they learnt by heart?"""

from collections.abc import Iterator

import pandas as pd

from benchmark.analysis.comparison import Comparison
from benchmark.report.render.blocks import Block, Table, as_code, make_row
from benchmark.report.render.formats import format_count, format_share
from benchmark.report.single.strategies import heading_cell, row_kind

CSV = "wrong_labels.csv"


def wrong_labels_section(comparison: Comparison) -> Iterator[Block]:
    """Yield what each strategy predicts of wrong-labelled training images; nothing without any."""
    means = _means(comparison)
    if means.empty:
        return
    rows = []
    for strategy in comparison.rows:
        if strategy in means.index:
            given, right = _shares(means, strategy)
            shares = [format_share(share) for share in (given, right, 1 - given - right)]
            title = heading_cell(comparison, strategy)
            rows.append(make_row(title, *shares, kind=row_kind(comparison, strategy)))
    over = ", mean over seeds" if len(comparison.seeds) > 1 else ""
    caption = (
        "Predictions for training images whose label was made wrong, as shares of them "
        f"(estimated from {format_count(float(means['images'].max()))} a seed){over}. A network "
        "that predicts the wrong label has learnt it by heart; one that predicts the right label "
        "has learnt what the class looks like, whatever it was told of this image."
    )
    titles = ("Strategy", "As its wrong label", "As its right label", "As another class")
    yield Table(caption, titles, tuple(rows), csv=CSV)


def wrong_labels_sentence(comparison: Comparison) -> str:
    """Say what the baseline has made of wrong labels; empty without any."""
    means = _means(comparison)
    if comparison.baseline is None or comparison.baseline not in means.index:
        return ""
    given, right = map(format_share, _shares(means, comparison.baseline))
    return (
        f"Of the training images with a wrong label, {as_code(comparison.baseline)} predicts "
        f"{given} as that label says and {right} as they are."
    )


def _shares(means: pd.DataFrame, strategy: str) -> tuple[float, float]:
    """Return the shares that a strategy predicts as the wrong label, and as the right one."""
    return float(means["as_given"][strategy]), float(means["as_right"][strategy])


def _means(comparison: Comparison) -> pd.DataFrame:
    """Return the mean over seeds by strategy, and null row: images, as_given, as_right."""
    columns = ["images", "as_given", "as_right"]
    return comparison.seed_means(lambda run: run.findings.wrong_labels, columns)

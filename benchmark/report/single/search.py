"""What was tried when parameters were tuned on validation, and what was chosen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from benchmark.analysis.comparison import Comparison
from benchmark.report.render.blocks import (
    Block,
    Cell,
    Details,
    Paragraph,
    Row,
    Table,
    as_code,
    printable,
)
from benchmark.report.render.formats import format_share, join_names, pluralize
from benchmark.report.single.tables import mapping

CSV = "tuning.csv"


def tuning(comparison: Comparison) -> Iterator[Block]:
    """Yield what a reader must know of the tuning; nothing of a run without."""
    told = mapping(comparison.manifest.get("tuning"))
    trials = trials_frame(comparison)
    if trials.empty:
        return
    number = pluralize(int(told["trials"]), "trial", "trials")
    yield Paragraph(
        f"Parameters were chosen before the comparison, by {number} of each "
        "strategy and seed, the defaults first: those with the highest macro-F1 on the "
        "seed's validation images. Each seed chooses for itself, since validation images of one "
        "are test images of another; no test image was looked at. A decision that is fitted on "
        "validation was judged by five-fold cross-validation there. The best of several scores is "
        "a little too high, so compare strategies by the test images alone."
    )
    tuned = set(trials["strategy"])
    if fixed := [as_code(printable(name)) for name in comparison.strategies if name not in tuned]:
        yield Paragraph(f"Nothing to tune: {join_names(fixed)}.")
    yield _chosen(trials)
    yield Details("All trials", (_all(trials),))


def trials_frame(comparison: Comparison) -> pd.DataFrame:
    """Return one row a strategy, seed and trial."""
    rows = mapping(comparison.manifest.get("tuning")).get("tried") or []
    columns = ["strategy", "seed", "trial", "parameters", "val_macro_f1", "chosen"]
    frame = pd.DataFrame(
        [
            {
                "strategy": row["strategy"],
                "seed": row["seed"],
                "parameters": ", ".join(f"{k}={v}" for k, v in row["parameters"].items()),
                "val_macro_f1": float("nan") if row["score"] is None else row["score"],
            }
            for row in rows
        ],
        columns=columns,
    )
    by_study = frame.groupby(["strategy", "seed"], sort=False)
    frame["trial"] = by_study.cumcount() + 1
    best = by_study["val_macro_f1"].transform("max")
    first = frame["val_macro_f1"].eq(best)
    frame["chosen"] = first & ~first.groupby([frame["strategy"], frame["seed"]]).cumsum().gt(1)
    return frame


def _chosen(trials: pd.DataFrame) -> Table:
    rows = []
    for (strategy, seed), study in trials.groupby(["strategy", "seed"], sort=False):
        best, scores = study[study["chosen"]], study["val_macro_f1"]
        parameters = best["parameters"].iloc[0] if len(best) else "none: all trials failed"
        failed = int(scores.isna().sum())
        cells = (
            Cell(printable(str(strategy))),
            Cell(str(seed)),
            _text(parameters),
            Cell(format_share(float(scores.iloc[0]))),
            Cell(format_share(float(scores.max()))),
            Cell(str(study["parameters"].nunique()), f"{failed} failed" if failed else ""),
        )
        rows.append(Row(cells))
    titles = ("Strategy", "Seed", "Chosen", "Default", "Best", "Sets tried")
    caption = "Macro-F1 on validation with the default parameters and with the chosen ones."
    return Table(caption, titles, tuple(rows), frozenset({0, 2}), CSV, heading_columns=2)


def _all(trials: pd.DataFrame) -> Table:
    rows = tuple(
        Row(
            (
                Cell(printable(str(row["strategy"]))),
                Cell(str(row["seed"])),
                Cell(str(row["trial"])),
                _text(row["parameters"]),
                Cell(format_share(row["val_macro_f1"]), mark="best" if row["chosen"] else ""),
            )
        )
        for row in trials.to_dict("records")
    )
    titles = ("Strategy", "Seed", "Trial", "Parameters", "Validation macro-F1")
    return Table(
        "Everything that was tried.", titles, rows, frozenset({0, 3}), CSV, heading_columns=3
    )


def _text(parameters: Any) -> Cell:
    return Cell(printable(str(parameters)))

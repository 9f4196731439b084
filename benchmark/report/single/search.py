"""The hyper-parameter search on validation: what was tried, and what was chosen."""

from __future__ import annotations

from collections.abc import Iterator

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

CSV = "tuning.csv"


def search_section(comparison: Comparison) -> Iterator[Block]:
    """Yield how parameters were chosen; nothing of a run without a search."""
    tuning = comparison.manifest.tuning
    trials = trials_frame(comparison)
    if tuning is None or trials.empty:
        return
    number = pluralize(tuning.trials, "trial", "trials")
    yield Paragraph(
        f"Parameters were chosen before the comparison, by {number} of each strategy and seed, "
        "starting with the defaults. The highest macro-F1 on the seed's validation images won. "
        "Each seed chooses for itself, because validation images of one seed are test images of "
        "another. No test image was used. A decision that is fitted on validation was scored by "
        "five-fold cross-validation there. The best of several scores is a little too high, so "
        "compare strategies by the test images only."
    )
    tuned = set(trials["strategy"])
    if fixed := [as_code(name) for name in comparison.strategies if name not in tuned]:
        yield Paragraph(f"Without parameters to tune: {join_names(fixed)}.")
    yield _chosen_table(trials)
    yield Details("All trials", (_trials_table(trials),))


def trials_frame(comparison: Comparison) -> pd.DataFrame:
    """Return one row a strategy, seed and trial."""
    tuning = comparison.manifest.tuning
    columns = ["strategy", "seed", "trial", "parameters", "val_macro_f1", "chosen"]
    frame = pd.DataFrame(
        [
            {
                "strategy": trial.strategy,
                "seed": trial.seed,
                "parameters": ", ".join(f"{k}={v}" for k, v in trial.parameters.items()),
                "val_macro_f1": float("nan") if trial.score is None else trial.score,
            }
            for trial in (tuning.results if tuning else ())
        ],
        columns=columns,
    )
    by_study = frame.groupby(["strategy", "seed"], sort=False)
    frame["trial"] = by_study.cumcount() + 1
    best = by_study["val_macro_f1"].transform("max")
    is_best = frame["val_macro_f1"].eq(best)
    order = is_best.groupby([frame["strategy"], frame["seed"]]).cumsum()
    frame["chosen"] = is_best & ~order.gt(1)  # of equal scores the first
    return frame


def _chosen_table(trials: pd.DataFrame) -> Table:
    rows = []
    for (strategy, seed), study in trials.groupby(["strategy", "seed"], sort=False):
        chosen, scores = study[study["chosen"]], study["val_macro_f1"]
        parameters = chosen["parameters"].iloc[0] if len(chosen) else "none: all trials failed"
        failed = int(scores.isna().sum())
        cells = (
            Cell(printable(str(strategy))),
            Cell(str(seed)),
            Cell(printable(parameters)),
            Cell(format_share(float(scores.iloc[0]))),
            Cell(format_share(float(scores.max()))),
            Cell(str(study["parameters"].nunique()), f"{failed} failed" if failed else ""),
        )
        rows.append(Row(cells))
    titles = ("Strategy", "Seed", "Chosen", "Default", "Best", "Sets tried")
    caption = "Macro-F1 on validation with the default parameters and with the chosen ones."
    return Table(caption, titles, tuple(rows), frozenset({0, 2}), CSV, heading_columns=2)


def _trials_table(trials: pd.DataFrame) -> Table:
    rows = tuple(
        Row(
            (
                Cell(printable(str(row["strategy"]))),
                Cell(str(row["seed"])),
                Cell(str(row["trial"])),
                Cell(printable(row["parameters"])),
                Cell(format_share(row["val_macro_f1"]), mark="best" if row["chosen"] else ""),
            )
        )
        for row in trials.to_dict("records")
    )
    titles = ("Strategy", "Seed", "Trial", "Parameters", "Validation macro-F1")
    return Table("All trials.", titles, rows, frozenset({0, 3}), CSV, heading_columns=3)

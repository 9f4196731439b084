"""The implementation audit: did every strategy do what its expectations say?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.findings import logit_shift
from benchmark.evaluation.metrics.shot_groups import SHOT_GROUPS, shot_groups
from benchmark.report.render.blocks import Block, Cell, Details, Row, Table, as_code, printable
from benchmark.report.render.formats import (
    MINUS,
    MISSING,
    add_sign,
    format_share,
    join_names,
)
from benchmark.report.single.drawings import figure_block
from benchmark.report.single.strategies import failed_checks, row_kind
from benchmark.report.single.training_effects import ALT, CAPTION, draw_training_effects

FEW = SHOT_GROUPS.index("few")


def audit_section(comparison: Comparison) -> Iterator[Block]:
    """Yield what each training did to rare classes, drawn and as a table, and every check."""
    if table := audit_table(comparison):
        yield table
    if figure := draw_training_effects(comparison):
        yield figure_block("training_effects", figure, CAPTION, ALT)
    if checks := checks_table(comparison):
        yield Details("Every check: expected and observed", (checks,))


def audit_warning(comparison: Comparison) -> str:
    """Return a sentence about the strategies that failed a check; empty if none did."""
    failed = failed_checks(comparison)
    if not failed:
        return ""
    names = [f"{as_code(name)} (expected: {'; '.join(e)})" for name, e in failed.items()]
    rows = "this row" if len(names) == 1 else "these rows"
    return f"Failed the audit: {join_names(names)}. Don't rely on {rows} before you know why."


def audit_table(comparison: Comparison) -> Table | None:
    """Strategies × the audit's result, and the rare third's share of samples, gradient, logits."""
    if comparison.findings.training_effects.empty:
        return None
    shares = _shares_of_rare_classes(comparison).to_dict("index")
    failed, baseline = failed_checks(comparison), comparison.baseline
    rows = []
    for strategy in comparison.strategies:
        if strategy not in shares:
            continue
        row = shares[strategy]
        cells = [
            Cell(printable(strategy)),
            Cell(_audit_result(comparison, strategy), mark="failed" if strategy in failed else ""),
            Cell(format_share(row["drawn"])),
            Cell(format_share(row["gradient"]), note=format_share(row["cross_entropy_gradient"])),
        ]
        if baseline is not None:
            shift = MISSING if strategy == baseline else add_sign(_format_shift(row["logit_shift"]))
            cells.append(Cell(shift))
        cells.append(Cell(_network_sentence(comparison, strategy)))
        rows.append(Row(tuple(cells), kind=row_kind(comparison, strategy)))
    titles = ["Strategy", "Passed the audit", "Share of draws", "Share of gradient"]
    titles += ["Logit shift"] if baseline is not None else []
    titles.append("Network")
    texts = frozenset({0, 1, len(titles) - 1})
    caption = _audit_caption(comparison)
    return Table(caption, tuple(titles), tuple(rows), texts, csv="training_effects.csv")


def checks_table(comparison: Comparison) -> Table | None:
    """One row a strategy and check, all seeds together; failed checks first."""
    checks = comparison.findings.checks
    if checks.empty:
        return None
    rows = []
    for (strategy, expectation), group in checks.groupby(["strategy", "expectation"], sort=False):
        failed, passed = group[group["passed"].eq(False)], group[group["passed"].eq(True)]
        result = f"{len(passed)} of {len(group)} seeds"
        if len(group) == 1:
            result = "no" if len(failed) else "yes" if len(passed) else "unknown"
        observed = (failed if len(failed) else group).iloc[0]["observed"]
        texts = (printable(str(strategy)), str(expectation), printable(str(observed)))
        mark = "failed" if len(failed) else ""
        rows.append(Row((*map(Cell, texts), Cell(result, mark=mark))))
    rows.sort(key=lambda row: row.cells[-1].mark != "failed")
    several = len(comparison.seeds) > 1
    caption = "What each strategy was expected to do, and what was observed" + (
        ", in the first seed that failed the check, or else in the first." if several else "."
    )
    titles = ("Strategy", "Expectation", "Observed", "Passed")
    return Table(caption, titles, tuple(rows), frozenset({0, 1, 2, 3}), csv="audit.csv")


def _audit_caption(comparison: Comparison) -> str:
    counts = np.asarray(comparison.train_counts)
    natural = counts[shot_groups(counts) == FEW].sum() / counts.sum()
    caption = (
        "For the third of the classes with the fewest training images, which have "
        f"{format_share(natural)} of them: their share of the images drawn, and of the gradient at "
        "the logits (small: with cross-entropy)."
    )
    if comparison.baseline is not None:
        caption += f" Logit shift: their mean logit minus that of {comparison.baseline}."
    return caption


def _audit_result(comparison: Comparison, strategy: str) -> str:
    """Return yes, no or unknown, with the expectation that failed or what was observed."""
    if failed := failed_checks(comparison).get(strategy):
        return f"no: {'; '.join(failed)}"
    checks = comparison.findings.checks
    unknown = checks[(checks["strategy"] == strategy) & checks["passed"].isna()]
    return f"unknown: {unknown.iloc[0]['observed']}" if len(unknown) else "yes"


def _shares_of_rare_classes(comparison: Comparison) -> pd.DataFrame:
    """Return for each strategy the shares of the rarest third, mean over seeds."""
    training_effects = logit_shift(comparison.findings.training_effects, comparison.baseline)
    rows = []
    for (strategy, _), group in training_effects.groupby(["strategy", "seed"], sort=False):
        rare = shot_groups(group["train_count"].to_numpy()) == FEW
        row = {"strategy": strategy}
        for name in ("drawn", "gradient", "cross_entropy_gradient"):
            values = group[name].to_numpy(float)
            row[name] = values[rare].sum() / values.sum() if values.sum() else np.nan
        shift = group["logit_shift"].to_numpy(float)[rare]
        row["logit_shift"] = shift.mean() if len(shift) else np.nan  # there may be no rare class
        rows.append(row)
    return pd.DataFrame(rows).groupby("strategy", sort=False).mean()


def _network_sentence(comparison: Comparison, strategy: str) -> str:
    """Say with which strategies a strategy shares its network."""
    networks = {info.name: info.networks for info in comparison.manifest.strategies}
    mine = networks[strategy]
    others = [name for name, keys in networks.items() if keys == mine and name != strategy]
    return f"shared with {join_names(others)}" if others else "its own"


def _format_shift(value: float) -> str:
    if not np.isfinite(value):
        return MISSING
    digits = f"{abs(value):.2f}"
    return f"{MINUS}{digits}" if value < 0 and digits.strip("0.") else digits

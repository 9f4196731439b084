"""Did each strategy do what it says? The audit of a run in words and tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.findings import logit_shift
from benchmark.evaluation.metrics.shot_groups import shot_groups
from benchmark.report.render.blocks import Cell, Row, Table, as_code, printable
from benchmark.report.render.formats import MISSING, add_sign, format_share, join_names

FLAG = "failed its audit"
RARE = 2  # the third of the classes with the fewest training images, of `shot_groups`


def flagged(comparison: Comparison) -> dict[str, list[str]]:
    """Return strategy -> what had to be seen of it and was not, in any seed."""
    checks = comparison.findings.checks
    missed = checks[checks["seen"].eq(False)]
    found: dict[str, list[str]] = {}
    for strategy, rows in missed.groupby("strategy", sort=False):
        found[str(strategy)] = list(dict.fromkeys(rows["claim"]))
    return found


def warning(comparison: Comparison) -> str:
    """Return one sentence about the strategies that are flagged; empty if none is."""
    found = flagged(comparison)
    if not found:
        return ""
    said = [f"{as_code(name)} ({'; '.join(claims)})" for name, claims in found.items()]
    return f"Not seen to do what it says: {join_names(said)}. Its row means little until that is clear."


def effects_table(comparison: Comparison) -> Table | None:
    """Strategies × what became of the rarest third of the classes, in draws, gradient, logits."""
    effects = comparison.findings.effects
    if effects.empty:
        return None
    shares, missed = _of_rare(comparison), flagged(comparison)
    rows = []
    for strategy in comparison.strategies:
        if strategy not in shares.index:
            continue
        told, one = _told(comparison, strategy, missed), _row(shares, strategy)
        cells = [
            Cell(printable(strategy)),
            Cell(told, mark="failed" if strategy in missed else ""),
            Cell(format_share(one["drawn"])),
            Cell(format_share(one["gradient"]), note=format_share(one["plain_gradient"])),
        ]
        if comparison.baseline is not None:
            own = strategy == comparison.baseline
            cells.append(Cell(MISSING if own else add_sign(_signed(one["logit_shift"]))))
        cells.append(Cell(_trained(comparison, strategy)))
        rows.append(Row(tuple(cells), kind="baseline" if strategy == comparison.baseline else ""))
    columns = ["Strategy", "Took effect", "Share of draws", "Share of gradient"]
    columns += ["Logit shift"] if comparison.baseline is not None else []
    columns.append("Trained")
    caption = (
        "Of the third of the classes with the fewest training images: their share of the images "
        f"drawn (of the training images they are {format_share(_natural(comparison))}), of the gradient "
        "at the logits (small: what cross-entropy's would be there)"
    )
    if comparison.baseline is not None:
        caption += f", and how far their logits lie above those of {comparison.baseline}"
    texts = frozenset({0, 1, len(columns) - 1})
    return Table(caption + ".", tuple(columns), tuple(rows), texts, csv="effects.csv")


def checks_table(comparison: Comparison, strategies: Sequence[str] | None = None) -> Table | None:
    """One row a strategy and check, all seeds together; the ones not seen first."""
    checks = comparison.findings.checks
    if checks.empty:
        return None
    rows = []
    names = comparison.strategies if strategies is None else strategies
    for (strategy, claim), group in checks.groupby(["strategy", "claim"], sort=False):
        if strategy not in names:
            continue
        missed = group[group["seen"].eq(False)]
        seen = int(group["seen"].eq(True).sum())
        shown = (missed if len(missed) else group).iloc[0]
        seeds = f"{seen} of {len(group)} seeds"
        told = {1: "no" if len(missed) else "yes" if seen else "can't be told"}.get(
            len(group), seeds
        )
        cells = (
            Cell(printable(str(strategy))),
            Cell(str(claim)),
            Cell(printable(str(shown["observed"]))),
            Cell(told, mark="failed" if len(missed) else ""),
        )
        rows.append((not len(missed), Row(cells)))
    rows.sort(key=lambda row: row[0])
    several = len(comparison.seeds) > 1
    caption = "What had to be seen of each strategy, and what was" + (
        ", in the first seed that missed it, else in the first." if several else "."
    )
    columns = ("Strategy", "To be seen", "Seen", "As it should be")
    texts = frozenset({0, 1, 2, 3})
    return Table(caption, columns, tuple(row for _, row in rows), texts, csv="audit.csv")


def _told(comparison: Comparison, strategy: str, missed: dict[str, list[str]]) -> str:
    """Say whether the effect was seen: what a strategy changes, not that it leaves the rest."""
    if strategy in missed:
        return f"no: {'; '.join(missed[strategy])}"
    checks = comparison.findings.checks
    mine = checks[checks["strategy"] == strategy]
    unknown = mine[mine["seen"].isna()]
    if len(unknown):
        return f"can't be told: {unknown.iloc[0]['observed']}"
    return "yes"


def _of_rare(comparison: Comparison) -> pd.DataFrame:
    """Return for each strategy the shares of the rarest third, mean over seeds."""
    effects = logit_shift(comparison.findings.effects, comparison.baseline)
    rows = []
    for (strategy, _), group in effects.groupby(["strategy", "seed"], sort=False):
        rare = shot_groups(group["train_count"].to_numpy()) == RARE
        row = {"strategy": strategy}
        for name in ("drawn", "gradient", "plain_gradient"):
            values = group[name].to_numpy(float)
            row[name] = values[rare].sum() / values.sum() if values.sum() else np.nan
        shift = group["logit_shift"].to_numpy(float)[rare]
        row["logit_shift"] = shift.mean() if len(shift) else np.nan  # no class is rare
        rows.append(row)
    return pd.DataFrame(rows).groupby("strategy", sort=False).mean()


def _row(table: pd.DataFrame, strategy: str) -> dict[str, float]:
    return {str(name): float(value) for name, value in table.loc[[strategy]].iloc[0].items()}


def _natural(comparison: Comparison) -> float:
    counts = np.asarray(comparison.train_counts, float)
    return float(
        counts[shot_groups(np.asarray(comparison.train_counts)) == RARE].sum() / counts.sum()
    )


def _trained(comparison: Comparison, strategy: str) -> str:
    """Say with whom a strategy shares its network: what was trained for it alone."""
    networks = comparison.manifest.get("networks") or {}
    mine = networks.get(strategy)
    others = [name for name, keys in networks.items() if keys == mine and name != strategy]
    return f"shares the network of {join_names(others)}" if mine and others else "its own network"


def _signed(value: float) -> str:
    if not np.isfinite(value):
        return MISSING
    text = f"{abs(value):.2f}"
    return f"−{text}" if value < 0 and text.strip("0.") else text

"""The run in one sentence: who is ignored, what changes it, at what price."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from benchmark.analysis.comparison import Comparison
from benchmark.report.render.blocks import as_code
from benchmark.report.render.formats import (
    add_sign,
    format_count,
    format_p_value,
    format_share,
    join_names,
    pluralize,
)
from benchmark.report.single.audit import flagged


def verdict(comparison: Comparison) -> str:
    """Return the sentence a reader takes away: who is ignored, what changes it, at what price."""
    table = _finished(comparison)
    if table.empty:
        return "No strategy finished, so there is nothing to compare: the errors stand below."
    seeds, baseline = len(comparison.seeds), comparison.baseline
    start = "On this one seed, " if seeds == 1 else f"On average over {seeds} seeds, "
    if baseline is None or baseline not in table.index:
        return start + _without_baseline(comparison, table)
    before, others = table.T[baseline], table.drop(index=baseline)
    ignored = f"{start}{_ignored(before, len(comparison.classes))} under {as_code(baseline)}"
    if others.empty:
        return f"{ignored}, and no other strategy finished to compare it with."
    best, lowest = _lowest(others)
    if best >= before["never_predicted"]:
        everyone = list(others.index)
        but = ", and no strategy predicts more of them" if before["never_predicted"] else ""
        changes = _changes(comparison, baseline, everyone)
        return f"{ignored}{but}; under {_names(comparison, everyone)} {changes}."
    never = "none" if best == 0 else format_count(best)
    unfound = _interval(others["zero_recall"][lowest], format_count)
    changes = _changes(comparison, baseline, lowest)
    return f"{ignored}, {never} and {unfound} under {_names(comparison, lowest)}, where {changes}."


def paired_differences(
    comparison: Comparison, baseline: str, strategy: str, metric: str
) -> np.ndarray:
    """Return strategy minus baseline, one number for each seed that both finished."""
    wide = comparison.seed_rows.pivot(index="seed", columns="strategy", values=metric)
    return (wide[strategy] - wide[baseline]).dropna().to_numpy(float)


def _finished(comparison: Comparison) -> pd.DataFrame:
    # the mean of a partly failed strategy is over other seeds than the rest
    table = comparison.summary[comparison.summary["status"] == "ok"].set_index("strategy")
    return table[["macro_f1", "never_predicted", "zero_recall", "accuracy"]].astype(float)


def _lowest(table: pd.DataFrame) -> tuple[float, list[str]]:
    best = float(table["never_predicted"].min())
    return best, list(table.index[table["never_predicted"] == best])


def _without_baseline(comparison: Comparison, table: pd.DataFrame) -> str:
    baseline = comparison.baseline
    if baseline is None:
        why = "no baseline was asked for, so nothing says what a plain training does"
    elif baseline in set(comparison.seed_rows.query("status == 'ok'")["strategy"]):
        why = f"the baseline {as_code(baseline)} failed on some seeds, so means are not compared with it"
    else:
        why = f"the baseline {as_code(baseline)} failed, so nothing is compared with it"
    _, lowest = _lowest(table)
    of_all = table.loc[lowest].min()
    return (
        f"{_ignored(of_all, len(comparison.classes))} under {_names(comparison, lowest)}, with "
        f"macro-F1 {_interval(table['macro_f1'][lowest])} and accuracy "
        f"{_interval(table['accuracy'][lowest])}; {why}."
    )


def _ignored(numbers: pd.Series, classes: int) -> str:
    """Say how many classes are never predicted, and how many never rightly."""
    never, unfound = numbers["never_predicted"], numbers["zero_recall"]
    of = pluralize(classes, "class", "classes")
    if unfound == 0:
        return f"every one of the {of} is predicted and found"
    verb = "is" if never in (0, 1) else "are"
    number = "none" if never == 0 else format_count(never)
    return f"{number} of {of} {verb} never predicted and {format_count(unfound)} never found"


def _names(comparison: Comparison, names: list[str]) -> str:
    if len(names) > 3:
        others = len(_finished(comparison)) - 1
        return f"all {len(names)} others" if len(names) == others else f"{len(names)} strategies"
    unseen = flagged(comparison)
    return join_names([as_code(n) + (" (flagged below)" if n in unseen else "") for n in names])


def _interval(values: pd.Series, write: Callable[[float], str] = format_share) -> str:
    low, high = write(values.min()), write(values.max())
    return low if low == high else f"{low} to {high}"


def _changes(comparison: Comparison, baseline: str, names: list[str]) -> str:
    macro_f1 = _change(comparison, baseline, names, "macro_f1")
    return (
        f"macro-F1 goes {macro_f1} and accuracy {_change(comparison, baseline, names, 'accuracy')}"
    )


def _change(comparison: Comparison, baseline: str, names: list[str], metric: str) -> str:
    """Write how a metric goes from the baseline to `names`, of one also how sure that is."""
    values = _finished(comparison)[metric]
    between = _interval(values[names])
    if " to " in between:
        between = f"between {between.replace(' to ', ' and ')}"
    goes = f"from {format_share(values[baseline])} to {between}"
    rows = comparison.paired
    rows = rows[(rows["strategy"] == names[0]) & (rows["metric"] == metric)]
    if len(names) > 1 or rows.empty:
        return goes
    return f"{goes} ({_how_sure(rows.iloc[0])})"


def _how_sure(row: pd.Series) -> str:
    """Difference, its interval and, of one seed, whether other images could undo it."""
    said = f"{add_sign(format_share(row['difference']))}, 95 %: {bounds(row['low'], row['high'])}"
    p = row["p_images_holm"]
    if row["seeds"] > 1 or np.isnan(p):
        return said
    return f"{said}; p {format_p_value(p) if p < 0.001 else f'= {format_p_value(p)}'}"


def bounds(low: float, high: float) -> str:
    """Write an interval of a change."""
    return f"{add_sign(format_share(low))} to {add_sign(format_share(high))}"

"""The run in one sentence, and never more than its seeds can carry.

From one seed no winner is named. Below 8 seeds nothing is called significant: five strategies
against a control need that many before a sign-flip test, corrected by Holm, can reach 5 %.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from benchmark.compare import Comparison
from benchmark.report.blocks import code
from benchmark.report.formats import change, count, listed, plural, share

SEEDS_FOR_A_TEST = 8
SIGNIFICANT = 0.05


def verdict(comparison: Comparison) -> str:
    """Return the sentence a reader takes away: who is ignored, what changes it, at what price."""
    table = _finished(comparison)
    if table.empty:
        return "No strategy finished, so there is nothing to compare: the errors stand below."
    seeds, classes, control = len(comparison.seeds), len(comparison.classes), comparison.control
    start = "On this one seed, " if seeds == 1 else f"In the mean over {seeds} seeds, "
    if control is None or control not in table.index:
        return start + _without_control(table, control, classes)
    before, others = float(table["never_predicted"][control]), table.drop(index=control)
    by_seed = _range_over_seeds(comparison, control)
    ignored = f"{start}{_unpredicted(before, classes)} under {code(control)}{by_seed}"
    if others.empty:
        return f"{ignored}, and no other strategy finished to compare it with."
    best, lowest = _lowest(others)
    if before == 0 or best >= before:
        everyone = list(others.index)
        but = "" if before == 0 else " and no strategy lowers that number"
        changes = _changes(comparison, control, everyone)
        return f"{ignored}{but}; under {_names(everyone, others)} {changes}."
    number = "none" if best == 0 else count(best)
    by_seed = _range_over_seeds(comparison, lowest[0]) if len(lowest) == 1 else ""
    changes = _changes(comparison, control, lowest)
    return f"{ignored}, {number} under {_names(lowest, others)}{by_seed}, where {changes}."


def follow_up(comparison: Comparison) -> str:
    """Return what would settle more than this run can, or nothing if no strategy finished."""
    if _finished(comparison).empty:
        return ""
    if comparison.run.get("quick"):
        return "A quick look tries the commands out: run again without `--quick` before reading it."
    seeds = len(comparison.seeds)
    if seeds == 1:
        return "One seed names no winner: repeat with `--seeds 3`."
    if seeds < SEEDS_FOR_A_TEST:
        return (
            f"{seeds} seeds are too few to call a difference significant: "
            f"that takes at least {SEEDS_FOR_A_TEST}, `--seeds {SEEDS_FOR_A_TEST}`."
        )
    return _significant(comparison)


def _significant(comparison: Comparison) -> str:
    """Say for which strategies macro-F1 differs from the control's by the test over seeds."""
    tested = comparison.paired.dropna(subset="p_seeds_holm")
    if tested.empty:
        return "Without a control that finished, no difference was tested."
    enough = tested["seeds"] >= SEEDS_FOR_A_TEST  # a strategy may have failed some
    if not enough.any():
        return (
            f"No strategy and the control both finished {SEEDS_FOR_A_TEST} seeds: too few to call "
            "a difference significant."
        )
    # the interval also knows of test images that all seeds share: one must not belie the other
    excludes_0 = (tested["low"] > 0) | (tested["high"] < 0)
    found = tested[enough & (tested["p_seeds_holm"] <= SIGNIFICANT) & excludes_0]
    how = (
        f"sign-flip test over seeds, Holm for {plural(len(tested), 'strategy', 'strategies')}, "
        "and an interval without 0"
    )
    if found.empty:
        return f"No strategy's macro-F1 differs significantly from the control's ({how})."
    said = [
        f"{code(str(row['strategy']))} ({change(share(row['difference']))}, 95 %: "
        f"{_bounds(row['low'], row['high'])})"
        for row in found.to_dict("records")
    ]
    return f"Macro-F1 differs significantly from the control's under {listed(said)}: {how}."


def paired_differences(
    comparison: Comparison, control: str, strategy: str, metric: str
) -> np.ndarray:
    """Return strategy minus control, one number for each seed that both finished."""
    wide = comparison.seed_rows.pivot(index="seed", columns="strategy", values=metric)
    return (wide[strategy] - wide[control]).dropna().to_numpy(float)


def _finished(comparison: Comparison) -> pd.DataFrame:
    # the mean of a partly failed strategy is over other seeds than the rest
    table = comparison.summary[comparison.summary["status"] == "ok"].set_index("strategy")
    return table[["macro_f1", "never_predicted", "accuracy"]].astype(float)


def _lowest(table: pd.DataFrame) -> tuple[float, list[str]]:
    best = float(table["never_predicted"].min())
    return best, list(table.index[table["never_predicted"] == best])


def _without_control(table: pd.DataFrame, control: str | None, classes: int) -> str:
    why = (
        "no control was asked for, so nothing says what a plain training does"
        if control is None
        else f"the control {code(control)} failed, so nothing is compared with it"
    )
    best, lowest = _lowest(table)
    return (
        f"{_unpredicted(best, classes)} under {_names(lowest, table)}, with macro-F1 "
        f"{_interval(table['macro_f1'][lowest])} and accuracy "
        f"{_interval(table['accuracy'][lowest])}; {why}."
    )


def _unpredicted(number: float, classes: int) -> str:
    if number == 0:
        return f"none of the {plural(classes, 'class', 'classes')} goes unpredicted"
    verb = "is" if number == 1 else "are"
    return f"{count(number)} of {plural(classes, 'class', 'classes')} {verb} never predicted"


def _names(names: list[str], among: pd.DataFrame) -> str:
    if len(names) <= 3:
        return listed([code(name) for name in names])
    return f"all {len(names)} others" if len(names) == len(among) else f"{len(names)} strategies"


def _interval(values: pd.Series, write: Callable[[float], str] = share) -> str:
    low, high = write(values.min()), write(values.max())
    return low if low == high else f"{low} to {high}"


def _range_over_seeds(comparison: Comparison, strategy: str) -> str:
    rows = comparison.seed_rows
    values = rows.loc[rows["strategy"] == strategy, "never_predicted"].dropna()
    return f" ({_interval(values, count)} by seed)" if values.nunique() > 1 else ""


def _changes(comparison: Comparison, control: str, names: list[str]) -> str:
    macro_f1 = _change(comparison, control, names, "macro_f1")
    return (
        f"macro-F1 goes {macro_f1} and accuracy {_change(comparison, control, names, 'accuracy')}"
    )


def _change(comparison: Comparison, control: str, names: list[str], metric: str) -> str:
    """Write how a metric goes from the control to `names`.

    One name also gets the range over seeds, or, from one seed, the interval over its test images.
    """
    values = _finished(comparison)[metric]
    between = _interval(values[names])
    if " to " in between:
        between = f"between {between.replace(' to ', ' and ')}"
    goes = f"from {share(values[control])} to {between}"
    if len(names) > 1:
        return goes
    differences = paired_differences(comparison, control, names[0], metric)
    if len(differences) > 1:
        return f"{goes} ({_bounds(differences.min(), differences.max())} by seed)"
    rows = comparison.paired
    rows = rows[(rows["strategy"] == names[0]) & (rows["metric"] == metric)]
    return goes + "".join(
        f" ({_bounds(low, high)} at 95 %)"
        for low, high in zip(rows["low"], rows["high"], strict=True)
    )


def _bounds(low: float, high: float) -> str:
    return f"{change(share(low))} to {change(share(high))}"

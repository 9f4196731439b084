"""Does a strategy beat a correction that costs nothing? Every network under the free decisions."""

from __future__ import annotations

import pandas as pd

from benchmark.compare import Comparison
from benchmark.report.blocks import Cell, Row, Table, code, printable
from benchmark.report.formats import count, listed, plural, share


def corrected_table(comparison: Comparison) -> Table | None:
    """Networks × decisions: macro-F1 and, small, classes never predicted; mean over seeds."""
    means = _means(comparison)
    if means.empty:
        return None
    free = list(means.columns.get_level_values(1).unique())
    best = float(means["macro_f1"].max(axis=None))
    rows = []
    for strategy in means.index:
        cells = [Cell(printable(strategy))]
        for decision in free:
            value = means.loc[strategy, ("macro_f1", decision)]
            never = means.loc[strategy, ("never_predicted", decision)]
            mark = "best" if share(value) == share(best) else ""
            cells.append(Cell(share(value), note=f"{count(never)} never", mark=mark))
        rows.append(Row(tuple(cells), kind="control" if strategy == comparison.control else ""))
    columns = ("Network of", *(printable(AS_IS if d == "" else d) for d in free))
    caption = (
        "Macro-F1 of every trained network as its strategy decides, and under each decision that "
        "needs no training; small: classes never predicted. Bold: best of all."
    )
    return Table(caption, columns, tuple(rows), csv="corrected.csv")


def corrected_words(comparison: Comparison) -> str:
    """Say how many strategies with a training of their own beat the control, corrected for free."""
    means, control = _means(comparison), comparison.control
    if control is None or control not in means.index:
        return ""
    macro_f1 = means["macro_f1"]
    free = macro_f1.loc[control].drop("", errors="ignore").dropna()
    trained = macro_f1[""].drop(control).dropna()
    if free.empty or trained.empty:
        return ""
    best = str(free.idxmax())
    better = [code(str(name)) for name, value in trained.items() if value > free[best]]
    number = {0: "none", len(trained): "all"}.get(len(better), str(len(better)))
    others = plural(len(trained), "strategy that trains", "strategies that train")
    names = f": {listed(better)}" if 0 < len(better) < len(trained) else ""
    return (
        f"A correction that costs nothing, {code(best)} on the network of {code(control)}, has "
        f"macro-F1 {share(free[best])}; {number} of {others} otherwise "
        f"{'lies' if len(better) == 1 else 'lie'} above that{names}."
    )


AS_IS = "As it is"


def _means(comparison: Comparison) -> pd.DataFrame:
    """Return (metric, decision) by strategy with a network of its own; "" is its own decision."""
    corrected = comparison.findings.corrected
    own = comparison.seed_rows.assign(correction="")
    own = own[own["status"] == "ok"]
    columns = ["strategy", "correction", "macro_f1", "never_predicted"]
    rows = pd.concat([own[columns], corrected[columns]]) if len(corrected) else own[:0]
    if rows.empty:
        return pd.DataFrame()
    rows = rows.astype({"macro_f1": float, "never_predicted": float})
    wide = rows.pivot_table(index="strategy", columns="correction", aggfunc="mean")
    order = ["", *dict.fromkeys(corrected["correction"])]
    names = [name for name in _own_networks(comparison) if name in wide.index]
    return wide.reindex(index=names).reindex(columns=order, level=1)


def _own_networks(comparison: Comparison) -> list[str]:
    """Return the strategies, of several that share a network the control or else the first."""
    networks = comparison.run.get("networks") or {}
    taken: dict[str, str] = {}
    for name in sorted(comparison.strategies, key=lambda name: name != comparison.control):
        taken.setdefault(str(networks.get(name, name)), name)
    return [name for name in comparison.strategies if name in taken.values()]

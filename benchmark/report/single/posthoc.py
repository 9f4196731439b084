"""Does a strategy beat a correction that costs nothing? Every network under the free decisions."""

from __future__ import annotations

import pandas as pd

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.confidence import paired
from benchmark.report.render.blocks import Cell, Row, Table, as_code, printable
from benchmark.report.render.formats import count_formatter, format_share, join_names, pluralize
from benchmark.report.single.networks import titles
from benchmark.report.single.significance import SIGNIFICANT


def corrected_table(comparison: Comparison) -> Table | None:
    """Networks × decisions: macro-F1 and, small, classes never predicted; mean over seeds."""
    means = _means(comparison)
    if means.empty:
        return None
    free = list(means.columns.get_level_values(1).unique())
    best = float(means["macro_f1"].max(axis=None))
    rows = []
    write = count_formatter(means["never_predicted"].stack())
    for strategy in means.index:
        cells = [Cell(printable(strategy))]
        for decision in free:
            value = means.loc[strategy, ("macro_f1", decision)]
            never = means.loc[strategy, ("never_predicted", decision)]
            mark = "best" if format_share(value) == format_share(best) else ""
            cells.append(Cell(format_share(value), note=f"{write(never)} never", mark=mark))
        rows.append(Row(tuple(cells), kind="baseline" if strategy == comparison.baseline else ""))
    columns = ("Network of", *(printable(AS_IS if d == "" else d) for d in free))
    caption = (
        "Macro-F1 of every trained network as its strategy decides, and under each decision that "
        "needs no training; small: classes never predicted. Bold: best of all. On a network that "
        "was trained on balanced draws or weights a correction of the prior corrects twice."
    )
    return Table(caption, columns, tuple(rows), csv="corrected.csv")


def corrected_words(comparison: Comparison) -> str:
    """Say how strategies with a training of their own compare with the corrected baseline.

    Of several corrections in the run the one with the best macro-F1 on validation is taken.
    """
    free = _free(comparison)
    if free is None:
        return ""
    own = set(titles(comparison)) - {comparison.baseline}
    table = paired(comparison.seed_predictions, free)
    rows = table[(table["metric"] == "macro_f1") & table["strategy"].isin(own)]
    rows = rows[rows["strategy"].isin(_finished(comparison))]
    if rows.empty:
        return ""
    sure = rows["p_images_holm"] <= SIGNIFICANT
    above = [as_code(str(name)) for name in rows["strategy"][sure & (rows["low"] > 0)]]
    below = int((sure & (rows["high"] < 0)).sum())
    unsure = len(rows) - len(above) - below
    said = [
        f"{len(above) or 'none'} scores clearly higher"
        + (f" ({join_names(above)})" if above else "")
    ]
    said += [f"{below} clearly lower"] if below else []
    said += [f"{unsure} can't be told apart from it"] if unsure else []
    macro_f1 = comparison.summary.set_index("strategy")["macro_f1"][free]
    trained = pluralize(len(rows), "strategy that trains", "strategies that train")
    return (
        f"Without any training of its own, {as_code(free)} on the network of "
        f"{as_code(str(comparison.baseline))} has macro-F1 {format_share(macro_f1)}: of "
        f"{trained} otherwise {join_names(said)}."
    )


def _free(comparison: Comparison) -> str | None:
    """Return the strategy that only decides otherwise on the baseline's network, if any ran."""
    networks, rows = comparison.manifest.get("networks") or {}, comparison.seed_rows
    baseline = networks.get(comparison.baseline)
    same = [name for name in _finished(comparison) if baseline and networks.get(name) == baseline]
    scores = rows[rows["strategy"].isin(set(same) - {comparison.baseline})]
    if scores.empty or comparison.baseline not in same:
        return None
    return str(
        scores.astype({"val_macro_f1": float}).groupby("strategy")["val_macro_f1"].mean().idxmax()
    )


def _finished(comparison: Comparison) -> list[str]:
    """Return the strategies that finished every seed: means of others are over other seeds."""
    summary = comparison.summary
    return list(summary["strategy"][summary["status"] == "ok"])


AS_IS = "As it is"


def _means(comparison: Comparison) -> pd.DataFrame:
    """Return (metric, decision) by strategy with a network of its own; "" is its own decision."""
    posthoc_scores = comparison.findings.posthoc_scores
    own = comparison.seed_rows.assign(correction="")
    own = own[own["status"] == "ok"]
    columns = ["strategy", "correction", "macro_f1", "never_predicted"]
    rows = pd.concat([own[columns], posthoc_scores[columns]]) if len(posthoc_scores) else own[:0]
    if rows.empty:
        return pd.DataFrame()
    rows = rows.astype({"macro_f1": float, "never_predicted": float})
    wide = rows.pivot_table(index="strategy", columns="correction", aggfunc="mean")
    order = ["", *dict.fromkeys(posthoc_scores["correction"])]
    names = [name for name in titles(comparison) if name in wide.index]
    return wide.reindex(index=names).reindex(columns=order, level=1)

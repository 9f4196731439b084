"""Post-hoc adjustment: does a strategy beat a decision that needs no training?"""

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from benchmark.analysis.claims import primary_claims
from benchmark.analysis.comparison import Comparison
from benchmark.report.render.blocks import Block, Cell, Table, as_code, make_row
from benchmark.report.render.formats import count_formatter, format_share
from benchmark.report.single.strategies import network_titles, row_kind
from benchmark.system.text import join_names, pluralize

OWN_DECISION = "Its own decision"


def posthoc_section(comparison: Comparison) -> Iterator[Block]:
    """Yield the table of networks and post-hoc decisions."""
    if table := posthoc_table(comparison):
        yield table


def posthoc_table(comparison: Comparison) -> Table | None:
    """Networks × decisions: macro-F1 and, small, classes never predicted; mean over seeds."""
    means = _means_by_decision(comparison)
    if means.empty:
        return None
    decisions = list(means.columns.get_level_values(1).unique())
    best = format_share(float(means["macro_f1"].max(axis=None)))
    write = count_formatter(means["never_predicted"].stack())
    rows = []
    for strategy in means.index:
        cells = []
        for decision in decisions:
            macro_f1 = format_share(means.loc[strategy, ("macro_f1", decision)])
            never = write(means.loc[strategy, ("never_predicted", decision)])
            mark = "best" if macro_f1 == best else ""
            cells.append(Cell(macro_f1, note=f"{never} never", mark=mark))
        rows.append(make_row(strategy, *cells, kind=row_kind(comparison, strategy)))
    titles = ("Network of", *(name or OWN_DECISION for name in decisions))
    caption = (
        "Macro-F1 of every trained network with its strategy's own decision, and with each "
        "decision that needs no training; small: classes never predicted. Bold: the highest on "
        "these test images, by which nothing can be chosen. Where a network was trained on "
        "balanced draws or weights, a decision that subtracts the class sizes whatever the "
        "training was corrects it twice."
    )
    return Table(caption, titles, tuple(rows), csv="posthoc.csv")


def posthoc_sentence(comparison: Comparison) -> str:
    """Compare strategies that train with the baseline's network under a post-hoc decision.

    Of several such decisions in the run, the one with the best macro-F1 on validation counts, where
    no image is decided by a rule that was fitted to it. If none is better there than the network's
    own decision, no post-hoc adjustment would be used, and the sentence says that.
    """
    adjusted = _adjusted_baseline(comparison)
    if adjusted is None:
        return ""
    network = as_code(str(comparison.baseline))
    if adjusted == comparison.baseline:
        return (
            f"On the network of {network}, no decision that needs no training raises macro-F1 of "
            "validation images that it was not fitted to."
        )
    trained = set(network_titles(comparison)) - {comparison.baseline}
    names = trained.intersection(comparison.finished_in_all_seeds)
    against = primary_claims(replace(comparison, baseline=adjusted))
    results = [claim for claim in against if claim.strategy in names]
    if not results:
        return ""
    higher = [as_code(claim.strategy) for claim in results if claim.direction > 0]
    lower = sum(claim.direction < 0 for claim in results)
    unclear = len(results) - len(higher) - lower
    listed = f" ({join_names(higher)})" if higher else ""
    clearly = "" if results[0].about_networks else "clearly "
    parts = [
        f"{len(higher) or 'none'} score{_verb_ending(max(len(higher), 1))} {clearly}higher{listed}"
    ]
    parts += [f"{lower} score{_verb_ending(lower)} {clearly}lower"] if lower else []
    parts += [f"{unclear} {'is' if unclear == 1 else 'are'} too close to tell"] if unclear else []
    seed = " One seed: that is of these networks." if not clearly and unclear < len(results) else ""
    macro_f1 = comparison.summary.set_index("strategy")["macro_f1"][adjusted]
    return (
        f"Without any training of its own, {as_code(adjusted)} on the network of {network} "
        f"reaches macro-F1 {format_share(macro_f1)}. Of "
        f"{pluralize(len(results), 'strategy', 'strategies')} with a training of "
        f"{'its' if len(results) == 1 else 'their'} own, {join_names(parts)}.{seed}"
    )


def _verb_ending(subjects: int) -> str:
    """Return the ending of a verb after so many subjects."""
    return "s" if subjects == 1 else ""


def _adjusted_baseline(comparison: Comparison) -> str | None:
    """Return the strategy on the baseline's network that is best on validation.

    The baseline, where no other decision is better; None where none ran.
    """
    finished, owners = comparison.finished_in_all_seeds, comparison.network_owners
    if comparison.baseline not in finished:
        return None
    names = [name for name in finished if owners[name] == comparison.baseline != name]
    if not names:
        return None
    rows = comparison.seed_rows.astype({"val_macro_f1": float})
    scores = rows.groupby("strategy")["val_macro_f1"].mean()
    own, others = scores[comparison.baseline], scores[names].dropna()
    return str(others.idxmax()) if (others > own).any() else comparison.baseline


def _means_by_decision(comparison: Comparison) -> pd.DataFrame:
    """Return networks × (metric, decision), mean over seeds; "" is the strategy's own decision."""
    scores = comparison.findings.posthoc_scores
    own = comparison.seed_rows.assign(decision="")
    own = own[own["status"] == "ok"]
    columns = ["strategy", "decision", "macro_f1", "never_predicted"]
    rows = pd.concat([own[columns], scores[columns]]) if len(scores) else own[:0]
    if rows.empty:
        return pd.DataFrame()
    rows = rows.astype({"macro_f1": float, "never_predicted": float})
    wide = rows.pivot_table(index="strategy", columns="decision", aggfunc="mean")
    decisions = ["", *dict.fromkeys(scores["decision"])]
    names = [name for name in network_titles(comparison) if name in wide.index]
    return wide.reindex(index=names).reindex(columns=decisions, level=1)

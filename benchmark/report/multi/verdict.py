"""Several data sets in one sentence, and never more than their number can carry."""

from __future__ import annotations

from benchmark.analysis.multi_dataset import MultiDatasetComparison
from benchmark.report.render.blocks import as_code, printable
from benchmark.report.render.formats import join_names, pluralize


def verdict(across: MultiDatasetComparison) -> str:
    """Return the sentence a reader takes away: what does better than the baseline, and where."""
    start = f"On {pluralize(len(across.datasets), 'data set', 'data sets')}"
    if not across.common_strategies:
        return f"{start}, no strategy that every run asked for finished, so nothing can be ranked."
    baseline = across.baseline
    if baseline is None:
        return f"{start}{_without_baseline(across)}."
    leaderboard = across.leaderboard
    compared = leaderboard[
        leaderboard["strategy"].isin(across.common_strategies) & (leaderboard["compared"] > 0)
    ]
    if compared.empty:
        return f"{start}, nothing finished beside the baseline {as_code(printable(baseline))}."
    by_result: dict[tuple[int, int], list[str]] = {}
    for row in compared.to_dict("records"):
        by_result.setdefault((row["higher"], row["compared"]), []).append(row["strategy"])
    results = sorted(by_result, key=lambda result: (-result[0] / result[1], -result[1]))
    everyone = all(of == len(across.datasets) for _, of in results)
    said = [
        f"{_on(*result, everyone)} under {_names(by_result[result], len(compared))}"
        for result in results
    ]
    return (
        f"{start}, macro-F1 is higher than under {as_code(printable(baseline))} {join_names(said)}."
    )


def follow_up(across: MultiDatasetComparison) -> str:
    """Return what so many data sets settle."""
    pairs = [pair for pair in across.pair_tests if pair.datasets]
    if not pairs:
        return ""
    most = max(pair.datasets for pair in pairs)
    tests = pluralize(len(pairs), "pair", "pairs")
    if most < across.needed:
        return (
            f"{pluralize(most, 'data set', 'data sets').capitalize()} settle nothing: with {tests} of "
            "strategies to test, no difference can be significant below "
            f"{pluralize(across.needed, 'data set', 'data sets')}."
        )
    said = significant(across)
    how = f"Wilcoxon's signed ranks over data sets, Holm for {tests}"
    if not said:
        return f"No two strategies differ significantly ({how})."
    if len(said) > 3:
        return f"{len(said)} of {tests} differ significantly ({how}): see below."
    return f"Macro-F1 is significantly higher under {join_names(said)}: {how}."


def significant(across: MultiDatasetComparison) -> list[str]:
    """Return which strategy is significantly higher than which: "`one` than under `other`"."""
    found = []
    for pair in across.pair_tests:
        if pair.differ:
            order = (pair.one, pair.two) if pair.balance > 0 else (pair.two, pair.one)
            one, other = (as_code(printable(across.common_strategies[place])) for place in order)
            found.append(f"{one} than under {other}")
    return found


def _without_baseline(across: MultiDatasetComparison) -> str:
    why = (
        "which have different baselines"
        if len({run.baseline for run in across.runs}) > 1
        else "without a baseline"
    )
    leaderboard = across.leaderboard.set_index("strategy")["mean_rank"].dropna()
    if len(leaderboard) < 2:
        return f", {why}, no two strategies can be ranked"
    best, worst = leaderboard.min(), leaderboard.max()
    if best == worst:
        return f", {why}, all strategies have the same mean rank by macro-F1"
    names = [_names(list(leaderboard.index[leaderboard == rank]), 0) for rank in (best, worst)]
    return (
        f", {why}, mean ranks by macro-F1 go from {best:.1f} under {names[0]} to {worst:.1f} under "
        f"{names[1]}"
    )


def _on(number: int, of: int, everyone: bool) -> str:
    if not everyone:  # some can be compared on fewer data sets than others
        return f"on {number} of {of}"
    if number == 0:
        return "on none"
    return ("on both" if of == 2 else f"on all {of}") if number == of else f"on {number}"


def _names(names: list[str], among: int) -> str:
    if len(names) <= 3:
        return join_names([as_code(printable(name)) for name in names])
    return f"all {len(names)} others" if len(names) == among else f"{len(names)} strategies"

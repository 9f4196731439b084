"""The verdict on several data sets, and whether their number allows a test."""

from benchmark.analysis.claims import primary_claims
from benchmark.analysis.multi_dataset import MultiDatasetComparison
from benchmark.report.render.blocks import as_code
from benchmark.system.text import join_names, pluralize

MOST_NAMES = 3  # strategies that a sentence names; more are counted
WILCOXON = "Wilcoxon's signed-rank test over data sets, Holm's correction for"


def verdict(comparison: MultiDatasetComparison) -> str:
    """Return on how many data sets each strategy has a higher macro-F1 than the baseline."""
    datasets = _data_sets(len(comparison.datasets))
    if not comparison.common_strategies:
        return f"No strategy of all runs finished on these {datasets}, so nothing can be ranked."
    if comparison.baseline is None:
        return _without_baseline(comparison)
    baseline, leaderboard = as_code(comparison.baseline), comparison.leaderboard
    common = leaderboard["strategy"].isin(comparison.common_strategies)
    compared = leaderboard[common & (leaderboard["compared"] > 0)]
    if compared.empty:
        return f"On these {datasets}, no strategy can be compared with the baseline {baseline}."
    if not compared["wins"].any():
        return f"No strategy has a higher macro-F1 than the baseline {baseline} on any data set."
    groups: dict[tuple[int, int], list[str]] = {}
    for row in compared.to_dict("records"):
        groups.setdefault((row["wins"], row["compared"]), []).append(row["strategy"])
    results = sorted(groups, key=lambda result: (-result[0] / result[1], -result[1]))
    (first, on), *others = (
        (_names(groups[result], len(compared)), _on(*result, len(comparison.datasets)))
        for result in results
    )
    start = f"{first[0].upper()}{first[1:]} {'has' if len(groups[results[0]]) == 1 else 'have'}"
    rest = "".join(f"; {names} {on}" for names, on in others)
    return f"{start} a higher macro-F1 than the baseline {baseline} {on}{rest}."


def follow_up(comparison: MultiDatasetComparison) -> str:
    """Return what tests over so many data sets can say."""
    if not comparison.tested_pairs:
        return ""
    most = max(pair.datasets for pair in comparison.pair_tests)
    tests = pluralize(comparison.tested_pairs, "pair", "pairs")
    if most < comparison.min_datasets:
        return (
            f"{_data_sets(most).capitalize()} {'is' if most == 1 else 'are'} too few for a test: "
            f"with {tests} of strategies, a difference can be significant from "
            f"{_data_sets(comparison.min_datasets)} on."
        )
    sentences = significant_sentences(comparison)
    if not sentences:
        return f"No two strategies differ significantly ({WILCOXON} {tests})."
    if len(sentences) > MOST_NAMES:
        return f"{len(sentences)} of {tests} differ significantly ({WILCOXON} {tests}): see below."
    return f"Macro-F1 is significantly higher with {join_names(sentences)} ({WILCOXON} {tests})."


def claims_sentence(comparison: MultiDatasetComparison) -> str:
    """Say how many differences within a data set its run may claim; empty without a baseline."""
    results = [claim for run in comparison.runs for claim in primary_claims(run)]
    if not results:
        return ""
    claimed = sum(claim.strategy_direction != 0 for claim in results)
    differences = pluralize(len(results), "difference", "differences")
    return (
        f"Within a data set, {claimed or 'none'} of {differences} in macro-F1 can be claimed: "
        "interval, test and null row agree, over 8 seeds or more. The report of each run says "
        "which."
    )


def significant_sentences(comparison: MultiDatasetComparison) -> list[str]:
    """Return "`better` than with `worse`" for each pair that differs significantly."""
    pairs = comparison.significant_pairs
    return [f"{as_code(better)} than with {as_code(worse)}" for better, worse in pairs]


def _without_baseline(comparison: MultiDatasetComparison) -> str:
    baselines = {run.baseline for run in comparison.runs}
    reason = "have different baselines" if len(baselines) > 1 else "have no baseline"
    start = f"The {_data_sets(len(comparison.datasets))} {reason}"
    ranks = comparison.leaderboard.set_index("strategy")["mean_rank"].dropna()
    if len(ranks) < 2:
        return f"{start}, and no two strategies can be ranked."
    best, worst = ranks.min(), ranks.max()
    if best == worst:
        return f"{start}. All strategies have the same mean rank by macro-F1."
    first, last = (_names(list(ranks.index[ranks == rank])) for rank in (best, worst))
    return (
        f"{start}. By macro-F1, the best mean rank is {best:.1f} ({first}), the worst {worst:.1f} "
        f"({last})."
    )


def _on(wins: int, compared: int, datasets: int) -> str:
    if compared < datasets:
        return f"on {wins} of {_data_sets(compared)}"
    if wins < compared:
        return f"on {wins or 'none'} of {compared}"
    return "on both data sets" if compared == 2 else f"on all {compared} data sets"


def _names(names: list[str], compared: int | None = None) -> str:
    """Name few strategies, count many; `compared` is the number of all that are compared."""
    if len(names) <= MOST_NAMES:
        return join_names(list(map(as_code, names)))
    return f"all {len(names)} others" if len(names) == compared else f"{len(names)} strategies"


def _data_sets(number: int) -> str:
    return pluralize(number, "data set", "data sets")

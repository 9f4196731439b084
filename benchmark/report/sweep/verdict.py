"""The verdict on a sweep: what helps under every value, and whether the ranking holds."""

from collections.abc import Iterator

import numpy as np

from benchmark.analysis.claims import seeds_needed
from benchmark.analysis.run_grid import RANKED_BY
from benchmark.analysis.sweep import ALPHA, SweepComparison
from benchmark.report.render.blocks import as_code
from benchmark.report.render.formats import format_p_value, format_share
from benchmark.report.single.follow_up import QUICK_LOOK
from benchmark.report.sweep.words import plural, quote_all, values_in_words
from benchmark.system.text import join_names, pluralize

MOST_NAMES = 3  # strategies that a sentence names; more are counted


def verdict(comparison: SweepComparison) -> str:
    """Return which strategies help under every value, and how far the rankings agree."""
    if not comparison.ranked:
        return f"No strategy finished under {values_in_words(comparison)}: nothing is compared."
    sentences = [*_gains(comparison), ranking_sentence(comparison), _first_places(comparison)]
    return " ".join(filter(None, sentences))


def _gains(comparison: SweepComparison) -> Iterator[str]:
    """Say which differences from the baseline are claimed under all values, and under some."""
    if comparison.baseline is None or comparison.directions.empty:
        return
    directions, every = comparison.directions, values_in_words(comparison)
    gains, losses = directions == 1, directions == -1
    if names := list(directions.index[gains.all(axis=1)]):
        yield f"Under {every}, {_subject(names, 'raise')} macro-F1."
    else:
        yield f"No strategy's macro-F1 is clearly above the baseline's under {every}."
    if names := list(directions.index[losses.all(axis=1)]):
        yield f"Under {every}, {_subject(names, 'lower')} macro-F1."
    if names := list(directions.index[gains.any(axis=1) & losses.any(axis=1)]):
        which = quote_all(names, MOST_NAMES)
        yield f"Macro-F1 of {which} is clearly above the baseline's here and clearly below there."
    alone = {v: list(gains.index[gains[v] & (gains.sum(axis=1) == 1)]) for v in comparison.names}
    parts = [
        f"under {as_code(v)} alone, {_subject(n, 'raise')} macro-F1" for v, n in alone.items() if n
    ]
    if parts:
        yield f"U{'; '.join(parts).removeprefix('u')}."


def _subject(names: list[str], verb: str) -> str:
    """Return strategies and what they do: "`a` raises", "`a` and `b` raise"."""
    return f"{quote_all(names, MOST_NAMES)} {verb}{'s' if len(names) == 1 else ''}"


def ranking_sentence(comparison: SweepComparison) -> str:
    """Say how many pairs of strategies change their order, and which rank changes most."""
    agreement, number = comparison.agreement, len(comparison.ranked)
    if number < 2:
        return ""
    pairs = pluralize(int(agreement["pairs"].iloc[0]), "pair", "pairs")
    if not agreement["reversed"].any():
        return f"No two strategies change their order{_ties(comparison)}."
    worst = agreement.sort_values("tau", kind="stable").iloc[0]
    if worst["tau"] != worst["tau"]:  # a ranking without any order
        return ""
    between = ""
    if len(comparison.names) > 2:
        between = f" between {as_code(worst['a'])} and {as_code(worst['b'])}, which agree least,"
    tau = format_share(worst["tau"], 2)
    turned = f"{worst['reversed']} of {pairs} of strategies change their order{between}"
    claim = f"{_whether_it_holds(comparison)}{turned}"
    return f"{claim} (Kendall's tau {tau}; 1 is the same ranking). {_largest_change(comparison)}"


def _ties(comparison: SweepComparison) -> str:
    """Return that all rank alike, or how many pairs of strategies are equal under some value."""
    scores = comparison.ranked_scores
    a, b = np.triu_indices(len(scores), 1)
    are_equal = scores[a] == scores[b]
    if not are_equal.any():
        return f": the {plural(comparison)} rank them alike"
    tied, pairs = int(are_equal.any(axis=1).sum()), pluralize(len(a), "pair", "pairs")
    always = are_equal.all(axis=1).sum() == tied
    where = f"under {values_in_words(comparison)}" if always else "under one of them or more"
    return f", but {tied} of {pairs} {'is' if tied == 1 else 'are'} equal {where}"


def _whether_it_holds(comparison: SweepComparison) -> str:
    """Return the begin of the sentence; empty where too few seeds can tell."""
    if comparison.effect is None or len(comparison.seeds) < comparison.seeds_needed:
        return ""
    if comparison.effect.p <= ALPHA:
        return "The ranking does not hold: "
    return f"{plural(comparison).capitalize()} change the ranking no more than seeds do: "


def _largest_change(comparison: SweepComparison) -> str:
    changes = comparison.rank_changes
    most = list(changes.index[changes == changes.max()])
    if len(most) > MOST_NAMES:
        return f"{len(most)} strategies change their rank by {changes.max():g}, none by more."
    parts = []
    for name in most:
        ranks = zip(comparison.ranks_of(name), comparison.names, strict=True)
        ranks_by_value = join_names([f"{rank:g} under {as_code(value)}" for rank, value in ranks])
        parts.append(f"{as_code(name)} ({ranks_by_value})")
    verb = "changes" if len(most) == 1 else "change"
    return f"The rank of {join_names(parts)} {verb} most."


def _first_places(comparison: SweepComparison) -> str:
    """Say which strategy is first under each value."""
    scores = comparison.scores[comparison.scores["strategy"].isin(comparison.ranked)]
    first: dict[str, list[str]] = {}
    for value, rows in scores.groupby(comparison.axis, sort=False):
        best = rows["strategy"][rows[RANKED_BY] == rows[RANKED_BY].max()]
        first.setdefault(quote_all(list(best), MOST_NAMES), []).append(as_code(str(value)))
    if len(first) == 1:
        return f"First by macro-F1 under {values_in_words(comparison)}: {next(iter(first))}."
    parts = (f"{names} under {join_names(values)}" for names, values in first.items())
    return f"First by macro-F1: {'; '.join(parts)}."


def follow_up(comparison: SweepComparison) -> str:
    """Say whether seeds can tell that the ranking depends on the setting, and what they tell."""
    if any(run.manifest.quick for run in comparison.runs):
        return QUICK_LOOK
    if len(comparison.ranked) < 2:
        return ""
    seeds, needed = len(comparison.seeds), comparison.seeds_needed
    word = comparison.setting.replace("_", " ")
    if seeds < needed:
        number = "One seed does" if seeds == 1 else f"{seeds} seeds do"
        enough = max(needed, seeds_needed(len(comparison.ranked) - 1))  # each run's own tests too
        return (
            f"{number} not tell whether the {word} or chance changes the order: another seed may "
            f"change it as much. Run `--seeds {enough}`."
        )
    effect = comparison.effect
    if effect is None:
        return ""
    means = (
        f"two seeds under the same {word} agree with a mean tau of "
        f"{format_share(effect.within, 2)}, under different {plural(comparison)} of "
        f"{format_share(effect.between, 2)} (p = {format_p_value(effect.p)})"
    )
    if effect.p <= ALPHA:
        return f"The ranking depends on the {word}: {means}."
    return f"The ranking differs no more between {plural(comparison)} than between seeds: {means}."

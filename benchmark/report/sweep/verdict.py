"""The verdict on a sweep: what helps in every run, and whether the ranking holds."""

from collections.abc import Iterator

import numpy as np

from benchmark.analysis.axis_ranking import ALPHA, AxisRanking
from benchmark.analysis.claims import seeds_needed
from benchmark.analysis.sweep import SweepComparison
from benchmark.report.render.blocks import as_code
from benchmark.report.render.formats import format_share, lower_first, p_in_words
from benchmark.report.single.follow_up import QUICK_LOOK
from benchmark.report.sweep.gains import gain_sentences
from benchmark.report.sweep.main_effects import best_sentences, effect_sentences
from benchmark.report.sweep.words import noun, plural, quote_all, runs_in_words, values_in_words
from benchmark.system.text import join_names, pluralize

MOST_NAMES = 3  # strategies that a sentence names; more are counted


def verdict(comparison: SweepComparison) -> str:
    """Return which strategies help in every run, and how far the rankings agree."""
    if not comparison.ranked:
        return f"No strategy finished under {runs_in_words(comparison)}: nothing is compared."
    sentences = list(_gains(comparison))
    if len(comparison.settings) == 1:
        sentences += [sentence for axis in comparison.axes for sentence in _ranking(axis)]
    else:
        sentences += effect_sentences(comparison)
    return " ".join(filter(None, sentences))


def highlights(comparison: SweepComparison) -> Iterator[str]:
    """Yield what else the sweep shows, a line each: effects, rankings, gains, the best cell."""
    if not comparison.ranked:
        return
    if len(comparison.settings) == 1:
        yield from effect_sentences(comparison)
    else:
        for axis in comparison.axes:
            title = f"Along the {plural(axis.setting)}"
            if sentences := " ".join(filter(None, _ranking(axis))):
                yield f"{title}: {lower_first(sentences)}"
    yield from gain_sentences(comparison)
    yield from best_sentences(comparison)


def _ranking(axis: AxisRanking) -> list[str]:
    return [ranking_sentence(axis), _first_places(axis)]


def _gains(comparison: SweepComparison) -> Iterator[str]:
    """Say which differences from the baseline are claimed in all runs, and in some."""
    if comparison.baseline is None or comparison.directions.empty:
        return
    directions, every = comparison.directions, runs_in_words(comparison)
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


def ranking_sentence(axis: AxisRanking) -> str:
    """Say how many pairs of strategies change their order, and which rank changes most."""
    agreement, number = axis.agreement, len(axis.strategies)
    if number < 2:
        return ""
    pairs = pluralize(int(agreement["pairs"].iloc[0]), "pair", "pairs")
    if not agreement["reversed"].any():
        return f"No two strategies change their order{_ties(axis)}."
    worst = agreement.sort_values("tau", kind="stable").iloc[0]
    if worst["tau"] != worst["tau"]:  # a ranking without any order
        return ""
    between = ""
    if len(axis.values) > 2:
        between = f" between {as_code(worst['a'])} and {as_code(worst['b'])}, which agree least"
    tau = format_share(worst["tau"], 2)
    change = "changes its" if worst["reversed"] == 1 else "change their"
    turned = f"{worst['reversed']} of {pairs} of strategies {change} order{between}"
    claim = f"{_whether_it_holds(axis)}{turned}"
    return f"{claim} (Kendall's tau {tau}; 1 is the same ranking). {_largest_change(axis)}"


def _ties(axis: AxisRanking) -> str:
    """Return that all rank alike, or how many pairs of strategies are equal under some value."""
    scores = axis.scores
    a, b = np.triu_indices(len(scores), 1)
    are_equal = scores[a] == scores[b]
    if not are_equal.any():
        every = values_in_words(axis.setting, len(axis.values))
        return f": the ranking is the same under {every}"
    tied, pairs = int(are_equal.any(axis=1).sum()), pluralize(len(a), "pair", "pairs")
    always = are_equal.all(axis=1).sum() == tied
    every = values_in_words(axis.setting, len(axis.values))
    where = f"under {every}" if always else "under one of them or more"
    return f", but {tied} of {pairs} {'is' if tied == 1 else 'are'} equal {where}"


def _whether_it_holds(axis: AxisRanking) -> str:
    """Return the begin of the sentence; empty where too few seeds can tell."""
    if axis.effect is None or axis.seeds < axis.seeds_needed:
        return ""
    if axis.effect.p <= ALPHA:
        return "The ranking does not hold: "
    return f"{plural(axis.setting).capitalize()} change the ranking no more than seeds do: "


def _largest_change(axis: AxisRanking) -> str:
    changes = axis.rank_changes
    most = list(changes.index[changes == changes.max()])
    if len(most) > MOST_NAMES:
        return f"{len(most)} strategies change their rank by {changes.max():g}, none by more."
    parts = []
    for name in most:
        ranks = zip(axis.ranks_of(name), axis.values, strict=True)
        ranks_by_value = join_names([f"{rank:g} under {as_code(value)}" for rank, value in ranks])
        parts.append(f"{as_code(name)} ({ranks_by_value})")
    if len(most) == 1:
        return f"The rank of {parts[0]} changes most."
    return f"The ranks of {join_names(parts)} change most."


def _first_places(axis: AxisRanking) -> str:
    """Say which strategy is first under each value; nothing of a single one."""
    if len(axis.strategies) < 2:
        return ""
    first: dict[str, list[str]] = {}
    for value, best in axis.first_places().items():
        first.setdefault(quote_all(best, MOST_NAMES), []).append(as_code(value))
    if len(first) == 1:
        every = values_in_words(axis.setting, len(axis.values))
        return f"First by macro-F1 under {every}: {next(iter(first))}."
    parts = (f"{names} under {join_names(values)}" for names, values in first.items())
    return f"First by macro-F1: {'; '.join(parts)}."


def follow_up(comparison: SweepComparison) -> str:
    """Say whether seeds can tell that the ranking depends on a setting, and what they tell."""
    if any(run.manifest.quick for run in comparison.runs):
        return QUICK_LOOK
    if len(comparison.ranked) < 2:
        return ""
    few = _with_few_seeds(comparison)
    enough = [axis for axis in comparison.axes if axis not in few]
    return " ".join(filter(None, [_too_few_seeds(few), *map(_follow_up, enough)]))


def seeds_wanted(comparison: SweepComparison) -> int:
    """Return the seeds that tell what changes the order; 0 where there are enough, or no order."""
    return _seeds_to_tell(few) if (few := _with_few_seeds(comparison)) else 0


def _with_few_seeds(comparison: SweepComparison) -> list[AxisRanking]:
    """Return the rankings that too few seeds have."""
    if len(comparison.ranked) < 2:
        return []
    return [axis for axis in comparison.axes if axis.seeds < axis.seeds_needed]


def _seeds_to_tell(axes: list[AxisRanking]) -> int:
    # each run's own tests too
    return max(seeds_needed(len(axes[0].strategies) - 1), *(axis.seeds_needed for axis in axes))


def _too_few_seeds(axes: list[AxisRanking]) -> str:
    """Say that seeds are too few to tell what changes the order, and how many are enough."""
    if not axes:
        return ""
    number = "One seed does" if axes[0].seeds == 1 else f"{axes[0].seeds} seeds do"
    causes = ", ".join(f"the {noun(axis.setting)}" for axis in axes)
    return (
        f"{number} not tell whether {causes} or chance changes the order: another seed may change "
        f"it as much. Run `--seeds {_seeds_to_tell(axes)}`."
    )


def _follow_up(axis: AxisRanking) -> str:
    word = noun(axis.setting)
    if axis.effect is None:
        return ""
    means = (
        f"two seeds under the same {word} agree with a mean tau of "
        f"{format_share(axis.effect.within, 2)}, under different {plural(axis.setting)} of "
        f"{format_share(axis.effect.between, 2)} ({p_in_words(axis.effect.p)})"
    )
    if axis.effect.p <= ALPHA:
        return f"The ranking depends on the {word}: {means}."
    return (
        f"The ranking differs no more between {plural(axis.setting)} than between seeds: {means}."
    )

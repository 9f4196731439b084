"""Warnings that a reader must know before comparing the runs of a sweep."""

from collections.abc import Callable, Iterator, Sequence

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.run_grid import NOT_RUN
from benchmark.analysis.sweep import SweepComparison
from benchmark.execution.same_training import why_the_same
from benchmark.report.render.blocks import as_code
from benchmark.report.single.notices import few_images_warning
from benchmark.report.single.undertrained import undertrained_sentence
from benchmark.report.sweep.few_seeds import few_seeds_warning
from benchmark.report.sweep.verdict import seeds_wanted
from benchmark.report.sweep.words import noun, plural, runs_in_words, short_value, with_noun
from benchmark.system.text import first_names, join_names

MOST_RUNS, MOST_PAIRS = 4, 3  # that a sentence names; more are counted
_INCOMPLETE = {
    NOT_RUN: "Not run under {}, so not ranked: {}.",
    "failed": "Failed under {}, so not ranked: {}.",
    "partly failed": "Failed for some seeds under {}, so not ranked: {}.",
}


def warnings(comparison: SweepComparison) -> Iterator[str]:
    """Yield the warnings, the most important first."""
    if comparison.missing:
        is_one = len(comparison.missing) == 1
        runs, verb = ("run", "has") if is_one else ("runs", "have")
        yield (
            f"The {runs} under {_join_runs(comparison.missing)} {verb} not begun: run the command "
            "again."
        )
    yield from _incomplete(comparison)
    yield from _same_values(comparison)
    baselines = dict.fromkeys(run.baseline for run in comparison.runs)  # in their order
    if len(baselines) > 1:
        yield (
            f"The runs have different baselines: {', '.join(map(str, baselines))}. "
            "`--baseline NAME` takes one for all."
        )
    if any(run.seeds != comparison.runs[0].seeds for run in comparison.runs):
        runs = plural(comparison.settings[0]) if len(comparison.settings) == 1 else "runs"
        yield f"Not all {runs} have the same seeds: run the command again."
    if len(comparison.axes) < len(comparison.settings) and comparison.ranked:
        yield "Too few runs have begun to compare along every setting: run the command again."
    if not comparison.runs[0].manifest.quick and comparison.ranked:
        yield from filter(
            None, [few_seeds_warning(len(comparison.seeds), seeds_wanted(comparison))]
        )
    yield from of_runs(comparison)


def of_runs(comparison: SweepComparison) -> Iterator[str]:
    """Yield what single runs warn of, of data and weights too, each sentence once with its runs."""
    runs_of: dict[str, list[str]] = {}
    for sentences in _OF_A_RUN:
        for name, run in zip(comparison.names, comparison.runs, strict=True):
            for sentence in filter(None, sentences(run)):
                runs_of.setdefault(sentence, []).append(name)
    for sentence, names in runs_of.items():
        # with the letters that it has: it may begin with the name of a file
        is_of_all = len(names) == len(comparison.names)
        yield sentence if is_of_all else f"Under {_name_runs(comparison, names)}: {sentence}"


def _audit_sentence(run: Comparison) -> str:
    """Return which strategies failed a check; empty if none did."""
    names = join_names(list(map(as_code, run.failed_checks)))
    return f"{names} failed the audit: see the report of each run." if names else ""


# what a single run warns of, the most important first
_OF_A_RUN: tuple[Callable[[Comparison], Sequence[str]], ...] = (
    lambda run: run.lacks,
    lambda run: (_audit_sentence(run),),
    lambda run: (undertrained_sentence(run, name_the_remedy=False),),
    lambda run: (few_images_warning(run),),
    lambda run: run.manifest.messages,
)


def _same_values(comparison: SweepComparison) -> Iterator[str]:
    """Yield which values train the same networks: what differs there is no effect of theirs."""
    experiment = comparison.runs[0].manifest.experiment
    for same in comparison.same_values:
        if same.in_all:
            first, second = same.values
            yield (
                f"The same networks are trained with {with_noun(same.setting, first)} and "
                f"{short_value(same.setting, second)}: "
                f"{why_the_same(same.setting, experiment)}. What differs between them is no effect "
                f"of the {noun(same.setting)}."
            )
        else:
            pairs = [f"{as_code(a)} and {as_code(b)}" for a, b in same.runs]
            yield f"These runs train the same networks: {first_names(pairs, MOST_PAIRS, '; ')}."


def _incomplete(comparison: SweepComparison) -> Iterator[str]:
    scores = comparison.scores
    for status, text in _INCOMPLETE.items():
        rows, runs_of = scores[scores["status"] == status], dict[tuple[str, ...], list[str]]()
        for value, names in rows.groupby(comparison.axis, sort=False)["strategy"]:
            runs_of.setdefault(tuple(names), []).append(str(value))
        for strategies, runs in runs_of.items():
            under = _name_runs(comparison, runs)
            if len(strategies) == len(comparison.strategies):
                own = "that run's report" if len(runs) == 1 else "the reports of these runs"
                yield f"Every strategy failed under {under}: see {own}."
            else:
                yield text.format(under, join_names(list(map(as_code, strategies))))


def _name_runs(comparison: SweepComparison, runs: Sequence[str]) -> str:
    """Return what runs have in common, if they are all of that: "label noise `0.2`"."""
    if len(runs) == len(comparison.names) and not comparison.missing:
        return runs_in_words(comparison)
    pairs = list(zip(comparison.names, comparison.values, strict=True))
    for k, setting in enumerate(comparison.settings if len(comparison.settings) > 1 else ()):
        for value in comparison.values_of(setting):
            if set(runs) == {name for name, values in pairs if values[k] == value}:
                return with_noun(setting, value)
    return _join_runs(runs)


def _join_runs(runs: Sequence[str]) -> str:
    """Name few runs in code, count many."""
    if len(runs) > MOST_RUNS:
        return f"{len(runs)} runs"
    return join_names(list(map(as_code, runs)))

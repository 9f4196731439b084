"""Warnings that a reader must know before comparing the runs of a sweep."""

from collections.abc import Iterator

from benchmark.analysis.run_grid import NOT_RUN
from benchmark.analysis.sweep import SweepComparison
from benchmark.report.render.blocks import as_code
from benchmark.report.single.notices import few_images_warning
from benchmark.report.single.undertrained import undertrained_sentence
from benchmark.report.sweep.words import plural
from benchmark.system.text import join_names

_INCOMPLETE = {
    NOT_RUN: "Not run under {}, so not ranked: {}.",
    "failed": "Failed under {}, so not ranked: {}.",
    "partly failed": "Failed for some seeds under {}, so not ranked: {}.",
}


def warnings(comparison: SweepComparison) -> Iterator[str]:
    """Yield the warnings, the most important first."""
    if comparison.missing:
        names = join_names(list(map(as_code, comparison.missing)))
        yield f"The run under {names} has not begun: run the command again."
    yield from _incomplete(comparison)
    for value, run in zip(comparison.names, comparison.runs, strict=True):
        for sentence in run.lacks:
            yield f"Under {as_code(value)}, {sentence}"
    for value, run in zip(comparison.names, comparison.runs, strict=True):
        if sentence := undertrained_sentence(run, name_the_remedy=False):
            yield f"Under {as_code(value)}: {sentence}"
        if run.failed_checks:
            strategies = join_names(list(map(as_code, run.failed_checks)))
            yield f"Under {as_code(value)}, {strategies} failed the audit: see that run's report."
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
    if few := few_images_warning(comparison.runs[0]):
        yield few
    yield from comparison.runs[0].manifest.messages


def _incomplete(comparison: SweepComparison) -> Iterator[str]:
    scores = comparison.scores
    for status, text in _INCOMPLETE.items():
        rows = scores[scores["status"] == status]
        for value, names in rows.groupby(comparison.axis, sort=False)["strategy"]:
            if len(names) == len(comparison.strategies):
                yield f"Every strategy failed under {as_code(str(value))}: see that run's report."
            else:
                yield text.format(as_code(str(value)), join_names(list(map(as_code, names))))

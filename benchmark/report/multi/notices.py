"""Warnings that a reader must know before comparing one data set with another."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.multi_dataset import MultiDatasetComparison
from benchmark.analysis.run_grid import NOT_RUN
from benchmark.report.multi.tables import comparable_settings
from benchmark.report.render.blocks import as_code
from benchmark.report.render.formats import lower_first
from benchmark.report.single.absent_classes import absent_classes_sentence
from benchmark.report.single.notices import FEW_TEST_IMAGES, few_images
from benchmark.system.text import join_names, pluralize

MOST_NAMES = 8  # data sets that a warning names; more are counted


def warnings(comparison: MultiDatasetComparison) -> Iterator[str]:
    """Yield the warnings, the most important first."""
    runs = dict(zip(comparison.datasets, comparison.runs, strict=True))
    if quick := [name for name, run in runs.items() if run.manifest.quick]:
        yield f"These runs are quick looks and no evidence: {_names(quick)}."
    yield from _same_images(runs)
    yield from _baselines(runs)
    yield from _settings(runs)
    for name, run in runs.items():
        if failed := run.failed_checks:
            strategies = join_names(list(map(as_code, failed)))
            yield f"On {as_code(name)} {strategies} failed the audit: see that run's report."
    if few := [name for name, run in runs.items() if few_images(run)]:
        yield (
            f"Classes with fewer than {FEW_TEST_IMAGES} test images are on {_names(few)}: the "
            "report of the run names them and says how uncertain its numbers are."
        )
    for name, run in runs.items():
        if sentence := absent_classes_sentence(run):
            yield f"On {as_code(name)}, {lower_first(sentence)}"
    for name, run in runs.items():
        for sentence in run.lacks:
            yield f"On {as_code(name)}, {sentence}"
    yield from _incomplete(comparison)


def _same_images(runs: dict[str, Comparison]) -> Iterator[str]:
    """Warn of data sets with the same classes, as many images, and the same source or counts."""
    for (name, run), (other_name, other) in combinations(runs.items(), 2):
        ours, theirs = run.manifest.data, other.manifest.data
        same_size = ours.images == theirs.images and set(run.classes) == set(other.classes)
        if same_size and (ours.spec == theirs.spec or ours.counts == theirs.counts):
            yield (
                f"{_names([name, other_name])} seem to be the same images: they count as two data "
                "sets here, but are not independent."
            )


def _baselines(runs: dict[str, Comparison]) -> Iterator[str]:
    groups: dict[str, list[str]] = {}
    for name, run in runs.items():
        groups.setdefault(as_code(run.baseline) if run.baseline else "none", []).append(name)
    if len(groups) > 1:
        yield (
            f"The runs have different baselines: {_grouped(groups)}. Differences are from each "
            "run's own; `--baseline NAME` takes one for all."
        )


def _settings(runs: dict[str, Comparison]) -> Iterator[str]:
    by_run = {name: comparable_settings(run) for name, run in runs.items()}
    for setting_name in next(iter(by_run.values())):
        groups: dict[str, list[str]] = {}
        for name, values in by_run.items():
            groups.setdefault(values[setting_name], []).append(name)
        if len(groups) > 1:
            yield f"The runs differ in {setting_name}: {_grouped(groups)}."


_INCOMPLETE = {
    NOT_RUN: "Not run on {}, so shown but neither ranked nor tested: {}.",
    "failed": "Failed on {}, so not compared there: {}.",
    "partly failed": "Failed for some seeds on {}, so not compared there: {}.",
}


def _incomplete(comparison: MultiDatasetComparison) -> Iterator[str]:
    """Warn of strategies that were not run on all data sets, and of those that failed."""
    scores = comparison.scores
    for status, text in _INCOMPLETE.items():
        rows = scores[scores["status"] == status]
        strategies_on: dict[str, list[str]] = {}
        for strategy, datasets in rows.groupby("strategy", sort=False)["dataset"]:
            strategies_on.setdefault(_names(list(datasets)), []).append(as_code(str(strategy)))
        for names, strategies in strategies_on.items():
            yield text.format(names, join_names(strategies))


def _grouped(groups: dict[str, list[str]]) -> str:
    return "; ".join(f"{value} on {_names(names)}" for value, names in groups.items())


def _names(names: Sequence[str]) -> str:
    if len(names) > MOST_NAMES:
        return pluralize(len(names), "data set", "data sets")
    return join_names(list(map(as_code, names)))

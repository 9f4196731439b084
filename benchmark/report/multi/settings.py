"""In what the runs differ besides their data: settings side by side, and what to warn of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.multi_dataset import NOT_RUN, MultiDatasetComparison
from benchmark.report.render.blocks import as_code, printable
from benchmark.report.render.formats import MISSING, format_count, join_names, pluralize
from benchmark.report.single.audit import flagged
from benchmark.report.single.few import FEW_TEST_IMAGES, few_images
from benchmark.report.single.tables import mapping


def settings(run: Comparison) -> dict[str, str]:
    """Return what one data set's results should not differ in from another's: name -> value."""
    experiment, weights = (mapping(run.manifest.get(part)) for part in ("experiment", "weights"))
    size = experiment.get("image_size")
    pairs = {
        "recipe": _recipe(mapping(experiment.get("recipe"))),
        "network": experiment.get("backbone"),
        "weights": _weights(weights),
        "image size": f"{size} px" if size else None,
        "fine-tune depth": experiment.get("fine_tune"),
        "precision": experiment.get("precision"),
        "seeds": ", ".join(map(str, run.seeds)),
    }
    return {name: printable(str(value or MISSING)) for name, value in pairs.items()}


def warnings(across: MultiDatasetComparison) -> Iterator[str]:
    """Yield what a reader must know before comparing one column with another."""
    named = dict(zip(across.datasets, across.runs, strict=True))
    if quick := [name for name, run in named.items() if run.manifest.get("quick")]:
        yield f"Quick looks, which are no evidence: {_names(quick)}."
    for one, two in _alike(across):
        yield (
            f"{_names([one, two])} seem to be the same images: they count as two data sets "
            "here, but don't speak independently."
        )
    if len({run.baseline for run in across.runs}) > 1:
        by_baseline: dict[str, list[str]] = {}
        for name, run in named.items():
            by_baseline.setdefault(
                as_code(printable(run.baseline)) if run.baseline else "none", []
            ).append(name)
        yield (
            f"The runs have different baselines: {_by_value(by_baseline)}. Changes are against each "
            "run's own; `--baseline NAME` takes one for all."
        )
    yield from _differing(across)
    for name, run in named.items():
        if missed := flagged(run):
            yield (
                f"On {as_code(printable(name))} {join_names([as_code(printable(one)) for one in missed])} "
                "failed its audit: see that run's report for what was not seen."
            )
    if few := [name for name, run in named.items() if few_images(run)]:
        yield (
            f"Classes with fewer than {FEW_TEST_IMAGES} test images are on {_names(few)}: a run's "
            "own report says which, and how unsure that makes its numbers."
        )
    scores = across.scores
    for strategy in across.strategies:
        mine = scores[scores["strategy"] == strategy]
        absent = list(mine.loc[mine["status"] == NOT_RUN, "dataset"])
        if absent:
            yield (
                f"{as_code(printable(strategy))} was not run on {_names(absent)}: it is shown, but "
                "neither ranked nor tested."
            )
    for strategy in across.strategies:
        mine = scores[scores["strategy"] == strategy]
        for status, how in (("failed", "failed"), ("partly failed", "failed for some seeds")):
            failed = list(mine.loc[mine["status"] == status, "dataset"])
            if failed:
                yield (
                    f"{as_code(printable(strategy))} {how} on {_names(failed)}: there it is not "
                    "compared."
                )


def _differing(across: MultiDatasetComparison) -> Iterator[str]:
    by_run = {name: settings(run) for name, run in zip(across.datasets, across.runs, strict=True)}
    for setting in next(iter(by_run.values())):
        by_value: dict[str, list[str]] = {}
        for name, values in by_run.items():
            by_value.setdefault(values[setting], []).append(name)
        if len(by_value) > 1:
            yield f"The runs differ in {setting}: {_by_value(by_value)}."


def _weights(weights: dict[str, Any]) -> str:
    """Write name and the first digits of the hash: files of one name may differ."""
    return f"{weights.get('name') or ''} {str(weights.get('sha256') or '')[:8]}".strip()


def _recipe(recipe: dict[str, Any]) -> str:
    """Write a recipe's name and phases, which a run may have changed."""
    phases = [
        f"{format_count(phase.get('epochs', float('nan')))} epochs of the {phase.get('trains')} "
        f"at {phase.get('lr')}"
        for phase in map(mapping, recipe.get("phases") or [])
    ]
    name = str(recipe.get("name") or "")
    return f"{name} ({', then '.join(phases)})" if phases else name


def _alike(across: MultiDatasetComparison) -> Iterator[tuple[str, str]]:
    """Yield pairs of data sets with the same classes, as many images, and one source or counts."""
    for place, (one, a) in enumerate(zip(across.datasets, across.runs, strict=True)):
        for two, b in zip(across.datasets[place + 1 :], across.runs[place + 1 :], strict=True):
            first, second = (mapping(run.manifest.get("data")) for run in (a, b))
            same_size = first.get("images") == second.get("images") and set(a.classes) == set(
                b.classes
            )
            spec, counts = (
                first.get(part) is not None and first.get(part) == second.get(part)
                for part in ("spec", "counts")
            )
            if same_size and (spec or counts):
                yield one, two


def _by_value(by_value: dict[str, list[str]]) -> str:
    return "; ".join(f"{value} on {_names(names)}" for value, names in by_value.items())


def _names(names: list[str]) -> str:
    if len(names) > 8:
        return f"{pluralize(len(names), 'data set', 'data sets')}"
    return join_names([as_code(printable(name)) for name in names])

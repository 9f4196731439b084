"""Fabricated sweeps, for tests of their analysis and report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.analysis.sweep import SweepComparison, load_sweep
from benchmark.evaluation.metrics.registry import evaluate
from benchmark.execution.record_schema import Record
from benchmark.execution.sweep_folder import SWEEP_FILE, SweepManifest, SweepRunInfo
from benchmark.plan.sweep import run_name
from benchmark.storage.file_names import folder_stem
from benchmark.storage.typed_json import to_json
from tests.report.fabricate import STRATEGIES, FabricatedRun, fabricate_run

TURNED = ("no_change", *STRATEGIES[:0:-1])  # strengths follow the order of strategies


def fabricated_run(recipe: str, strategies: Sequence[str], **how: Any) -> FabricatedRun:
    """Return a run under a recipe of this name."""
    run = fabricate_run(recipe, strategies=strategies, **how)
    experiment = run.manifest.experiment
    settings = experiment.settings | {"recipe": recipe}
    own = replace(experiment.recipe, name=recipe)
    experiment = replace(experiment, settings=settings, recipe=own)
    return run._replace(manifest=replace(run.manifest, experiment=experiment))


def write_sweep(folder: Path, runs: dict[str, FabricatedRun], planned: Sequence[str] = ()) -> Path:
    """Write the files of a sweep over recipes; `planned` are values without a run."""
    folder.mkdir(exist_ok=True, parents=True)
    infos = tuple(SweepRunInfo((value,), value) for value in (*runs, *planned))
    manifest = SweepManifest(settings=("recipe",), runs=infos)
    (folder / SWEEP_FILE).write_text(to_json(manifest), encoding="utf-8")
    for value, run in runs.items():
        run.write(folder / value)
    return folder


def two_recipes(folder: Path, **how: Any) -> SweepComparison:
    """Return a sweep of two recipes that rank the strategies in reverse, but for the baseline."""
    runs = {"forum": fabricated_run("forum", STRATEGIES, **how)}
    runs["strong"] = fabricated_run("strong", TURNED, **how)
    return load_sweep(write_sweep(folder, runs))


def grid_folder(
    folder: Path,
    axes: Mapping[str, Sequence[str]],
    strategies: Sequence[str] = STRATEGIES[:3],
    gain: Mapping[tuple[str, ...], float] | None = None,
    left_out: Sequence[tuple[str, ...]] = (),
    **how: Any,
) -> Path:
    """Write a sweep over several settings; the runs have equal test images and planted scores.

    Parameters
    ----------
    axes
        Setting -> the names of its values, as the manifests of the runs carry them.
    gain
        Values of a run -> the share of the baseline's wrong predictions that a run of them puts
        right, under all strategies; 0 where none is given.
    left_out
        Values of runs that have not begun.
    """
    settings, infos = tuple(axes), []
    folder.mkdir(exist_ok=True, parents=True)
    for k, values in enumerate(product(*axes.values())):
        name = folder_stem(run_name(settings, values))
        infos.append(SweepRunInfo(values, name))
        if values not in left_out:
            run = fabricate_run(f"run{k}", strategies=strategies, **how)
            run = _with_settings(run, dict(zip(settings, values, strict=True)))
            _put_right(run, (gain or {}).get(values, 0.0)).write(folder / name)
    manifest = SweepManifest(settings=settings, runs=tuple(infos))
    (folder / SWEEP_FILE).write_text(to_json(manifest), encoding="utf-8")
    return folder


def fabricated_grid(folder: Path, axes: Mapping[str, Sequence[str]], **how: Any) -> SweepComparison:
    """Return what `load_sweep` reads of `grid_folder`."""
    return load_sweep(grid_folder(folder, axes, **how))


def _with_settings(run: FabricatedRun, values: Mapping[str, str]) -> FabricatedRun:
    experiment = run.manifest.experiment
    experiment = replace(experiment, settings=experiment.settings | values)
    if "recipe" in values:
        experiment = replace(experiment, recipe=replace(experiment.recipe, name=values["recipe"]))
    return run._replace(manifest=replace(run.manifest, experiment=experiment))


def _put_right(run: FabricatedRun, share: float) -> FabricatedRun:
    """Put the first `share` of the wrong predictions on test images right."""
    records = []
    for record in run.records:
        if isinstance(record, Record) and share:
            labels = np.array(run.splits[record.seed].test.labels)
            predicted = np.array(record.predicted["test"])
            wrong = np.flatnonzero(predicted != labels)
            wrong = wrong[: round(share * len(wrong))]
            predicted[wrong] = labels[wrong]
            train = np.array(run.splits[record.seed].train.counts)
            log_p = np.log(np.eye(len(train))[predicted] * 0.6 + 0.4 / len(train))
            metrics = evaluate(labels, predicted, log_p, train)
            record = replace(
                record,
                metrics={"val": {"macro_f1": metrics["macro_f1"]}, "test": metrics},
                predicted=record.predicted | {"test": tuple(predicted.tolist())},
            )
        records.append(record)
    return run._replace(records=records)

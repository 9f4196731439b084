"""Fabricated sweeps, for tests of their analysis and report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmark.analysis.sweep import SweepComparison, load_sweep
from benchmark.execution.sweep_folder import SWEEP_FILE, SweepManifest, SweepRunInfo
from benchmark.execution.typed_json import to_json
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

"""The same as the command line, for notebooks and scripts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.plan.experiment import Experiment, changed_from_recipe, default_name, recipe_for
from benchmark.plan.segments import Plan, make_plan, require_baseline
from benchmark.plugins import broken_words, load_plugins
from benchmark.report import write_multi_dataset_report, write_report
from benchmark.run.run_folder import RunFolder
from benchmark.storage.atomic import write_json
from benchmark.strategy import Strategy
from benchmark.strategy.places import places
from benchmark.strategy.registry import registered, resolve
from benchmark.system.progress import NullProgress, Timer

if TYPE_CHECKING:
    from benchmark.result import MultiDatasetResult, Result
    from benchmark.run.executor import Executor


def run(
    data: str | Path = "wheels",
    strategies: str | Iterable[str] = "all",
    *,
    baseline: str | None = None,
    plugins: Iterable[str | Path] = (),
    imbalance: str = "natural",
    backbone: str = "inception_v3",
    weights: str | Path = "auto",
    recipe: str = "forum",
    fine_tune: str = "half",
    image_size: int = 128,
    batch_size: int | None = None,
    lr: float | None = None,
    epochs: float | Sequence[float] | None = None,
    seeds: int | Sequence[int] = (0,),
    device: str = "auto",
    precision: str = "auto",
    out: str | Path | None = None,
    quick: bool = False,
    jobs: int | None = None,
    cache_limit: int | None = None,
    tune: int = 0,
    command: str | None = None,
    progress: NullProgress | None = None,
) -> Result:
    """Fine-tune one network under several strategies and write the report.

    Arguments are those of ``python -m benchmark run``; see its help. What is stored in `out` and
    still current is not trained again. `seeds` says how many, or which. `baseline` None
    compares with the strategy that changes nothing. `cache_limit` is in bytes; None lets the cache
    take half of what the disk has for it. `tune` is the number of trials by which each strategy's
    parameters are chosen on validation before (see `benchmark.run.tuning`); 0 takes them as
    asked for.

    Raises
    ------
    ValueError, FileNotFoundError
        If something asked for does not exist or can't be used. A strategy that fails while it
        trains raises nothing: it is a row of the result with its error.
    """
    load_plugins(plugins)
    experiment = make_experiment(
        data=data,
        imbalance=imbalance,
        backbone=backbone,
        weights=weights,
        recipe=recipe,
        fine_tune=fine_tune,
        image_size=image_size,
        batch_size=batch_size,
        lr=lr,
        epochs=epochs,
        seeds=seeds,
        device=device,
        precision=precision,
        quick=quick,
    )
    watch = Timer(progress)
    executor = plan(
        experiment,
        strategies,
        baseline=baseline,
        out=out,
        jobs=jobs,
        cache_limit=cache_limit,
        tune=tune,
        progress=watch,
    )
    return execute(executor, command, watch, baseline, tune)


def execute(
    executor: Executor,
    command: str | None,
    watch: Timer,
    baseline: str | None = None,
    tune: int = 0,
) -> Result:
    """Train what a plan needs, write the report, and write down what took how long.

    With `tune` trials each strategy's parameters are chosen on validation before.
    """
    folder = executor.folder
    with folder.locked():
        tuning = None
        if tune:
            from benchmark.run import tuning as trials  # half a second, which `report` does without

            tuned = trials.tune(executor, tune, watch)
            executor, tuning = executor.with_plan(tuned.plan), trials.to_json(tune, tuned)
        write_manifest(executor, command, baseline, tuning)
        executor.execute(watch)
        with watch.task("report", 1, "file") as advance:
            result = load(folder.path)
            advance(1)
        seconds = {task: round(took, 3) for task, took in watch.seconds.items()}
        cost = {"whole": round(watch.whole, 3), "stores_in_memory": executor.stores_in_memory}
        write_json(folder.cost_file, {"seconds": seconds, **cost})
    return result


def load(folder: str | Path, baseline: str | None = None) -> Result:
    """Open the folder of a run and write its report anew, from what is stored.

    `baseline` names the strategy that the others are compared with in this report; None takes the
    one of the run, which stays as it is.

    Raises
    ------
    FileNotFoundError
        If the folder holds no run.
    ValueError
        If `baseline` is no strategy of the run.
    """
    # pandas and scipy.stats, 60 MB, which who waits for a training does without
    from benchmark.analysis.comparison import load_comparison
    from benchmark.result import Result

    comparison = load_comparison(Path(folder), baseline)
    return Result(comparison, write_report(comparison))


def compare_runs(
    folders: Sequence[str | Path], *, baseline: str | None = None, out: str | Path | None = None
) -> MultiDatasetResult:
    """Put finished runs on different data sets into one report, in a folder of its own.

    `baseline` names the strategy that the others are compared with on every data set; None takes
    each run's own. `out` None writes to results/compare-<names of the folders>.

    Raises
    ------
    FileNotFoundError
        If a folder holds no run, naming it.
    ValueError
        For fewer than two folders, one given twice, a run that `baseline` is no strategy of, or an
        `out` that is the folder of a run.
    """
    from benchmark.analysis.multi_dataset import default_folder, load_multi_dataset
    from benchmark.result import MultiDatasetResult

    folder = Path(out) if out else default_folder(folders)
    if RunFolder(folder).run_file.exists():
        raise ValueError(f"{folder} is the folder of a run, whose report would be overwritten")
    comparison = load_multi_dataset(folders, baseline)
    return MultiDatasetResult(comparison, write_multi_dataset_report(comparison, folder))


def make_experiment(
    *,
    data: str | Path,
    weights: str | Path,
    recipe: str,
    lr: float | None,
    epochs: float | Sequence[float] | None,
    seeds: int | Sequence[int],
    quick: bool,
    **others: Any,
) -> Experiment:
    """Put an experiment together from plain values.

    Raises
    ------
    ValueError
        For a value that is not allowed, saying which are.
    """
    if quick and epochs is None:
        epochs = 1
    if epochs is not None and not isinstance(epochs, Sequence):
        epochs = [epochs]
    return Experiment(
        data=str(data),
        weights=str(weights),
        recipe=recipe_for(recipe, epochs, lr),
        seeds=tuple(range(seeds) if isinstance(seeds, int) else seeds),
        quick=quick,
        **others,
    )


def plan(
    experiment: Experiment,
    strategies: str | Iterable[str],
    *,
    baseline: str | None = None,
    out: str | Path | None = None,
    jobs: int | None = None,
    cache_limit: int | None = None,
    tune: int = 0,
    progress: NullProgress | None = None,
) -> Executor:
    """Open data and weights and lay out what is to be trained, without training it.

    Raises
    ------
    ValueError, FileNotFoundError
        If something asked for does not exist or can't be used, also if `baseline` is none of the
        strategies.
    """
    from benchmark.run.executor import Executor  # half a second, which `report` does without
    from benchmark.run.prepare import prepare

    asked = resolve(strategies)
    if baseline is not None:
        require_baseline(baseline, [one.name for one in asked], "asked for")
    if jobs is not None and jobs < 1:
        raise ValueError(f"jobs must be 1 or more, got {jobs}")
    if tune < 0:
        raise ValueError(f"tune must be a number of trials, 1 or more, or 0 for none, got {tune}")
    name = default_name(experiment) + (f"-tune{tune}" if tune else "")
    folder = RunFolder(Path(out) if out else Path("results") / name)
    records = [folder.record_file(one.name, seed) for one in asked for seed in experiment.seeds]
    # then this process will hardly wait for a training, which it does with little in its memory
    all_there = all(record.exists() for record in records)
    prepared = prepare(
        experiment, progress, cache_limit, jobs, _import_report if all_there else lambda: None
    )
    return Executor(
        prepared, make_plan(asked, prepared.budgets, prepared.base_fingerprints), folder, jobs
    )


def _import_report() -> None:
    """Import what records and the report are written with: 1 to 3 s, and 60 MB."""
    from benchmark.analysis import comparison  # noqa: F401
    from benchmark.report.render import writer  # noqa: F401
    from benchmark.report.single import csv_files, page  # noqa: F401
    from benchmark.run import record  # noqa: F401


def write_manifest(
    executor: Executor,
    command: str | None,
    baseline: str | None = None,
    tuning: dict[str, Any] | None = None,
) -> None:
    """Write run.json and the splits: what was asked, on what, and by what it was tuned."""
    from benchmark.system.provenance import environment

    prepared, layout, folder = executor.prepared, executor.plan, executor.folder
    images, experiment = prepared.images, prepared.experiment
    counts: dict[int, dict[str, list[int]]] = {}  # by seed, then by side
    for seed, parts in prepared.splits.items():
        content = {}
        for part in ("train", "val", "test"):
            indices = getattr(parts, part)
            labels = images.labels[indices]
            content[part] = {
                "counts": np.bincount(labels, minlength=prepared.classes).tolist(),
                "labels": labels.tolist(),
                "files": [images.files[i] for i in indices],
            }
            if images.groups is not None:
                content[part]["groups"] = images.groups[indices].tolist()
        write_json(folder.split_file(seed), content)
        counts[seed] = {part: side["counts"] for part, side in content.items()}
    first = experiment.seeds[0]
    write_json(
        folder.run_file,
        {
            "name": folder.path.name,
            "command": command,
            "quick": experiment.quick,
            "experiment": {
                **experiment.describe(),
                "batch_size": prepared.budgets[first].batch_size,
                "phase_steps": list(prepared.budgets[first].phase_steps),
                "first_trained": experiment.trainable[0],
                "changed": changed_from_recipe(experiment),
                "precision": prepared.device.precision,
                "device": prepared.device.name,
            },
            "data": {
                "name": images.name,
                "spec": images.spec,
                "description": images.description,
                "images": len(images),
                "groups": None if images.groups is None else len(np.unique(images.groups)),
                "classes": list(images.classes),
                "counts": counts[first],
            },
            "weights": {
                "name": prepared.weights.name,
                "source": prepared.weights.source,
                "sha256": prepared.weights.sha256,
            },
            "environment": environment(prepared.device),
            "seeds": list(experiment.seeds),
            "asked": [
                {"name": one.name, "doc": one.doc, "parameters": _used(layout, one.name)}
                for one in layout.asked
            ],
            "at_hand": {
                name: {"summary": entry.summary, "places": places(entry.build())}
                for name, entry in registered().items()
            },
            "baseline": baseline or _changes_nothing(layout),
            "networks": {
                one.name: {str(seed): layout.outputs[one.name, seed] for seed in experiment.seeds}
                for one in layout.asked
            },
            "tuning": tuning,
            "messages": [*prepared.messages, *broken_words()],
        },
    )


def _used(layout: Plan, name: str) -> dict[str, Any]:
    """Return a strategy's parameters; those in which its seeds differ, all of them."""
    by_seed = [layout.built[name, seed].parameters for seed in layout.budgets]
    return {
        key: values[0] if len(set(values)) == 1 else ", ".join(map(str, values))
        for key in by_seed[0]
        if (values := [one[key] for one in by_seed])
    }


def _changes_nothing(layout: Plan) -> str | None:
    """Return the strategy that changes nothing, if it was asked for."""
    return next((one.name for one in layout.asked if one.strategy == Strategy()), None)


__all__ = [
    "carry_out",
    "compare_runs",
    "load",
    "make_experiment",
    "plan",
    "run",
]

"""From settings to what is to be trained: data and weights opened, a folder chosen, a plan made."""

from __future__ import annotations

from concurrent import futures
from dataclasses import replace

from benchmark.engines.engine import Engine
from benchmark.execution import (
    executor,
    extension,
    folder_choice,
    prepare,
    run_engine,
    sweep_folder_choice,
    sweep_notes,
    tuning,
)
from benchmark.execution.damaged_files import damaged_files, describe
from benchmark.execution.executor import Executor
from benchmark.execution.folder_choice import FolderChoice
from benchmark.execution.networks import seeds_to_keep
from benchmark.execution.prepare import PreparedExperiment
from benchmark.execution.sweep_plan import SweepPlan
from benchmark.plan.experiment import Experiment
from benchmark.plan.null_row import with_null_row
from benchmark.plan.run_options import RunOptions, require_baseline
from benchmark.plan.segments import make_plan
from benchmark.plan.sweep import Sweep
from benchmark.storage.sharing import lock_note
from benchmark.storage.user_folders import cache_dir, expand_home
from benchmark.strategy.registry import require_fingerprints, resolve
from benchmark.system.device import Device
from benchmark.system.progress import NullProgress, Progress


def plan_runs(
    experiment: Experiment | Sweep,
    options: RunOptions,
    progress: Progress | None = None,
    executor: futures.Executor | None = None,
) -> Executor | SweepPlan:
    """Open data and weights and plan what is to be trained, without training it.

    Of a sweep, the images are opened once for all of its runs. `executor` is the user's own, in
    place of an engine. What is returned has the engine open: `close` ends it.

    Raises
    ------
    ValueError, FileNotFoundError
        If something that a setting names does not exist or can't be used, if the baseline is none
        of the strategies, or if `out` holds another experiment.
    ModuleNotFoundError
        If tuning is wanted and Optuna is not installed, saying how to install it.
    """
    require_fingerprints(resolve(options.strategies))  # known before images are decoded
    first = experiment.first if isinstance(experiment, Sweep) else experiment
    engine, device = run_engine.open_run_engine(
        first, options, executor, (progress or NullProgress()).say
    )
    try:
        return _plan(experiment, options, progress, engine, device)
    except BaseException:
        if engine:
            engine.close()
        raise


def _plan(
    experiment: Experiment | Sweep,
    options: RunOptions,
    progress: Progress | None,
    engine: Engine | None,
    device: Device | None,
) -> Executor | SweepPlan:
    if options.tune:
        tuning.require_optuna()
    if note := shared_cache_note(engine):
        (progress or NullProgress()).say(f"note: {note}")
    out, trials = options.out and expand_home(options.out), options.tune
    if isinstance(experiment, Sweep):
        if out is not None:
            sweep_folder_choice.require_place_of_sweep(out, experiment)
        prepared = _prepare(experiment.first, options, progress, device)
        runs = {v: prepared.with_experiment(e) for v, e in experiment.experiments.items()}
        folder, choices = sweep_folder_choice.choose_sweep_folder(experiment, runs, out, trials)
        for note in sweep_notes.sweep_notes(experiment, runs, folder):
            (progress or NullProgress()).say(f"note: {note}")
        options = replace(options, keep=options.keep or "none")
        planned = {v: _plan_one(runs[v], choices[v], options, progress, engine) for v in runs}
        folders = tuple(executor.folder for executor in planned.values())
        planned = {v: replace(executor, others=folders) for v, executor in planned.items()}
        return SweepPlan(experiment, folder, planned, engine)
    if out is not None:
        folder_choice.require_place(out, experiment)
    prepared = _prepare(experiment, options, progress, device)
    choice = folder_choice.choose_folder(prepared, out, trials)
    return _plan_one(prepared, choice, options, progress, engine)


def _prepare(
    experiment: Experiment, options: RunOptions, progress: Progress | None, device: Device | None
) -> PreparedExperiment:
    prepared = prepare.prepare(experiment, progress, options.cache_limit, device=device)
    if note := unused_gpus_note(options, prepared.device):
        (progress or NullProgress()).say(f"note: {note}")
    return prepared


def unused_gpus_note(options: RunOptions, device: Device) -> str:
    """Return what must be known if GPUs were to be shared, and none is used; '' otherwise."""
    if options.jobs_per_gpu == 1 or device.type == "cuda":
        return ""
    return (
        f"--jobs-per-gpu {options.jobs_per_gpu} changes nothing, since this run computes on "
        f"{device.type}; --jobs says how many networks are trained at the same time there"
    )


def shared_cache_note(engine: Engine | None) -> str:
    """Return what must be known of the locks of a cache that other machines may use; '' if nothing.

    `engine` is None where all is trained on this machine.
    """
    return lock_note(cache_dir(), "the cache") if engine and not engine.is_local else ""


def _plan_one(
    prepared: PreparedExperiment,
    choice: FolderChoice,
    options: RunOptions,
    progress: Progress | None,
    engine: Engine | None,
) -> Executor:
    """Plan the run of one experiment in its folder, which may hold some of it already."""
    specs, notes, seeds = resolve(options.strategies), [choice.note], prepared.experiment.seeds
    if stored := choice.stored:
        notes.append(extension.extension_note(choice.folder, stored, specs, seeds))
        specs = extension.extend_strategies(specs, choice.folder, stored)
        seeds = tuple(extension.extend(seeds, stored.seeds))
        prepared = prepared.with_seeds(seeds, progress)
        if options.no_null:
            notes.append(extension.no_null_note(stored))
    if options.baseline is not None:
        require_baseline(options.baseline, [spec.name for spec in specs], "asked for")
    if not options.no_null:
        specs = with_null_row(specs, extension.choose_baseline(specs, options.baseline, stored))
    classes, budgets = prepared.images.classes, prepared.budgets
    training_plan = make_plan(specs, budgets, prepared.base_fingerprints, classes)
    planned = executor.Executor(
        prepared,
        training_plan,
        choice.folder,
        options.jobs or (len(prepared.device.gpus) * options.jobs_per_gpu) or None,
        engine,
        options.local_cache,
        jobs_per_gpu=options.jobs_per_gpu,
        retry_failed=options.retry_failed,
        keeps_networks_of=seeds_to_keep(options.kept, seeds),
    )
    damages = damaged_files(choice.folder)
    damages += planned.damaged_outputs(training_plan.networks.values())
    notes += [describe(damage) for damage in damages]
    if stored:
        notes.append(extension.retraining_note(planned, stored))
    for note in filter(None, notes):
        (progress or NullProgress()).say(f"note: {note}")
    return planned

"""The same as the command line, for notebooks and scripts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent import futures
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import benchmark  # for its results, which are imported where they are used: with pandas
from benchmark.execution.damaged_files import damaged_files, set_aside_all
from benchmark.execution.manifest_schema import RunCost, TuningInfo
from benchmark.execution.plan_summary import format_plan
from benchmark.execution.study_folder import StudyFolder
from benchmark.execution.sweep_folder import SweepFolder
from benchmark.execution.sweep_plan import SweepPlan
from benchmark.plan.experiment import Experiment
from benchmark.plan.run_options import RunOptions
from benchmark.plan.settings import require_known, select, takes_settings
from benchmark.plan.sweep import Sweep, read_experiments
from benchmark.plugins import broken_plugin_sentences, load_plugins
from benchmark.strategy.registry import full_name
from benchmark.system.display import choose_progress
from benchmark.system.progress import Progress, Timer
from benchmark.system.stopping import signals_as_elsewhere
from benchmark.system.text import printable
from benchmark.tracking.packages import require_packages

if TYPE_CHECKING:
    from benchmark.execution.executor import Executor
    from benchmark.result import MultiDatasetResult, Result, StudyResult, SweepResult


@takes_settings(Experiment, RunOptions)
def run(
    data: Any = Experiment.data,
    strategies: str | Iterable[str] = RunOptions.strategies,
    *,
    command: str | None = None,
    progress: Progress | bool | None = None,
    executor: futures.Executor | None = None,
    **settings: Any,
) -> Result | SweepResult:
    """Fine-tune one network under several strategies and write the report.

    Settings are the flags of ``python -m benchmark run``, with underscores; `data` may also be the
    images themselves, see `benchmark.image_set`. What is stored in `out` and still current is not
    trained again. For example::

        benchmark.run("my_images", "no_change,focal_loss:gamma=1", seeds=3)
        benchmark.run((images, labels), quick=True)  # arrays; or a torch Dataset

    Parameters
    ----------
    command
        The command line that the report shows.
    progress
        True or False: what is done is shown or not, as the command line shows it; None: it is shown
        in a notebook and at a prompt, not in a script. Or an object that shows it, see
        `benchmark.system.progress.Progress`.
    executor
        Where networks are trained, in place of `engine`: a `concurrent.futures.Executor` whose
        workers are processes that see the folder of the run. It stays open.

    Returns
    -------
    Result, SweepResult
        Tables as pandas frames, figures, and the paths of the report; a notebook displays it. The
        second of settings with several values, like ``fine_tune=["head", "half"]``.

    Raises
    ------
    ValueError, FileNotFoundError
        If a setting is not allowed, or something that it names does not exist. A strategy that
        fails while it trains raises nothing: it is a row of the result with its error.
    TypeError
        If there is no setting of a name.
    KeyboardInterrupt
        For Ctrl-C, once the state of what is being trained is saved: the same call continues.
    """
    with signals_as_elsewhere():
        timer = Timer(choose_progress(progress))
        experiment, options = read_settings({"data": data, "strategies": strategies, **settings})
        planned = plan(experiment, options, timer, executor)
        say_plan(planned, options, timer)
        result = execute(planned, options, timer, command)
        timer.say(f"report: {result.reports['html']}")
        return result


def read_settings(values: Mapping[str, Any]) -> tuple[Experiment | Sweep, RunOptions]:
    """Load plug-ins, which may bring what other settings name, and read all settings.

    Of settings with several values, like two recipes, a sweep. Raises what `run` raises.
    """
    require_known(values, Experiment, RunOptions)
    options = RunOptions(**select(RunOptions, values))
    load_plugins(options.plugin)
    if options.baseline is not None:
        options = replace(options, baseline=full_name(options.baseline))
    return read_experiments(values), options


def plan(
    experiment: Experiment | Sweep,
    options: RunOptions,
    progress: Progress | None = None,
    executor: futures.Executor | None = None,
) -> Executor | SweepPlan:
    """Open data and weights and plan what is to be trained, without training it.

    See `benchmark.execution.planning.plan_runs`, also for what it raises; ModuleNotFoundError too
    if the package of a tracker is not installed. `execute` closes the engine that this opens.
    """
    from benchmark.execution.planning import plan_runs

    require_packages(options.track)
    return plan_runs(experiment, options, progress, executor)


def say_plan(planned: Executor | SweepPlan, options: RunOptions, progress: Progress) -> None:
    """Show what the user must know about data, weights and plug-ins, and what would be trained."""
    if isinstance(planned, SweepPlan):
        messages, text = planned.messages, planned.format(options.tune)
    else:
        messages, text = planned.prepared.messages, format_plan(planned, options.tune)
    for message in (*messages, *broken_plugin_sentences()):
        progress.say(f"note: {printable(message)}")
    progress.say(text)


def execute(
    planned: Executor | SweepPlan, options: RunOptions, timer: Timer, command: str | None = None
) -> Result | SweepResult:
    """Train what a plan needs and write the report, of a sweep run after run."""
    with closing(planned):
        if isinstance(planned, SweepPlan):
            return _execute_sweep(planned, options, timer, command)
        return _execute_run(planned, options, timer, command)


def _execute_sweep(
    planned: SweepPlan, options: RunOptions, timer: Timer, command: str | None
) -> SweepResult:
    folder = planned.folder
    with folder.locked():
        for note in set_aside_all(folder.damaged_files()):
            timer.say(f"note: {note}")
        folder.write(planned.sweep)
        finished = {}
        for value in list(planned.executors):
            timer.say(f"\n{planned.title(value)}")
            # popped: what it holds in memory is freed before the next run
            executor = planned.executors.pop(value)
            finished[value] = _execute_run(executor, options, Timer(timer), command)
        return benchmark.SweepResult.load(folder.path, None, finished)


def _execute_run(
    executor: Executor, options: RunOptions, timer: Timer, command: str | None
) -> Result:
    """Train what a run needs and write its report. Tuning, if wanted, comes first."""
    from benchmark.execution import (
        extension,
        failures,
        folder_choice,
        manifest,
        more_images,
        run_images,
        tuning,
    )
    from benchmark.result.kept_networks import keep_networks

    folder = executor.folder
    with folder.locked():
        stored = folder_choice.require_current(executor, options.tune)
        damages = damaged_files(folder)
        for note in set_aside_all(damages):
            timer.say(f"note: {note}")
        failures.begin_tries(executor.plan, folder, options.retry_failed)
        baseline = extension.choose_baseline(executor.plan.strategies, options.baseline, stored)
        command = extension.all_commands(command, stored)
        tuning_info = TuningInfo(options.tune, ()) if options.tune else None
        if options.tune:
            if not stored:  # an interrupted search, too, has its folder
                manifest.write_manifest(executor, command, baseline, tuning_info)
            tuned_plan, tuning_info = tuning.tune(executor, options.tune, timer)
            executor = executor.with_plan(tuned_plan)
        manifest.write_manifest(executor, command, baseline, tuning_info)
        executor.execute(timer)
        # of a damaged run.json nobody has chosen to go on without what it named
        if folder.run_file not in {damage.file for damage in damages}:
            folder.keep_records(executor.plan.networks)
        more_images.write_class_curves(executor, timer)
        with timer.task("report", 1, "file") as advance:
            images = run_images.RunImages.to_show(executor, options.no_gallery)
            result = benchmark.Result.load(folder.path, None, images)
            advance(1)
        keep_networks(executor, result.comparison, options.kept, timer)
        result.track(options.track, timer)
        seconds = {task: round(taken, 3) for task, taken in timer.seconds.items()}
        cost = RunCost(seconds, round(timer.total_seconds, 3), executor.stores_in_memory)
        folder.write_cost(cost)
    return result


def load(
    folder: str | Path, baseline: str | None = None, *, progress: Progress | bool | None = None
) -> Result | SweepResult | StudyResult:
    """Open the folder of a run, a sweep or a study, and write its report from what is stored.

    Parameters
    ----------
    baseline
        The strategy that the others are compared with in this report; None: that of the run, which
        stays as it is.
    progress
        As of `run`: how many reports of a sweep or a study are written.

    Raises
    ------
    FileNotFoundError, ValueError
        If the folder holds no run, or `baseline` is none of its strategies.
    """
    path, progress = _read_folder(folder), choose_progress(progress)
    study = StudyFolder(path)
    if study.exists or SweepFolder(study.grid).exists:
        return benchmark.StudyResult.load(path, baseline, progress)
    if SweepFolder(path).exists:
        return benchmark.SweepResult.load(path, baseline, None, progress)
    return benchmark.Result.load(path, baseline)


def compare_runs(
    folders: Sequence[str | Path], *, baseline: str | None = None, out: str | Path | None = None
) -> MultiDatasetResult:
    """Put finished runs on different data sets into one report, in a folder of its own.

    Parameters
    ----------
    baseline
        The strategy that the others are compared with on every data set; None: that of each run.
    out
        Folder of the report; None: results/compare-<names of the folders>.

    Raises
    ------
    FileNotFoundError, ValueError
        If a folder holds no run, naming it; for fewer than two folders, one given twice, a run that
        has no strategy `baseline`, or an `out` that is the folder of a run.
    """
    if isinstance(folders, str | Path) or not isinstance(folders, Iterable):
        raise ValueError(f"folders {folders!r} is not allowed; allowed: a list of folders of runs")
    paths = [_read_folder(folder) for folder in folders]
    target = None if out is None else _read_folder(out)
    return benchmark.MultiDatasetResult.load(paths, baseline, target)


def _read_folder(value: Any) -> Path:
    if not isinstance(value, str | Path):
        raise ValueError(f"folder {value!r} is not allowed; allowed: a path")
    return Path(value)

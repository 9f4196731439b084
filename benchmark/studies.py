"""Studies from Python: the runs that a question needs, and the page that answers it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import benchmark  # for its results, which are imported where they are used: with pandas
from benchmark import api
from benchmark.execution.study_folder import StudyFolder
from benchmark.execution.sweep_plan import SweepPlan
from benchmark.plan.experiment import Experiment
from benchmark.plan.folder_name import default_folder_name
from benchmark.plan.null_row import neutral_strategy
from benchmark.plan.run_options import RunOptions
from benchmark.plan.settings import settings_of
from benchmark.plan.studies import Study, find_study
from benchmark.plan.sweep import Sweep, title_of
from benchmark.storage.user_folders import expand_home
from benchmark.strategy import Strategy
from benchmark.strategy.registry import registered, resolve
from benchmark.system.display import choose_progress
from benchmark.system.progress import Progress, Timer
from benchmark.system.stopping import signals_as_elsewhere

ON_CPU = 0.04  # the part of the images that two cores train on in an hour
RESULTS = Path("results")


def study(
    name: str | None = None,
    *,
    scale: float | None = None,
    command: str | None = None,
    progress: Progress | bool | None = None,
    **settings: Any,
) -> benchmark.StudyResult:
    """Answer a question with a grid of runs, in plain words with figures.

    Parameters
    ----------
    name
        ``forum17`` or ``noisy7``; None: of the data that `settings` give as ``data``.
    scale
        The part of the images, above 0 and up to 1; None: all of them on a GPU, few on a CPU.
    command, progress
        As of `benchmark.run`.
    settings
        Further settings of `benchmark.run`, but for those that the study varies.

    Raises
    ------
    ValueError, FileNotFoundError, TypeError
        As of `benchmark.run`; also for an unknown name, or a setting that the study varies.
    """
    with signals_as_elsewhere():
        timer = Timer(choose_progress(progress))
        return execute(*plan(name, scale, settings, timer), timer, command)


def plan(
    name: str | None, scale: float | None, settings: dict[str, Any], progress: Progress
) -> tuple[Study, StudyFolder, SweepPlan, RunOptions]:
    """Plan the runs of a study and say what they train; raises what `study` raises."""
    _check_source(name, settings)
    question = find_study(name)
    if varied := sorted(question.axes.keys() & settings.keys()):
        names = " and ".join(map(title_of, varied))
        raise ValueError(
            f"the {question.title} varies {names} itself; leave that out, or give "
            "the values to `run`"
        )
    if scale is not None and not question.data:
        raise ValueError("scale is a part of the built-in images; your own are all used")
    part = _default_scale(settings) if scale is None else scale
    strategies = f"{_baseline()},{question.strategies}"
    values = {"no_null": True, **question.settings(part), "strategies": strategies, **settings}
    experiment, options = api.read_settings(values)
    assert isinstance(experiment, Sweep)
    if more := [title_of(axis) for axis in experiment.settings if axis not in question.axes]:
        raise ValueError(
            f"the {question.title} takes one value of {' and '.join(more)}: give one, or all "
            "of them to `run`"
        )
    if options.baseline is None and neutral_strategy(resolve(options.strategies)) is None:
        raise ValueError(
            f"strategies {options.strategies} have none that changes nothing, with which a study "
            f"compares: add {_baseline()}, or give --baseline"
        )
    folder = StudyFolder(_folder(question, experiment, options))
    if reason := folder.reason_against(question):
        raise ValueError(f"{reason}. Choose another --out")
    options = replace(options, out=folder.grid)
    planned = api.plan(experiment, options, progress)
    assert isinstance(planned, SweepPlan)
    api.say_plan(planned, options, progress)
    return question, folder, planned, options


def execute(
    question: Study,
    folder: StudyFolder,
    planned: SweepPlan,
    options: RunOptions,
    timer: Timer,
    command: str | None = None,
) -> benchmark.StudyResult:
    """Train what the runs of a study need, and write its page."""
    folder.write(question)
    grid = api.execute(planned, options, timer, command)
    assert isinstance(grid, benchmark.SweepResult)
    return benchmark.StudyResult.of_grid(folder.path, question, grid)


def _baseline() -> str:
    """Return the strategy that changes nothing."""
    entries = registered().items()
    return next(name for name, entry in entries if entry.build_default() == Strategy())


def _check_source(name: str | None, settings: dict[str, Any]) -> None:
    if (name is None) == ("data" not in settings):
        raise ValueError(
            "give the name of a study, forum17 or noisy7, or data of your own, and not both"
        )


def _default_scale(settings: dict[str, Any]) -> float:
    from benchmark.system.device import choose_device  # torch takes seconds to import

    name = str(settings.get("device", Experiment.device))
    if name == "auto":  # one that is named may be that of a cluster
        name = choose_device(name, "auto").type
    return 1.0 if name.startswith("cuda") else ON_CPU


def _folder(question: Study, sweep: Sweep, options: RunOptions) -> Path:
    if options.out is not None:
        return expand_home(options.out)
    definitions = settings_of(Experiment)
    plain = {
        name: definitions[name].default for name in question.axes
    }  # not in the name: it varies
    return RESULTS / f"study-{question.name}-{default_folder_name(replace(sweep.first, **plain))}"

"""Several values of settings: a run under each combination, everything else the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations, product
from math import prod
from typing import Any

from benchmark.plan.experiment import Experiment
from benchmark.plan.settings import select, settings_of
from benchmark.storage.file_names import folder_stem

MOST_RUNS = 200  # more is a slip: each is a run of all strategies
# what else may be meant by a value that is given twice
_GIVEN_TWICE = {
    "recipe": ", and recipes of your own a name each",
    "epochs": "; for epochs of each phase write 2+3",
}


@dataclass(frozen=True)
class SweepRun:
    """One run of a sweep, before it is prepared."""

    values: tuple[str, ...]  # the name of its value of each setting of the sweep
    experiment: Experiment


@dataclass(frozen=True)
class Sweep:
    """Experiments that differ in some settings alone: every combination of their values."""

    settings: tuple[str, ...]  # like ("fine_tune", "label_noise")
    runs: dict[str, SweepRun]  # by name, see `run_name`; the last setting changes first

    @property
    def first(self) -> Experiment:
        """The experiment of the first values."""
        return next(iter(self.runs.values())).experiment

    @property
    def experiments(self) -> dict[str, Experiment]:
        """The experiments by the names of their runs."""
        return {name: run.experiment for name, run in self.runs.items()}

    @property
    def folders(self) -> dict[str, str]:
        """The names of the runs' folders, in that of the sweep, by the names of the runs."""
        return {name: folder_stem(name) for name in self.runs}


def read_experiments(values: Mapping[str, Any]) -> Experiment | Sweep:
    """Return the experiment that settings describe; of settings with several values, a sweep.

    Raises
    ------
    ValueError
        If a value is not allowed or given twice, or there are more than MOST_RUNS combinations.
    """
    own = select(Experiment, values)
    definitions = settings_of(Experiment)
    read = {
        name: definitions[name].read_several(value)
        for name, value in own.items()
        if definitions[name].several
    }
    own |= {name: items[0] for name, items in read.items()}
    axes = {name: _by_name(name, items) for name, items in read.items() if len(items) > 1}
    if not axes:
        return Experiment(**own)
    if (number := prod(map(len, axes.values()))) > MOST_RUNS:
        counts = " x ".join(f"{len(items)} of {title_of(name)}" for name, items in axes.items())
        raise ValueError(
            f"{counts} make {number:,} runs; allowed are {MOST_RUNS} in one command: give fewer"
        )
    settings = tuple(axes)
    runs = {
        run_name(settings, names): SweepRun(
            names, Experiment(**own | {s: axes[s][n] for s, n in zip(settings, names, strict=True)})
        )
        for names in product(*axes.values())
    }
    for setting in axes.keys() & _MEANING.keys():
        _require_other_meanings(setting, [run.experiment for run in runs.values()])
    return Sweep(settings, runs)


# what a value stands for, where there are several names of one
_MEANING: dict[str, Callable[[Experiment], Any]] = {
    "fine_tune": lambda own: own.network.first_trained(own.fine_tune),
    "epochs": lambda own: tuple(phase.epochs for phase in own.recipe.phases),
}


def _require_other_meanings(setting: str, experiments: list[Experiment]) -> None:
    """Raise ValueError if two values of a setting are two names of one, as half and Mixed_6c are.

    Merging them would leave a grid without a value that was asked for.
    """
    meaning, known = _MEANING[setting], dict[str, list[Any]]()
    for experiment in experiments:
        known.setdefault(value_name(getattr(experiment, setting)), []).append(meaning(experiment))
    for (a, first), (b, second) in combinations(known.items(), 2):
        if first == second:
            raise ValueError(
                f"{title_of(setting)} {a} and {b} are two names of the same: give one of them"
            )


def _by_name(setting: str, values: tuple[Any, ...]) -> dict[str, Any]:
    """Return the values of a setting by their names; ValueError if one is given twice."""
    by_name: dict[str, Any] = {}
    for value in values:
        name = value_name(value)
        if name in by_name:
            raise ValueError(
                f"{title_of(setting)} {name!r} is given twice; give each value once"
                f"{_GIVEN_TWICE.get(setting, '')}"
            )
        by_name[name] = value
    return by_name


def run_name(settings: tuple[str, ...], values: tuple[str, ...]) -> str:
    """Return the name of a run: its value, or of several settings each with its value.

    >>> run_name(("recipe",), ("forum",)), run_name(("fine_tune", "lr"), ("head", "0.001"))
    ('forum', 'fine-tune=head,lr=0.001')
    """
    if len(settings) == 1:
        return values[0]
    pairs = zip(settings, values, strict=True)
    return ",".join(f"{setting.replace('_', '-')}={value}" for setting, value in pairs)


def run_title(settings: tuple[str, ...], values: tuple[str, ...]) -> str:
    """Return a run's name, of a single setting with the setting before it.

    >>> run_title(("fine_tune",), ("half",)), run_title(("fine_tune", "lr"), ("head", "0.001"))
    ('fine-tune half', 'fine-tune=head,lr=0.001')
    """
    name = run_name(settings, values)
    return f"{settings[0].replace('_', '-')} {name}" if len(settings) == 1 else name


def value_name(value: Any) -> str:
    """Return the name of a setting's value: that of a recipe, or the value as text.

    >>> value_name("half"), value_name(1e-3), value_name((2.0, 0.5))
    ('half', '0.001', '2+0.5')
    """
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple):
        return "+".join(map(value_name, value))
    return str(getattr(value, "name", value))


def title_of(setting: str) -> str:
    """Return a setting's name as a sentence has it.

    >>> title_of("fine_tune")
    'fine tune'
    """
    return setting.replace("_", " ")

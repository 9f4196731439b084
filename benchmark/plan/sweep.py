"""Several values of one setting: a run under each, everything else the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmark.plan.experiment import Experiment
from benchmark.plan.settings import select, settings_of
from benchmark.storage.file_names import folder_stem
from benchmark.system.text import join_names


@dataclass(frozen=True)
class Sweep:
    """Experiments that differ in one setting alone, by the names of its values."""

    setting: str  # like "recipe"
    experiments: dict[str, Experiment]  # in the order in which the values were given

    @property
    def first(self) -> Experiment:
        """The experiment of the first value."""
        return next(iter(self.experiments.values()))

    @property
    def folders(self) -> dict[str, str]:
        """The names of the runs' folders, in that of the sweep, by value."""
        return {value: folder_stem(value) for value in self.experiments}


def read_experiments(values: Mapping[str, Any]) -> Experiment | Sweep:
    """Return the experiment that settings describe; of a setting with several values, a sweep.

    Raises
    ------
    ValueError
        If a value is not allowed or given twice, or if two settings have several values.
    """
    own = select(Experiment, values)
    definitions = settings_of(Experiment)
    read = {
        name: definitions[name].read_several(value)
        for name, value in own.items()
        if definitions[name].several
    }
    several = [name for name, items in read.items() if len(items) > 1]
    if not several:
        return Experiment(**own | {name: items[0] for name, items in read.items()})
    if len(several) > 1:
        names = join_names([name.replace("_", " ") for name in several])
        raise ValueError(f"{names} have several values each; give several to one setting at a time")
    (setting,) = several
    experiments: dict[str, Experiment] = {}
    for item in read[setting]:
        name = value_name(item)
        if name in experiments:
            raise ValueError(
                f"{setting.replace('_', ' ')} {name!r} is given twice; give each value once, and "
                f"recipes of your own a name each"
            )
        experiments[name] = Experiment(**own | {setting: item})
    return Sweep(setting, experiments)


def value_name(value: Any) -> str:
    """Return the name of a setting's value: that of a recipe, or the value as text.

    >>> value_name("half"), value_name(1e-3)
    ('half', '0.001')
    """
    if isinstance(value, float):
        return f"{value:g}"
    return str(getattr(value, "name", value))

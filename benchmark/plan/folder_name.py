"""The name of a run's folder: its data, its recipe, and what differs from the defaults."""

import os
import re
from pathlib import Path
from typing import Any

from benchmark.plan.experiment import Experiment
from benchmark.plan.recipes import RECIPES, recipe_for
from benchmark.plan.settings import settings_of
from benchmark.plan.sweep import value_name
from benchmark.storage.file_names import shortened, slug
from benchmark.storage.user_folders import expand_home, real_path

TABLES = (".csv", ".tsv", ".tab")  # of a list of images the suffix is left out
# settings that stand elsewhere in the name, or that change no result
APART = {
    *("data", "imbalance", "recipe", "lr", "epochs", "quick", "seeds", "seed_list", "device"),
    "allow_outside",
}


def default_folder_name(experiment: Experiment, tune: int = 0, parent: bool = False) -> str:
    """Return the name of a run's folder, with that of the data's own parent folder if wanted.

    >>> default_folder_name(Experiment(data="lab1/images", lr=1e-2))
    'images-forum-lr0.01'
    >>> default_folder_name(Experiment(data="lab1/images"), parent=True)
    'lab1-images-forum'
    """
    parts = [
        parent_name(experiment.data) if parent else "",
        _data_name(experiment.data) if re.search(r"\w", _data_name(experiment.data)) else "data",
        experiment.imbalance if experiment.imbalance != Experiment.imbalance else "",
        experiment.recipe.name,
        *_changed_settings(experiment),
        *_changed_phases(experiment),
        "quick" if experiment.quick else "",
        f"tune{tune}" if tune else "",
    ]
    return shortened(slug("-".join(filter(None, parts))))


def parent_name(data: Any) -> str:
    """Return the name of the folder that holds the data; '' where the data are no path."""
    return _path(data).parent.name if _is_path(data) else ""


def is_same_source(a: Any, b: Any) -> bool:
    """Return whether two values of the setting `data` name the same folder, table or source.

    >>> is_same_source("images", "./images/"), is_same_source("lab1/images", "lab2/images")
    (True, False)
    """
    return a == b or (_is_path(a) and _is_path(b) and real_path(_path(a)) == real_path(_path(b)))


def _data_name(data: Any) -> str:
    if not _is_path(data):
        return str(data if isinstance(data, str) else data.name)
    path = _path(data)
    return path.stem if path.suffix.lower() in TABLES else path.name


def _is_path(data: Any) -> bool:
    """Return whether the text can be a path; a source with parameters, as `wheels:n=1`, is none."""
    return isinstance(data, str) and not re.match("[a-z]{2,}:", data)


def _path(data: str) -> Path:
    # not resolved: a link has the name that the user gave it
    return Path(os.path.normpath(expand_home(data).absolute()))


def _changed_settings(experiment: Experiment) -> list[str]:
    usual = Experiment()  # its values are read, the defaults of the definitions are not
    return [
        _format_setting(name, getattr(experiment, name))
        for name in settings_of(Experiment)
        if name not in APART and getattr(experiment, name) != getattr(usual, name)
    ]


def _format_setting(name: str, value: Any) -> str:
    if name == "image_size":
        return f"{value}px"
    if name == "batch_size":
        return f"batch{value}"
    if name == "weights":
        return "no-weights" if value == "none" else Path(value).stem
    if name == "labels":
        return Path(value).stem
    if isinstance(value, str):  # the network's, the block's, the precision's: needs no more
        return value
    words = name.replace("_", "-")
    return words if value is True else f"{words}-{value_name(value)}"


def _changed_phases(experiment: Experiment) -> list[str]:
    """Return rates and epochs that differ from those of the recipe of this name."""
    recipe = experiment.recipe
    named = recipe_for(RECIPES.get(recipe.name, recipe), (1,) if experiment.quick else None)
    parts = []
    for name in ("lr", "epochs"):
        values, usual = ([getattr(p, name) for p in r.phases] for r in (recipe, named))
        if values != usual:
            texts = [f"{value:g}" for value in values]
            parts.append(name + "-".join(texts[:1] if len(set(texts)) == 1 else texts))
    return parts

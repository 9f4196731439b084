"""What differs between the settings of two runs, from their manifests alone. No torch is imported.

A setting that leads to the same training is the same, as `--epochs 2` is to a recipe of 2 epochs.
"""

import json
from collections.abc import Sequence
from typing import Any

from benchmark.execution.manifest_schema import ExperimentInfo, RecipeInfo, RunManifest
from benchmark.plan.experiment import Experiment
from benchmark.plan.recipes import RECIPES
from benchmark.plan.settings import IMAGES, settings_of
from benchmark.plan.sweep import value_name

# settings that are compared by what they lead to, and those that change no result
COMPARED_BY_EFFECT = {
    *("data", "weights", "recipe", "lr", "lr_schedule", "epochs", "augmentation"),
    *("fine_tune", "batch_size", "precision"),
    *("seeds", "seed_list", "device", "allow_outside"),
}
OF_RECIPE = ("recipe", "lr", "lr_schedule", "epochs", "augmentation")  # they make the recipe
_THERE_AND_HERE = ("there", "here")

Names = tuple[str, str]  # of the two runs in a sentence, like "there" and "here"


def setting_differences(
    there: ExperimentInfo, here: ExperimentInfo, names: Names = _THERE_AND_HERE
) -> dict[str, str]:
    """Return the differences in settings that are compared as they were given, by name.

    A setting that an earlier version did not have counts as its default.
    """
    differ = (name for name in settings_of(Experiment) if name not in COMPARED_BY_EFFECT)
    return {
        name: _name_given(name, there, here, names)
        for name in differ
        if _chose_otherwise(name, there, here)
    }


def training_differences(
    there: ExperimentInfo, here: ExperimentInfo, names: Names = _THERE_AND_HERE
) -> dict[str, str]:
    """Return the differences in what settings lead to, by the names of these settings.

    Rates and epochs of two recipes are not compared.
    """
    a, b = there.recipe, here.recipe
    items = {} if a.name == b.name else {"recipe": name_both("recipe", a.name, b.name, names)}
    if a.name == b.name:
        for name in ("lr", "epochs"):
            old, new = (_in_phases(name, recipe) for recipe in (a, b))
            items |= {name: name_both(name, old, new, names)} if old != new else {}
        for name, effect in {"lr_schedule": _falls, "augmentation": _augmentation}.items():
            if _chose_otherwise(name, there, here) and effect(a) != effect(b):
                items[name] = _name_given(name, there, here, names)
    if not items and _effect(a) != _effect(b):
        items["recipe"] = f"the recipe {a.name} had other values {names[0]} than {names[1]}"
    if there.first_trained != here.first_trained:
        old, new = (run.settings.get("fine_tune", "") for run in (there, here))
        items["fine_tune"] = name_both("fine-tune", old, new, names)
    # "auto" may be another precision on another device, which is no other experiment
    for name in ("batch_size", "precision"):
        old, new = getattr(there, name), getattr(here, name)
        if _chose_otherwise(name, there, here) and old != new:
            items[name] = name_both(name.replace("_", " "), old, new, names)
    return items


def differences_besides(
    settings: Sequence[str], there: RunManifest, here: RunManifest, names: Names
) -> list[str]:
    """Return what differs between two runs of a sweep but its settings and what follows from them.

    Seeds and strategies may differ: each run can get more of them.
    """
    a, b = there.experiment, here.experiment
    items = setting_differences(a, b, names)
    led_to = training_differences(a, b, names)
    # of equal settings another effect follows from those of the sweep
    items |= {name: text for name, text in led_to.items() if _chose_otherwise(name, a, b)}
    if "recipe" in led_to and not set(OF_RECIPE) & set(settings):
        items["recipe"] = led_to["recipe"]
    if a.recipe.name != b.recipe.name:
        for name in ("lr", "epochs"):
            old, new = (_chosen(name, run) for run in (a, b))
            if _chose_otherwise(name, a, b) and old != new:
                items[name] = name_both(name, old, new, names)
        for name in ("lr_schedule", "augmentation"):
            if _chose_otherwise(name, a, b):
                items[name] = _name_given(name, a, b, names)
    if there.weights.sha256 != here.weights.sha256 and "backbone" not in settings:
        old, new = map(name_weights, (there.weights, here.weights))
        items["weights"] = name_both("weights", old, new, names)
    of_images = any(settings_of(Experiment)[name].group == IMAGES for name in settings)
    if there.data.content != here.data.content and not of_images:
        items["data"] = name_both("images of", there.data.spec, here.data.spec, names)
    old, new = (run.tuning.trials if run.tuning else 0 for run in (there, here))
    if old != new:
        items["tune"] = name_both("tune", old, new, names)
    return [text for name, text in items.items() if name not in settings]


def values_in_manifest(settings: Sequence[str], manifest: RunManifest) -> tuple[str, ...]:
    """Return the names of settings' values in a run, as those of a sweep's values are made."""
    values = [_given(setting, manifest.experiment) for setting in settings]
    return tuple(value_name(tuple(v) if isinstance(v, list) else v) for v in values)


def name_weights(weights: Any) -> str:
    """Return name and begin of the hash of weights."""
    return f"{weights.name} {weights.sha256[:8]}".strip()


def name_both(name: str, there: Any, here: Any, names: Names = _THERE_AND_HERE) -> str:
    """Return "lr 0.0001 there, 0.01 here"."""
    if isinstance(there, bool):
        return (
            f"{name} {names[0]}, not {names[1]}" if there else f"{name} {names[1]}, not {names[0]}"
        )
    return f"{name} {there} {names[0]}, {here} {names[1]}"


def _name_given(name: str, there: ExperimentInfo, here: ExperimentInfo, names: Names) -> str:
    """Return what `name_both` says of the values of a setting as they were given."""
    old, new = ("default" if v is None else v for v in (_given(name, there), _given(name, here)))
    return name_both(name.replace("_", " "), old, new, names)


def _given(name: str, run: ExperimentInfo) -> Any:
    return _as_read(run.settings.get(name, settings_of(Experiment)[name].default))


def _chose_otherwise(name: str, there: ExperimentInfo, here: ExperimentInfo) -> bool:
    return bool(_given(name, there) != _given(name, here))


def _chosen(name: str, run: ExperimentInfo) -> Any:
    """Return the rate or the epochs that were chosen for a recipe."""
    if run.recipe.name not in RECIPES:  # a recipe of the user's, whose own are not known
        return run.settings.get(name) or "as in the recipe"
    return _in_phases(name, run.recipe) if name in run.changed else "as in the recipe"


def _in_phases(name: str, recipe: RecipeInfo) -> str:
    values = [f"{phase[name]:g}" for phase in recipe.phases]
    return ", ".join(values[:1] if len(set(values)) == 1 else values)


def _falls(recipe: RecipeInfo) -> Any:
    """Return how the learning rates of the phases fall."""
    return [(phase["cosine"], list(phase["lr_milestones"])) for phase in recipe.phases]


def _augmentation(recipe: RecipeInfo) -> str:
    return recipe.augmentation


def _effect(recipe: RecipeInfo) -> Any:
    """Return what a recipe does to a network; the batch size is compared as it was used."""
    apart = ("name", "description", "batch_size")
    return _as_read({key: value for key, value in vars(recipe).items() if key not in apart})


def _as_read(value: Any) -> Any:
    """Return a value as it is once it was written as JSON and read again: tuples are lists."""
    return json.loads(json.dumps(value))

"""Whether two runs are of the same experiment, and what differs between them if they are not.

The images with all that is known of them, weights, network, recipe and the other settings that
decide results make an experiment. Seeds and strategies do not: a run can get more of them. Neither
do the device and the versions of libraries and of this package: the same command trains again in
its own folder.
"""

import json
from typing import Any

import numpy as np

from benchmark.data.imageset import SPLITS
from benchmark.execution.manifest import describe_experiment
from benchmark.execution.manifest_schema import ExperimentInfo, RecipeInfo, RunManifest
from benchmark.execution.prepare import PreparedExperiment
from benchmark.execution.run_folder import RunFolder
from benchmark.plan.experiment import Experiment
from benchmark.plan.folder_name import is_same_source
from benchmark.plan.settings import IMAGES, settings_of

# settings that are compared by what they lead to, and those that change no result
COMPARED_BY_EFFECT = {
    *("data", "weights", "recipe", "lr", "epochs", "fine_tune", "batch_size", "precision"),
    *("seeds", "seed_list", "device", "allow_outside"),
}


def differences(
    folder: RunFolder, there: RunManifest, prepared: PreparedExperiment, trials: int
) -> list[str]:
    """Return what differs between the run in a folder, `there`, and a planned run, `here`.

    Each item has both values, as "lr 0.0001 there, 0.01 here". Runs of the same experiment differ
    in nothing. `trials` are those of the planned search for parameters, 0 for none.
    """
    here = describe_experiment(prepared)
    settings = _setting_differences(there.experiment, here)
    of_images = {name for name, d in settings_of(Experiment).items() if d.group == IMAGES}
    items = [text for name, text in settings.items() if name in of_images | {"quick"}]
    # other images follow from these settings
    if not (items and is_same_source(there.data.spec, prepared.images.spec)):
        items += _image_differences(folder, there, prepared)
    items += [text for text in settings.values() if text not in items]
    if there.weights.sha256 != prepared.weights.sha256:
        names = [f"{w.name} {w.sha256[:8]}".strip() for w in (there.weights, prepared.weights)]
        items.append(_there_and_here("weights", *names))
    items += _training_differences(there.experiment, here)
    made = there.tuning.trials if there.tuning else 0
    return items if made == trials else [*items, _there_and_here("tune", made, trials)]


def _setting_differences(there: ExperimentInfo, here: ExperimentInfo) -> dict[str, str]:
    """Return the differences in settings that are compared as they were given, by name.

    A setting that an earlier version did not have counts as its default.
    """
    texts = {}
    for name, definition in settings_of(Experiment).items():
        if name not in COMPARED_BY_EFFECT:
            a, b = (_as_read(run.settings.get(name, definition.default)) for run in (there, here))
            if a != b:
                texts[name] = _there_and_here(name.replace("_", " "), a, b)
    return texts


def _training_differences(there: ExperimentInfo, here: ExperimentInfo) -> list[str]:
    a, b = there.recipe, here.recipe
    items = [] if a.name == b.name else [_there_and_here("recipe", a.name, b.name)]
    if a.name == b.name:
        for name in ("lr", "epochs"):
            old, new = ([f"{phase[name]:g}" for phase in recipe.phases] for recipe in (a, b))
            items += [_there_and_here(name, _join(old), _join(new))] if old != new else []
    if not items and _effect(a) != _effect(b):
        items.append(f"the recipe {a.name} had other values there than here")
    if there.first_trained != here.first_trained:
        depths = [run.settings.get("fine_tune", "") for run in (there, here)]
        items.append(_there_and_here("fine-tune", *depths))
    if _chose_otherwise("batch_size", there, here) and there.batch_size != here.batch_size:
        items.append(_there_and_here("batch size", there.batch_size, here.batch_size))
    # "auto" may be another precision on another device, which is no other experiment
    if _chose_otherwise("precision", there, here) and there.precision != here.precision:
        items.append(_there_and_here("precision", there.precision, here.precision))
    return items


def _chose_otherwise(name: str, there: ExperimentInfo, here: ExperimentInfo) -> bool:
    return there.settings.get(name) != here.settings.get(name)


def _effect(recipe: RecipeInfo) -> Any:
    """Return what a recipe does to a network; the batch size is compared as it was used."""
    apart = ("name", "description", "batch_size")
    return _as_read({key: value for key, value in vars(recipe).items() if key not in apart})


def _image_differences(
    folder: RunFolder, there: RunManifest, prepared: PreparedExperiment
) -> list[str]:
    images = prepared.images
    if there.data.content == prepared.content_hash:
        return []
    changes = _image_changes(folder, there, prepared)
    if is_same_source(there.data.spec, images.spec):
        changes = changes or "their contents, groups or given splits"
        return [f"the images of {images.spec} have changed since: {changes}"]
    old, new = f"{there.data.images:,} of {there.data.spec}", f"{len(images):,} of {images.spec}"
    return [f"other images: {old} there, {new} here"]


def _image_changes(folder: RunFolder, there: RunManifest, prepared: PreparedExperiment) -> str:
    """Return "2 added, 1 relabelled" by the names in the splits; '' where names tell nothing."""
    images, seed = prepared.images, there.seeds[0]
    split = prepared.splits.get(seed)
    if split is None and prepared.experiment.imbalance != Experiment.imbalance:
        return ""  # each seed leaves out other images
    split = split or next(iter(prepared.splits.values()))
    indices = np.concatenate([getattr(split, name) for name in SPLITS])
    now = {images.files[i]: images.classes[images.labels[i]] for i in indices}
    before: dict[str, str] = {}
    try:
        stored = folder.read_split(seed)
    except (ValueError, OSError):  # damaged or gone: that images differ is known without it
        return ""
    for part in (stored.train, stored.val, stored.test):
        names = [there.data.classes[label] for label in part.labels]
        before |= dict(zip(part.files, names, strict=True))
    numbers = {
        "added": len(now.keys() - before.keys()),
        "removed": len(before.keys() - now.keys()),
        "relabelled": sum(before[file] != now[file] for file in before.keys() & now.keys()),
    }
    return ", ".join(f"{number:,} {verb}" for verb, number in numbers.items() if number)


def _join(phases: list[str]) -> str:
    return ", ".join(phases[:1] if len(set(phases)) == 1 else phases)


def _there_and_here(name: str, there: Any, here: Any) -> str:
    if isinstance(there, bool):
        return f"{name} there, not here" if there else f"{name} here, not there"
    return f"{name} {there} there, {here} here"


def _as_read(value: Any) -> Any:
    """Return a value as it is once it was written as JSON and read again: tuples are lists."""
    return json.loads(json.dumps(value))

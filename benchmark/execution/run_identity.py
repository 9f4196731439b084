"""Whether two runs are of the same experiment, and what differs between them if they are not.

The images with all that is known of them, weights, network, recipe and the other settings that
decide results make an experiment. Seeds and strategies do not: a run can get more of them. Neither
do the device and the versions of libraries and of this package: the same command trains again in
its own folder.
"""

import numpy as np

from benchmark.data.imageset import SPLITS
from benchmark.execution.experiment_differences import (
    name_both,
    name_weights,
    setting_differences,
    training_differences,
)
from benchmark.execution.manifest import describe_experiment
from benchmark.execution.manifest_schema import RunManifest
from benchmark.execution.prepare import PreparedExperiment
from benchmark.execution.run_folder import RunFolder
from benchmark.plan.experiment import Experiment
from benchmark.plan.folder_name import is_same_source
from benchmark.plan.settings import IMAGES, settings_of


def differences(
    folder: RunFolder, there: RunManifest, prepared: PreparedExperiment, trials: int
) -> list[str]:
    """Return what differs between the run in a folder, `there`, and a planned run, `here`.

    Each item has both values, as "lr 0.0001 there, 0.01 here". Runs of the same experiment differ
    in nothing. `trials` are those of the planned search for parameters, 0 for none.
    """
    here = describe_experiment(prepared)
    settings = setting_differences(there.experiment, here)
    of_images = {name for name, d in settings_of(Experiment).items() if d.group == IMAGES}
    items = [text for name, text in settings.items() if name in of_images | {"quick"}]
    # other images follow from these settings
    if not (items and is_same_source(there.data.spec, prepared.images.spec)):
        items += _image_differences(folder, there, prepared)
    items += [text for text in settings.values() if text not in items]
    if there.weights.sha256 != prepared.weights.sha256:
        old, new = map(name_weights, (there.weights, prepared.weights))
        items.append(name_both("weights", old, new))
    items += training_differences(there.experiment, here).values()
    made = there.tuning.trials if there.tuning else 0
    return items if made == trials else [*items, name_both("tune", made, trials)]


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
        names = [there.data.classes[label] for label in part.right_labels or part.labels]
        before |= dict(zip(part.files, names, strict=True))
    numbers = {
        "added": len(now.keys() - before.keys()),
        "removed": len(before.keys() - now.keys()),
        "relabelled": sum(before[file] != now[file] for file in before.keys() & now.keys()),
    }
    return ", ".join(f"{number:,} {verb}" for verb, number in numbers.items() if number)

"""Whether two runs train the same networks, whatever their settings are called. Without torch."""

from __future__ import annotations

from typing import Any

from benchmark.execution.experiment_differences import COMPARED_BY_EFFECT
from benchmark.execution.manifest_schema import ExperimentInfo, RunManifest
from benchmark.plan.experiment import Experiment
from benchmark.plan.settings import settings_of

# of these, too, what they lead to is compared: steps, and the labels in the files of splits
_BY_EFFECT = COMPARED_BY_EFFECT | {"budget", "label_noise"}
_WHY = {
    "batch_size": "a step has all training images under both",
    "epochs": "both come to the same steps",
    "budget": "the batch size is the recipe's own",
    "label_noise": "both make the same labels wrong",
}


def train_the_same(a: RunManifest, b: RunManifest) -> bool:
    """Return whether two runs have the same networks under each seed that both have."""
    seeds = a.splits.keys() & b.splits.keys()
    return (
        training_of(a.experiment) == training_of(b.experiment)
        and a.weights.sha256 == b.weights.sha256
        and a.data.content == b.data.content
        and bool(seeds)
        and all(a.splits[seed] == b.splits[seed] for seed in seeds)
    )


def training_of(experiment: ExperimentInfo) -> dict[str, Any]:
    """Return what the settings of a run lead to, but for its images, labels and weights.

    Epochs count by their steps. A recipe of which every phase trains the head has one depth.
    """
    recipe, steps = experiment.recipe, experiment.phase_steps
    given = (name for name in settings_of(Experiment) if name not in _BY_EFFECT)
    return {
        "settings": {name: experiment.settings.get(name) for name in given},
        "phases": [{**phase, "epochs": n} for phase, n in zip(recipe.phases, steps, strict=True)],
        "optimizer": (recipe.weight_decay, recipe.momentum, recipe.augmentation),
        "batch_size": experiment.batch_size,
        "precision": experiment.precision,
        "first_trained": "head" if _trains_heads(experiment) else experiment.first_trained,
    }


def why_the_same(setting: str, experiment: ExperimentInfo) -> str:
    """Return why two values of a setting lead to the same training."""
    if setting == "fine_tune" and _trains_heads(experiment):
        return f"the recipe {experiment.recipe.name} trains the head alone"
    return _WHY.get(setting, "both lead to the same training")


def _trains_heads(experiment: ExperimentInfo) -> bool:
    return all(phase["train_from"] == "head" for phase in experiment.recipe.phases)

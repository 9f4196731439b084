"""The frozen layers of a prepared experiment: which activations its training reads, and their run.

Layers before the first trained one give the same activations in every step, so they run once for
all strategies and seeds, see `benchmark.train.frozen_features`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmark.model.backbone import HEAD
from benchmark.model.pretrained import Pretrained
from benchmark.strategy.fingerprint import code_hashes, package_hash
from benchmark.system.progress import Progress
from benchmark.train.frozen_features import FEATURES, FROZEN_LAYERS, FrozenFeatures
from benchmark.train.inputs import augments_every_image
from benchmark.train.placement import StoreAllocator, gpu_budget

if TYPE_CHECKING:  # which holds what is allocated here
    from benchmark.execution.prepare import PreparedExperiment


def allocate_frozen_features(prepared: PreparedExperiment) -> FrozenFeatures:
    """Return pixels, the pretrained network and the stores of its activations, on the device."""
    experiment, cut = prepared.experiment, prepared.experiment.trainable[0]
    return FrozenFeatures.allocate(
        _allocator(prepared),
        Pretrained(experiment.network.name, prepared.weights, cut, prepared.device),
        prepared.pixels.array,
        experiment.image_size,
        prepared.classes,
    )


def _allocator(prepared: PreparedExperiment) -> StoreAllocator:
    experiment, device, images = prepared.experiment, prepared.device, prepared.images
    backbone, size, count = experiment.network, experiment.image_size, len(images)
    batch_size = max((budget.batch_size for budget in prepared.budgets.values()), default=0)
    return StoreAllocator(
        description=f"{images.name}, {count} images, {size} px",
        fingerprint=[
            *(prepared.pixels.key, prepared.weights.sha256, device.precision, device.type),
            *(backbone.name, *code_hashes(backbone.build), package_hash("model")),
        ],
        rows=count,
        device=device,
        gpu_budget=gpu_budget(device, prepared.processes_per_device, batch_size, size),
        cache_limit=prepared.cache_limit,
    )


def required_forward_passes(
    prepared: PreparedExperiment, seeds: Iterable[int]
) -> dict[str, NDArray[np.int64]]:
    """Return the images whose activations the training of seeds reads, by forward pass."""
    recipe, splits = prepared.experiment.recipe, [prepared.splits[seed] for seed in seeds]
    evaluated = [split.val for split in splits]
    tested = [split.test for split in splits]
    trained = [split.train for split in splits]
    if augments_every_image(recipe.augmentation):
        trained = []  # activations of augmented images are not stored
    has_head_phase = any(phase.train_from == HEAD for phase in recipe.phases)
    # in a phase that trains the head, the layers before it are still the pretrained ones
    reads_features = has_head_phase and prepared.experiment.trainable[0] != HEAD
    needed = {
        FROZEN_LAYERS: evaluated + tested + trained,
        FEATURES: evaluated + trained if reads_features else [],
    }
    return {
        forward_pass: np.unique(np.concatenate(indices))
        for forward_pass, indices in needed.items()
        if indices
    }


def run_frozen_layers(
    prepared: PreparedExperiment, seeds: Iterable[int], progress: Progress
) -> None:
    """Fill the stores of activations with what the training of seeds reads.

    Of the processes that share a store one fills it, and the others wait.
    """
    for forward_pass, indices in required_forward_passes(prepared, seeds).items():
        store = prepared.frozen_features.store(forward_pass)
        missing = len(store.missing(indices)) if store else 0
        with progress.task(forward_pass, missing, "images") as advance:
            if store and missing:
                with store.filling():
                    prepared.frozen_features.fill(forward_pass, indices, advance)

"""Open everything that an experiment stands on: images, splits, weights, stored activations."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from benchmark.data.imageset import ImageSet
from benchmark.data.imbalance import apply_imbalance, check_imbalance
from benchmark.data.pixels import Pixels, prepare_pixels
from benchmark.data.sources import open_data
from benchmark.data.splits import Splits, check_splits, make_splits
from benchmark.data.subset import thin_out
from benchmark.model.backbone import HEAD
from benchmark.model.pretrained import Pretrained
from benchmark.model.weights import Weights
from benchmark.plan.experiment import Experiment
from benchmark.plan.segments import Budget
from benchmark.run.lookup import probe_device_and_weights
from benchmark.storage.atomic import digest
from benchmark.strategy.fingerprint import file_hash, package_hash
from benchmark.strategy.stage import augments_first
from benchmark.system.device import Device
from benchmark.system.progress import NullProgress
from benchmark.train.activation_store import ActivationStore, DeviceActivationStore
from benchmark.train.frozen_features import FEATURES, FROZEN_LAYERS, FrozenFeatures
from benchmark.train.open_stores import Stores, gpu_budget
from benchmark.train.placement import Placement

QUICK_IMAGES = 300
ENGINE = ("model", "train", "system")  # packages whose change may change a trained network


@dataclass(frozen=True)
class PreparedExperiment:
    """An experiment with its data and weights at hand; nothing is trained yet."""

    experiment: Experiment
    images: ImageSet
    pixels: Pixels
    splits: dict[int, Splits]  # by seed
    weights: Weights
    device: Device
    budgets: dict[int, Budget]  # by seed
    messages: tuple[str, ...]
    processes: int = 1  # that train at the same time
    cache_limit: int | None = None  # bytes, see `make_room`

    @property
    def classes(self) -> int:
        """C."""
        return len(self.images.classes)

    def train_counts(self, seed: int) -> NDArray[np.int64]:
        """Training images of each class, (C,), before any resampling."""
        return np.bincount(self.images.labels[self.splits[seed].train], minlength=self.classes)

    @cached_property
    def base_fingerprints(self) -> dict[int, str]:
        """For each seed the digest of all that a network depends on besides the strategy."""
        engine = [*map(package_hash, ENGINE), file_hash(self.experiment.network.file)]
        return {
            seed: digest(
                {
                    "recipe": self.experiment.training_fingerprint(),
                    "batch_size": self.budgets[seed].batch_size,
                    "pixels": self.pixels.key,
                    "split": [getattr(parts, part).tolist() for part in ("train", "val", "test")],
                    "weights": self.weights.sha256,
                    "numbers": [self.device.precision, self.device.type, self.device.torch_version],
                    "engine": engine,
                    "seed": seed,
                }
            )
            for seed, parts in self.splits.items()
        }

    @cached_property
    def material(self) -> FrozenFeatures:
        """Pixels, the network, and the stores of activations, on the device."""
        cut, backbone = self.experiment.trainable[0], self.experiment.network
        pretrained = Pretrained(backbone.name, self.weights, cut, self.device)
        size = self.experiment.image_size
        batch_size = max(budget.batch_size for budget in self.budgets.values())
        frozen = [self.pixels.key, self.weights.sha256, self.device.precision, self.device.type]
        frozen += [backbone.name, file_hash(backbone.file)]
        frozen.append(package_hash("model"))
        stores = Stores(
            f"{self.images.name}, {len(self.images)} images, {size} px",
            frozen,
            len(self.images),
            self.device,
            gpu_budget(self.device, self.processes, batch_size, size),
            self.cache_limit,
        )
        # the way to the features passes the cut, so where it is matters to their rounding
        at_head = HEAD if cut == HEAD else f"{HEAD} by {cut}"
        pooled, home = stores.open(at_head, (backbone.width,), "float32")
        pooled = pooled or DeviceActivationStore(
            len(self.images), (backbone.width,), "float32", self.device.name
        )
        at_cut: ActivationStore | None = pooled
        if cut != HEAD:
            at_cut, home = None, Placement.RECOMPUTE
            if cut != backbone.blocks[0]:  # with which nothing is frozen
                shape = backbone.input_shape(cut, size)
                at_cut, home = stores.open(cut, shape, self.device.precision)
        return FrozenFeatures(
            labels=self.images.labels,
            classes=self.classes,
            pixels=stores.pixels(self.pixels.array),
            pretrained=pretrained,
            home=home,
            at_cut=at_cut,
            pooled=pooled,
        )

    def required_forward_passes(self, seeds: Iterable[int]) -> dict[str, NDArray[np.int64]]:
        """Images whose activations the training of these seeds will read, for each of PASSES."""
        recipe, parts = self.experiment.recipe, [self.splits[seed] for seed in seeds]
        shown_as_is = not augments_first(recipe.augmentation)
        val, test = [part.val for part in parts], [part.test for part in parts]
        train = [part.train for part in parts] if shown_as_is else []
        has_head_phase = any(phase.train_from == "head" for phase in recipe.phases)
        # features of the pretrained network serve as long as it is the pretrained one
        at_start = val + train if has_head_phase and self.material.pretrained.cut != HEAD else []
        needed = {FROZEN_LAYERS: val + test + train, FEATURES: at_start}
        return {what: np.unique(np.concatenate(all_)) for what, all_ in needed.items() if all_}

    def run_frozen_layers(self, seeds: Iterable[int], progress: NullProgress) -> None:
        """Fill the stores of activations with what the training of these seeds will read."""
        for what, indices in self.required_forward_passes(seeds).items():
            store = self.material.store(what)
            missing = len(store.missing(indices)) if store else 0
            with progress.task(what, missing, "images") as advance:
                self.material.fill(what, indices, advance)


def prepare(
    experiment: Experiment,
    progress: NullProgress | None = None,
    cache_limit: int | None = None,
    jobs: int | None = 1,
    meanwhile: Callable[[], None] = lambda: None,
) -> PreparedExperiment:
    """Open the data, decode what was not decoded before, split it, look at device and weights.

    `jobs` is the number of processes that will train; `meanwhile` is done while one of them looks
    at device and weights, see `probe_device_and_weights`.

    Raises
    ------
    ValueError, FileNotFoundError
        If something asked for does not exist or can't be used, saying what to do.
    """
    progress = progress or NullProgress()
    # mistakes that need no image to be seen should not wait for the decoding
    check_imbalance(experiment.imbalance)
    images = open_data(experiment.data)
    if experiment.quick:
        images = thin_out(images, QUICK_IMAGES)
    device, weights = probe_device_and_weights(experiment, jobs, meanwhile)
    with progress.task("images", len(images), "images") as advance:
        pixels = prepare_pixels(images, experiment.image_size, advance, cache_limit)
    messages = [*images.messages]
    if pixels.errors:
        first = next(iter(pixels.errors))
        messages.append(
            f"Unreadable, for example, is {images.files[first]}: {pixels.errors[first]}"
        )
    splits: dict[int, Splits] = {}
    for seed in experiment.seeds:
        parts = make_splits(
            images.labels,
            images.classes,
            seed,
            groups=images.groups,
            digests=pixels.digests,
            given=images.split,
            usable=pixels.readable,
        )
        messages += parts.messages
        parts, message = apply_imbalance(
            experiment.imbalance, parts, images.labels, len(images.classes), seed
        )
        if message:
            messages.append(message)
        check_splits(parts, groups=images.groups, digests=pixels.digests)
        for side in ("val", "test"):
            if not len(getattr(parts, side)):
                raise ValueError(
                    f"{images.spec}: no image is left for the {side} side of seed {seed}: classes "
                    f"need 3 images or groups, or a given split needs images on this side"
                )
        splits[seed] = parts
    if weights.message:
        messages.append(weights.message)
    budgets = {
        seed: Budget.of(
            experiment.recipe.phases, len(parts.train), experiment.batch_for(len(parts.train))
        )
        for seed, parts in splits.items()
    }
    return PreparedExperiment(
        experiment,
        images,
        pixels,
        splits,
        weights,
        device,
        budgets,
        tuple(dict.fromkeys(messages)),
        cache_limit=cache_limit,
    )

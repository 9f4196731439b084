"""Open everything that a run needs before it trains: images, splits, weights, device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from benchmark.data.corrected_labels import correct_labels
from benchmark.data.decoding.unreadable import require_listing
from benchmark.data.duplicates.leaks import look_alike_messages
from benchmark.data.duplicates.look_alikes import LookAlikes
from benchmark.data.duplicates.stored_pairs import stored_look_alikes
from benchmark.data.imageset import SPLITS, ImageSet, NoReader, subsample
from benchmark.data.imbalance import check_imbalance
from benchmark.data.label_noise.inject import GivenLabels, check_label_noise, inject_label_noise
from benchmark.data.pixels.store import Pixels, prepare_pixels
from benchmark.data.sources import open_data
from benchmark.data.split_images import require_given_split, split_images
from benchmark.data.splits import Splits
from benchmark.execution.frozen_layers import allocate_frozen_features
from benchmark.model.weights import Weights, load_weights
from benchmark.plan.experiment import Experiment
from benchmark.plan.schedule import Budget
from benchmark.storage.array_hash import hash_array
from benchmark.storage.atomic import digest
from benchmark.strategy.fingerprint import code_hashes, package_hash
from benchmark.system.device import Device, choose_device
from benchmark.system.first_use import begun_meanwhile
from benchmark.system.memory import older_objects_spared, release_memory
from benchmark.system.progress import NullProgress, Progress
from benchmark.system.text import list_below
from benchmark.train.frozen_features import FrozenFeatures

QUICK_IMAGES = 300
# packages whose change may change a trained network
NETWORK_PACKAGES = ("model", "train", "system", "strategy")


@dataclass(frozen=True)
class PreparedExperiment:
    """An experiment with its data and weights at hand. Nothing is trained yet."""

    experiment: Experiment
    images: ImageSet
    pixels: Pixels
    look_alikes: LookAlikes
    splits: dict[int, Splits]  # by seed
    weights: Weights
    device: Device
    budgets: dict[int, Budget]  # by seed
    messages: tuple[str, ...]  # what the user must know about data and weights
    processes: int = 1  # processes that train at the same time
    processes_per_device: int = 1  # of these on one GPU, whose memory they share
    cache_limit: int | None = None  # bytes, see `make_room`
    given_labels: GivenLabels = field(default_factory=GivenLabels)  # see `inject_label_noise`

    def with_processes(self, processes: int, per_device: int | None = None) -> PreparedExperiment:
        """Return it for so many processes; None: they are spread evenly over the GPUs."""
        per_device = per_device or self.device.most_on_one(processes)
        return replace(self, processes=processes, processes_per_device=per_device)

    def here(self) -> PreparedExperiment:
        """Return it for this process: on the CPU if its device is that of another machine."""
        if self.device.is_here:
            return self
        return replace(self, device=choose_device("cpu", "auto")).with_processes(1)

    @property
    def classes(self) -> int:
        """C."""
        return len(self.images.classes)

    def train_counts(self, seed: int) -> NDArray[np.int64]:
        """Training images of each class, (C,), before any resampling."""
        return np.bincount(self.labels(seed)[self.splits[seed].train], minlength=self.classes)

    def labels(self, seed: int) -> NDArray[np.int64]:
        """Labels of all images, (N,), as a seed is given them; right are `images.labels`."""
        return self.given_labels.by_seed.get(seed, self.images.labels)

    @cached_property
    def kept_together(self) -> NDArray[np.int64]:
        """A number for each image, (N,): equal for those of one group, or of one look."""
        sets, groups = self.look_alikes.sets, self.images.groups
        if groups is None:
            return sets
        groups = np.unique(groups, return_inverse=True)[1] + sets.max() + 1
        nodes = int(groups.max()) + 1
        graph = coo_array((np.ones(len(sets), bool), (sets, groups)), shape=(nodes, nodes))
        components = connected_components(graph, directed=False)[1]
        return components[sets].astype(np.int64)

    @cached_property
    def content_hash(self) -> str:
        """Hash of the images: names, contents, labels, groups and given splits.

        Unlike the key of the pixels it is the same for every image size and decoder, and for all
        seeds.
        """
        images = self.images
        return digest(images.source_key or images.describe_content(self.pixels.digests))

    def with_seeds(
        self, seeds: tuple[int, ...], progress: Progress | None = None
    ) -> PreparedExperiment:
        """Return the same images and weights, split for other seeds; or the images of other seeds.

        Raises ValueError for a seed whose splits lack images, as `prepare` does.
        """
        if seeds == self.experiment.seeds:
            return self
        experiment = replace(self.experiment, seeds=seeds, seed_list=None)
        if self.images.seeds is not None and not isinstance(experiment.data, ImageSet):
            return prepare(experiment, progress, self.cache_limit, device=self.device)
        opened = (self.images, self.pixels, self.look_alikes, self.weights, self.device)
        return _split_for_seeds(experiment, seeds, *opened, self.cache_limit)

    def with_experiment(self, experiment: Experiment) -> PreparedExperiment:
        """Return the same images, splits and device for one that trains otherwise.

        Weights and given labels are the same too, unless its backbone or its label noise is not.
        """
        if isinstance(experiment.data, ImageSet):
            experiment = replace(experiment, data=self.images)
        weights, given, noise = self.weights, self.given_labels, experiment.label_noise
        if experiment.backbone != self.experiment.backbone:
            weights = load_weights(experiment.weights, experiment.network)
        if noise != self.experiment.label_noise:
            opened = (self.images, self.pixels, self.splits)
            given = inject_label_noise(noise, *opened, experiment.quick)
        before = (self.given_labels.message, self.weights.message)
        messages = [message for message in self.messages if message not in before]
        messages += [message for message in (given.message, weights.message) if message]
        return replace(
            self,
            experiment=experiment,
            weights=weights,
            budgets=_budgets(experiment, self.splits),
            messages=tuple(messages),
            given_labels=given,
        )

    @cached_property
    def base_fingerprints(self) -> dict[int, str]:
        """For each seed the digest of all that a network depends on besides the strategy."""
        backbone = code_hashes(self.experiment.network.build)
        engine = [*map(package_hash, NETWORK_PACKAGES), *backbone]
        return {
            seed: digest(
                {
                    "recipe": self.experiment.training_fingerprint(),
                    "batch_size": self.budgets[seed].batch_size,
                    "classes": self.classes,
                    "pixels": self.pixels.decoding,
                    "images": self._describe_splits(seed),
                    "groups": self._describe_groups(seed),
                    "weights": self.weights.sha256,
                    "numbers": [self.device.precision, self.device.type, self.device.torch_version],
                    "engine": engine,
                    "seed": seed,
                }
            )
            for seed in self.splits
        }

    def _describe_splits(self, seed: int) -> list[Any]:
        """Hash contents and labels by split: not the images' indices, which other seeds move."""
        digests, labels, split = self.pixels.digests.values, self.labels(seed), self.splits[seed]
        parts = [getattr(split, name) for name in SPLITS]
        return [[hash_array(digests[part]), hash_array(labels[part])] for part in parts]

    def _describe_groups(self, seed: int) -> str:
        """Hash for each training image the first one of its group or look, which may be it."""
        own = self.kept_together[self.splits[seed].train]
        _, first, group = np.unique(own, return_index=True, return_inverse=True)
        return hash_array(first[group])

    @cached_property
    def frozen_features(self) -> FrozenFeatures:
        """Pixels, the pretrained network and the stores of its activations, on the device."""
        return allocate_frozen_features(self)


def open_images(experiment: Experiment) -> ImageSet:
    """List the images of an experiment; no image is read. It raises what `open_data` raises."""
    return open_data(
        experiment.data,
        class_level=experiment.class_level,
        merge_classes=experiment.merge_classes,
        allow_outside=experiment.allow_outside,
        seeds=experiment.seeds,
    )


def prepare(
    experiment: Experiment,
    progress: Progress | None = None,
    cache_limit: int | None = None,
    *,
    is_split: bool = True,
    device: Device | None = None,
) -> PreparedExperiment:
    """Open the data, decode images that are not in the cache, split them, find device and weights.

    Without a split, which some data are too small for, there are no `splits` and no `budgets`, and
    nothing can be trained. The device may be that of a worker which was asked (`describe_device`);
    None: the experiment's is looked for on this machine.

    Raises
    ------
    ValueError, FileNotFoundError
        If something in the experiment does not exist or can't be used, saying what to do.
    """
    progress = progress or NullProgress()
    # what needs no decoded image is checked before images are decoded, which can take minutes
    check_imbalance(experiment.imbalance)
    images = open_images(experiment)
    require_listing(images.spec, images.left_out)
    if experiment.resplit:
        require_given_split(images)
    if experiment.quick:
        images = subsample(images, QUICK_IMAGES)
    labelled = correct_labels(images, experiment.labels, is_part=experiment.quick)
    check_label_noise(experiment.label_noise, labelled, experiment.quick)
    device = device or choose_device(experiment.device, experiment.precision)
    with older_objects_spared():
        weights = load_weights(experiment.weights, experiment.network)
        release_memory()  # 0.15 GB: their tensors were read for the hash
    task = progress.task("images", len(images), "images")
    with task as report, begun_meanwhile(device, report) as advance:
        pixels = prepare_pixels(images, experiment.image_size, advance, cache_limit, progress.say)
    # pixels were named by the labels of the data: all that is stored of them serves others too
    look_alikes = stored_look_alikes(images, pixels)
    images = replace(labelled, reader=NoReader())
    if isinstance(experiment.data, ImageSet):
        experiment = replace(experiment, data=images)
    seeds = experiment.seeds if is_split else ()
    opened = (images, pixels, look_alikes, weights, device)
    return _split_for_seeds(experiment, seeds, *opened, cache_limit)


def _split_for_seeds(
    experiment: Experiment,
    seeds: tuple[int, ...],
    images: ImageSet,
    pixels: Pixels,
    look_alikes: LookAlikes,
    weights: Weights,
    device: Device,
    cache_limit: int | None,
) -> PreparedExperiment:
    """Split the images for each of the seeds, and collect what the user must know."""
    messages = [*images.messages, *pixels.messages]
    kept_together = experiment.keep_duplicates_together
    try:
        splits = {
            seed: split_images(
                images,
                seed,
                digests=pixels.digests,
                readable=pixels.readable,
                imbalance=experiment.imbalance,
                resplit=experiment.resplit,
                look_alikes=look_alikes.sets if kept_together else None,
            )
            for seed in seeds
        }
    except ValueError as error:
        raise type(error)(list_below(f"{images.spec}: {error}", messages)) from error
    for split in splits.values():
        messages += split.messages
    messages += look_alike_messages(look_alikes, splits.values(), images.labels, kept_together)
    given = inject_label_noise(experiment.label_noise, images, pixels, splits, experiment.quick)
    notes = (given.message, weights.message, device.message)
    messages += [message for message in notes if message]
    return PreparedExperiment(
        experiment=experiment,
        images=images,
        pixels=pixels,
        look_alikes=look_alikes,
        splits=splits,
        weights=weights,
        device=device,
        budgets=_budgets(experiment, splits),
        messages=tuple(dict.fromkeys(messages)),
        cache_limit=cache_limit,
        given_labels=given,
    )


def _budgets(experiment: Experiment, splits: Mapping[int, Splits]) -> dict[int, Budget]:
    """Return the budget of each seed's training images."""
    return {seed: experiment.budget_for(len(split.train)) for seed, split in splits.items()}

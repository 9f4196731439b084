"""Open everything that an experiment stands on: images, splits, weights, stored activations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

import benchmark
from benchmark.data.imageset import ImageSet
from benchmark.data.imbalance import apply_imbalance, check_imbalance
from benchmark.data.pixels import Pixels, prepare_pixels
from benchmark.data.sources import open_data
from benchmark.data.splits import Splits, check_splits, make_splits
from benchmark.data.subset import thin_out
from benchmark.experiment import Experiment
from benchmark.model.inception import HEAD, WIDTH, backbone, first_trained, freeze, split
from benchmark.model.weights import Weights, load_weights
from benchmark.plan import Budget
from benchmark.progress import Silent
from benchmark.store import cache_dir, digest
from benchmark.strategy.identity import file_hash
from benchmark.train.device import choose_device, choose_precision
from benchmark.train.material import Material
from benchmark.train.rows import RowStore

QUICK_IMAGES = 300
RANDOM_WEIGHTS_SEED = 0  # one network for all seeds: they share the frozen layers


@dataclass(frozen=True)
class Prepared:
    """An experiment with its data and weights at hand; nothing is trained yet."""

    experiment: Experiment
    images: ImageSet
    pixels: Pixels
    splits: dict[int, Splits]  # by seed
    weights: Weights
    device: torch.device
    dtype: torch.dtype
    budgets: dict[int, Budget]  # by seed
    messages: tuple[str, ...]

    @property
    def classes(self) -> int:
        """C."""
        return len(self.images.classes)

    def train_counts(self, seed: int) -> NDArray[np.int64]:
        """Training images of each class, (C,), before any resampling."""
        return np.bincount(self.images.labels[self.splits[seed].train], minlength=self.classes)

    @cached_property
    def origins(self) -> dict[int, str]:
        """For each seed the digest of all that a network depends on besides the strategy."""
        engine = [file_hash(path) for path in _engine_files()]
        return {
            seed: digest(
                {
                    "recipe": self.experiment.training_identity(),
                    "batch_size": self.budgets[seed].batch_size,
                    "pixels": self.pixels.key,
                    "split": [getattr(parts, part).tolist() for part in ("train", "val", "test")],
                    "weights": self.weights.sha256,
                    "numbers": [str(self.dtype), self.device.type, torch.__version__],
                    "engine": engine,
                    "seed": seed,
                }
            )
            for seed, parts in self.splits.items()
        }

    @cached_property
    def material(self) -> Material:
        """The network cut in two and the stores of activations, on the device."""
        cut = first_trained(self.experiment.fine_tune)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(RANDOM_WEIGHTS_SEED)
            whole = backbone(self.weights.state)
        before, suffix = split(whole, cut)
        prefix = freeze(before, self.dtype).to(self.device)
        count, size = len(self.images), self.experiment.image_size
        frozen = [self.pixels.key, self.weights.sha256, str(self.dtype), self.device.type]
        frozen += [file_hash(path) for path in _engine_files() if path.parent.name == "model"]

        def store(first: str, shape: tuple[int, ...], dtype: torch.dtype) -> RowStore:
            name = digest([*frozen, first, *shape])[:20]
            return RowStore(cache_dir() / "activations" / name, count, shape, dtype)

        at_cut = None
        if cut == HEAD:
            at_cut = pooled = store(HEAD, (WIDTH,), torch.float32)
        else:
            # the way to the features passes the cut, so where it is matters to their rounding
            pooled = store(f"{HEAD} by {cut}", (WIDTH,), torch.float32)
            if len(before):
                with torch.no_grad():
                    probe = torch.zeros(1, 3, size, size, dtype=torch.uint8, device=self.device)
                    shape = tuple(prefix(probe).shape[1:])
                at_cut = store(cut, shape, self.dtype)
        return Material(
            labels=self.images.labels,
            classes=self.classes,
            pixels=self.pixels.array,
            prefix=prefix,
            suffix=suffix.to(self.device),
            cut=cut,
            at_cut=at_cut,
            pooled=pooled,
            device=self.device,
            dtype=self.dtype,
        )

    def run_frozen_layers(self, seeds: Iterable[int], progress: Silent) -> None:
        """Fill the stores of activations with what the training of these seeds will read."""
        recipe, material = self.experiment.recipe, self.material
        shown_as_is = not recipe.augment.changes(torch.zeros(1, dtype=torch.int64)).any()
        parts = [self.splits[seed] for seed in seeds]
        evaluated = [indices for part in parts for indices in (part.val, part.test)]
        trained = [part.train for part in parts] if shown_as_is else []
        used = np.unique(np.concatenate([*evaluated, *trained]))
        if material.at_cut is not None:
            missing = len(material.at_cut.missing(used))
            with progress.task("frozen layers", missing, "images") as advance:
                material.fill_inputs(used, advance)
        if any(phase.trains == "head" for phase in recipe.phases) and material.cut != HEAD:
            at_start = [part.val for part in parts] + trained
            needed = np.unique(np.concatenate(at_start))
            missing = len(material.pooled.missing(needed))
            with progress.task("features", missing, "images") as advance:
                material.fill_pooled(needed, advance)


def prepare(experiment: Experiment, progress: Silent | None = None) -> Prepared:
    """Open the data, decode what was not decoded before, split it, load the weights.

    Raises
    ------
    ValueError, FileNotFoundError
        If something asked for does not exist or can't be used, saying what to do.
    """
    progress = progress or Silent()
    device = choose_device(experiment.device)
    dtype = choose_precision(experiment.precision, device)
    # mistakes that need no image to be seen should not wait for the decoding
    first_trained(experiment.fine_tune)
    check_imbalance(experiment.imbalance)
    images = open_data(experiment.data)
    if experiment.quick:
        images = thin_out(images, QUICK_IMAGES)
    weights = load_weights(experiment.weights)
    with progress.task("images", len(images), "images") as advance:
        pixels = prepare_pixels(images, experiment.image_size, cache_dir(), advance)
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
    return Prepared(
        experiment,
        images,
        pixels,
        splits,
        weights,
        device,
        dtype,
        budgets,
        tuple(dict.fromkeys(messages)),
    )


def _engine_files() -> list[Path]:
    """Code whose change may change a trained network."""
    package = Path(benchmark.__file__).parent
    return [*sorted((package / "train").glob("*.py")), package / "model" / "inception.py"]

"""Trainings of three classes on a three-block network: milliseconds, no files, any device."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from benchmark.data.splits import Splits
from benchmark.model.network import Network
from benchmark.model.pretrained import Pretrained
from benchmark.model.registry import BACKBONES
from benchmark.model.weights import Weights
from benchmark.plan.recipes import RECIPES, Recipe
from benchmark.plan.schedule import Budget
from benchmark.plan.segments import make_plan
from benchmark.strategy import Strategy
from benchmark.strategy.registry import StrategySpec
from benchmark.system.device import Device
from benchmark.train.activation_store import DeviceActivationStore
from benchmark.train.frozen_features import FORWARD_PASSES, FrozenFeatures
from benchmark.train.placement import Placement
from benchmark.train.trainer import Training
from tests.small_backbone import small

NO_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
# the same code on both: `python -m pytest -m gpu` runs what needs a GPU
DEVICES = ["cpu", pytest.param("cuda", marks=[pytest.mark.gpu, NO_GPU])]

SMALL = BACKBONES.get("small")
SIZE = 20
LABELS = np.repeat([0, 1, 2], [30, 12, 5])
_ORDER = np.random.default_rng(3).permutation(47)
SPLIT = Splits(*(np.sort(part) for part in np.split(_ORDER, [37, 42])))


def small_pixels(size=SIZE):
    """Noisy images (47, H, W, 3) uint8; each class has a brightness of its own."""
    rng = np.random.default_rng(0)
    level = np.array([60, 120, 180])[LABELS][:, None, None, None]  # (N,) -> (N, 1, 1, 1)
    return rng.normal(level, 40, (47, size, size, 3)).clip(0, 255).astype(np.uint8)


def small_features(
    cut="body", device="cpu", precision="float32", backbone="small", size=SIZE
) -> FrozenFeatures:
    """Return pixels, pretrained layers, and stores that are filled."""
    BACKBONES.register(SMALL.name, SMALL, small)  # a test may have unloaded it as a plug-in
    weights = Weights("random", "", "", None)
    pretrained = Pretrained(backbone, weights, cut, Device(device, precision))
    network = pretrained.backbone

    def store(shape, dtype):
        return DeviceActivationStore(len(LABELS), shape, dtype, device)

    pooled = store((network.width,), "float32")
    at_cut = None
    if cut == "head":
        at_cut = pooled
    elif cut != network.blocks[0]:
        at_cut = store(network.input_shape(cut, size), precision)
    middle = store(network.input_shape(network.half, size)[:1], "float32")
    features = FrozenFeatures(
        3, small_pixels(size), pretrained, Placement.DEVICE, at_cut, pooled, middle
    )
    for forward_pass in FORWARD_PASSES:
        features.fill(forward_pass, np.arange(len(LABELS)))
    return features


@dataclass(frozen=True)
class Setup:
    """What all strategies of a run have in common."""

    features: FrozenFeatures
    budget: Budget = Budget(4, (3, 3))
    recipe: Recipe = RECIPES["forum"]
    dropout: float = 0.5

    def segments(self, strategy):
        plan = make_plan([StrategySpec("it", strategy, "", {})], {0: self.budget}, {0: ""})
        return plan.segments

    def begin(self, strategy=None):
        """Return a training before its first step, and its segments."""
        strategy = strategy or Strategy()
        training = Training(
            self.features, SPLIT, LABELS, self.recipe, self.budget, 0, strategy.head
        )
        training.network.dropout = self.dropout
        return training, self.segments(strategy)

    def trained(self, strategy=None):
        training, segments = self.begin(strategy)
        for segment in segments:
            training.run(segment)
        return training

    def with_phases(self, **changes):
        phases = tuple(replace(phase, **changes) for phase in self.recipe.phases)
        return replace(self, recipe=replace(self.recipe, phases=phases))


def state_of(training):
    return {name: tensor.clone() for name, tensor in training.network.state_dict().items()}


def assert_same(left, right):
    assert left.keys() == right.keys()
    for name in left:
        assert torch.equal(left[name], right[name]), name


def changed(before, after):
    return {name for name in before if not torch.equal(before[name], after[name])}


@dataclass(frozen=True)
class Twice:
    """A sampler that draws every image twice an epoch, one time after the other."""

    def __call__(self, labels, rng):
        return np.repeat(rng.permutation(len(labels)), 2)


@dataclass(frozen=True)
class KeepBright:
    """A selection of the images whose first feature is above the median of their class."""

    def __call__(self, features, labels, groups, rng):
        kept = np.zeros(len(labels), bool)
        for c in np.unique(labels):
            own = np.flatnonzero(labels == c)
            kept[own[features[own, 0] >= np.median(features[own, 0])]] = True
        return kept


@dataclass(frozen=True)
class KeepSome:
    """A selection of half of the images, by chance, and of the first of each class."""

    def __call__(self, features, labels, groups, rng):
        kept = rng.random(len(labels)) < 0.5
        kept[np.unique(labels, return_index=True)[1]] = True
        return kept


@dataclass(frozen=True)
class Halves:
    """A mixing of each image with its counterpart from the other end of the batch."""

    def __call__(self, images, target, counts, rng):
        return (images + images.flip(0)) / 2, (target + target.flip(0)) / 2


def limit_memory(monkeypatch, allowed):
    """Let at most so many images pass the trained network at once; return the sizes that did."""
    sizes = []
    features = Network.features

    def limited(self, x):
        if self.training and len(x) > allowed:
            raise torch.OutOfMemoryError("out of memory")
        sizes.append(len(x))
        return features(self, x)

    monkeypatch.setattr(Network, "features", limited)
    return sizes

"""Small real trainings of any classes on the three-block network, audited: a tenth of a second."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from benchmark.data.splits import Splits
from benchmark.evaluation.audit import audit
from benchmark.evaluation.ensemble_audit import MemberMeasurement, audit_ensemble
from benchmark.model.backbone import HEAD
from benchmark.model.pretrained import Pretrained
from benchmark.model.registry import BACKBONES
from benchmark.model.weights import Weights
from benchmark.plan.recipes import RECIPES
from benchmark.plan.schedule import Budget
from benchmark.plan.segments import make_plan
from benchmark.strategy import DecisionMeasurement, Outputs
from benchmark.strategy.ensembles import combine_outputs
from benchmark.strategy.registry import StrategySpec
from benchmark.system.device import Device
from benchmark.train.activation_store import DeviceActivationStore
from benchmark.train.frozen_features import FORWARD_PASSES, FrozenFeatures
from benchmark.train.placement import Placement
from benchmark.train.trainer import Training
from tests.small_backbone import small
from tests.train.small_training import SMALL

SIZE = 20


@dataclass(frozen=True)
class Bench:
    """Noisy images of classes with a colour and stripes of their own, and a training recipe."""

    counts: tuple[int, ...] = (60, 30, 15, 8, 4)  # training images by class
    steps: tuple[int, int] = (24, 30)  # in which the head is trained alone, and more
    batch_size: int = 16
    seed: int = 0
    backbone: str = SMALL.name
    recipe: str = "forum"

    @property
    def budget(self):
        """Steps of the two phases."""
        return Budget(self.batch_size, self.steps, head_phases=(0,), images=sum(self.counts))

    @cached_property
    def labels(self):
        """Labels (N,) of the training images, then those for validation: as many, 12 at most."""
        classes = np.arange(len(self.counts))
        validation = np.minimum(self.counts, 12)
        return np.concatenate([np.repeat(classes, self.counts), np.repeat(classes, validation)])

    @cached_property
    def features(self):
        """Pixels, pretrained layers and filled stores; the block `body` and all after it train."""
        BACKBONES.register(SMALL.name, SMALL, small)  # a test may have unloaded it as a plug-in
        classes, images, rng = len(self.counts), len(self.labels), np.random.default_rng(self.seed)
        colour = rng.integers(50, 200, (classes, 1, 1, 3))[self.labels]
        stripes = np.sin(np.arange(SIZE)[None] * (1 + np.arange(classes)[:, None]) / 3)
        pixels = colour + 30 * stripes[self.labels][:, None, :, None]
        pixels = rng.normal(pixels.repeat(SIZE, 1), 25).clip(0, 255).astype(np.uint8)
        device = Device("cpu", "float32")
        pretrained = Pretrained(self.backbone, Weights("random", "", "", None), "body", device)
        network = pretrained.backbone

        def store(shape):
            return DeviceActivationStore(images, shape, "float32", "cpu")

        at_cut, pooled = store(network.input_shape("body", SIZE)), store((network.width,))
        middle = store(network.input_shape(network.half, SIZE)[:1])
        features = FrozenFeatures(
            classes, pixels, pretrained, Placement.DEVICE, at_cut, pooled, middle
        )
        for forward_pass in FORWARD_PASSES:
            features.fill(forward_pass, np.arange(images))
        return features

    @cached_property
    def split(self):
        """The training images come first; there is no test image."""
        positions = np.arange(len(self.labels))
        train = sum(self.counts)
        return Splits(positions[:train], positions[train:], positions[:0])

    def trained(self, strategy, seed=0):
        """Train a strategy to its end."""
        plan = make_plan([StrategySpec("it", strategy, "", {})], {0: self.budget}, {0: ""})
        recipe = RECIPES[self.recipe]
        training = Training(
            self.features, self.split, self.labels, recipe, self.budget, seed, strategy.head
        )
        for segment in plan.segments:
            training.run(segment)
        return training

    def measured(self, strategy, seed=0):
        """Train one network; what was measured, and its outputs for validation."""
        training = self.trained(strategy, seed)
        logits, features = training.outputs(self.split.val)
        head = training.network.head.state_dict()
        weight = head["weight"].numpy() if set(head) <= {"weight", "bias"} else None
        labels = self.labels[self.split.val]
        outputs = Outputs(logits.numpy(), features.half().numpy(), labels, weight)
        return MemberMeasurement([m.to_json() for m in training.stats.monitors], outputs)

    def audited(self, strategy, seed=0):
        """Train, decide and audit a strategy, of an ensemble all its networks."""
        networks = [self.measured(training, seed) for training in strategy.trainings]
        outputs = networks[0].outputs
        if strategy.members:
            outputs = combine_outputs([network.outputs for network in networks])
        counts = np.array(self.counts)
        predicted = strategy.decision.fit(outputs, counts)(outputs.without_labels())
        decision = DecisionMeasurement(counts, outputs, predicted)
        of_run = (strategy, RECIPES[self.recipe], ("body", "tail", HEAD), self.budget)
        if strategy.members:
            return audit_ensemble(*of_run, networks, decision)
        return audit(*of_run, networks[0].measured, decision)

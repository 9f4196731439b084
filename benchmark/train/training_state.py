"""The state of a network during training, and its outputs."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from benchmark.data.splits import Splits
from benchmark.model.backbone import HEAD
from benchmark.model.network import Network
from benchmark.plan.recipes import Phase, Recipe
from benchmark.plan.schedule import Budget, StepRange
from benchmark.strategy import Head, ImageSelection, Stage
from benchmark.system.memory import compute_in_batches
from benchmark.train.checkpoint import add_prefix, load_tensors, save_tensors, with_prefix
from benchmark.train.component_checks import kept_by, new_head
from benchmark.train.frozen_features import FrozenFeatures
from benchmark.train.optim import make_optimizer, optimizer_tensors, restore_optimizer
from benchmark.train.telemetry import TrainingStats

_HEAD, _REPLICATE, _SELECTION = 2, 5, 6  # separate the random numbers of different uses of a seed


class TrainingState:
    """The state of one network while it is trained.

    Parameters
    ----------
    frozen_features
        Pixels, pretrained layers and stored activations of all images.
    split
        Training, validation and test images of the seed.
    labels
        Of all images, (N,), as this seed is given them.
    recipe, budget
        How the network is trained, and for how many steps.
    seed
        Fixes the head's initialisation, the batches, dropout and augmentation.
    head
        Builds the head; it is the strategy's.
    is_replicate
        Whether these random numbers are others than those that the seed gives all strategies.
    groups
        Of all images, (N,): equal for those of one group or look; None: each is one of its own.
    """

    def __init__(
        self,
        frozen_features: FrozenFeatures,
        split: Splits,
        labels: NDArray[np.int64],
        recipe: Recipe,
        budget: Budget,
        seed: int,
        head: Head,
        is_replicate: bool = False,
        groups: NDArray[np.int64] | None = None,
    ) -> None:
        self.frozen_features, self.split, self.recipe = frozen_features, split, recipe
        self.budget, self.make_head = budget, head
        self.seed = derive_seed(seed, _REPLICATE) if is_replicate else seed
        self.device, self.classes = frozen_features.device, frozen_features.classes
        self.step = 0  # optimizer steps taken
        self.labels = labels[split.train]  # those of the training images
        self.groups = split.train if groups is None else groups[split.train]  # likewise
        self.validation_labels = labels[split.val]
        self.counts = self._count_classes(self.labels)  # (C,)
        self.stats = TrainingStats(self.classes, np.zeros(len(self.labels), bool))
        pretrained = frozen_features.pretrained
        backbone, suffix = pretrained.backbone, pretrained.suffix()
        self.width = backbone.width  # D
        self.network = Network(suffix, self._new_head(0), backbone.dropout).to(self.device)
        self.suffix_unchanged = True  # no block before the head has been trained yet
        self.optimizer: torch.optim.Optimizer | None = None  # before the first step
        self._restored: dict[str, Tensor] = {}  # the state of the optimizer that is to be made
        # the last selection, and what it chose (N,): it does so once for all its step ranges
        self._selected: tuple[ImageSelection, NDArray[np.bool_]] | None = None
        self._generator = torch.Generator(self.device)

    def save(self, path: Path) -> None:
        """Write the state after the present step."""
        tensors = add_prefix("head", self.network.head.state_dict())
        if not self.suffix_unchanged:
            tensors |= add_prefix("suffix", self.network.suffix.state_dict())
        if self.optimizer is not None:
            tensors |= add_prefix("optimizer", optimizer_tensors(self.optimizer))
        save_tensors(path, tensors, {"step": self.step, "stats": self.stats.to_json()})

    def restore(self, path: Path) -> None:
        """Continue from a state that `save` wrote."""
        tensors, metadata = load_tensors(path)
        self.step, self.stats = metadata["step"], TrainingStats.from_json(metadata["stats"])
        self.network.head.load_state_dict(with_prefix("head", tensors))
        if suffix := with_prefix("suffix", tensors):
            self.network.suffix.load_state_dict(suffix)
            self.suffix_unchanged = False
        self._restored = with_prefix("optimizer", tensors)

    @torch.no_grad()
    def outputs(self, indices: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Logits (N, C) and features (N, D) of images (N,), in evaluation mode."""
        features = self._features(indices)
        self.network.eval()
        return self.network.classify(features), features

    @torch.no_grad()
    def _features(self, indices: NDArray[np.int64]) -> Tensor:
        """Pooled features of images (N,) -> (N, D), by the network as it is now."""
        frozen = self.frozen_features
        if self.suffix_unchanged and not len(frozen.pooled.missing(indices)):
            return frozen.pooled.read(indices).to(self.device)
        self.network.eval()

        def compute(batch: NDArray[np.int64]) -> Tensor:
            with frozen.autocast():
                return self.network.features(frozen.inputs(batch))

        return torch.cat([features for _, features in compute_in_batches(indices, compute)])

    def _count_classes(self, labels: NDArray[np.int64]) -> Tensor:
        """Labels (N,) -> images of each class (C,), on the device."""
        counts = torch.from_numpy(np.bincount(labels, minlength=self.classes))
        return counts.to(self.device, torch.float32)

    def left_out_counts(self) -> NDArray[np.int64]:
        """Images of each class that the last selection leaves out, (C,)."""
        left_out = self.stats.monitors[-1].left_out  # (N,) in the order of classes
        own = self.labels[:0] if left_out is None else np.sort(self.labels)[left_out]
        return np.bincount(own, minlength=self.classes)

    def _kept(self, stage: Stage) -> NDArray[np.bool_]:
        """Return which training images the stage trains on, (N,); note those that it leaves out."""
        if stage.is_neutral("selection"):
            return np.ones(len(self.labels), bool)
        monitor, order = self.stats.monitors[-1], np.argsort(self.labels, kind="stable")
        if monitor.left_out is None:  # else it was chosen before the state was saved
            if self._selected is None or self._selected[0] != stage.selection:
                features = self.frozen_features.pretrained_features(self.split.train)
                rng = np.random.default_rng([self.seed, _SELECTION])
                arguments = (features.numpy(), self.labels, self.groups, rng)
                chosen = kept_by(stage.selection, *arguments)
                self._selected = (stage.selection, chosen)
            monitor.left_out = ~self._selected[1][order]
        kept = np.empty(len(order), bool)
        kept[order] = ~monitor.left_out
        return kept

    def _unfreeze(self, step_range: StepRange, phase: Phase) -> str:
        """Make trainable what the step range trains; return the first trained block."""
        first = step_range.stage.train_from or (
            HEAD if phase.train_from == "head" else self.frozen_features.pretrained.cut
        )
        if step_range.resets_head and self.step == step_range.start:
            self.network.head = self._new_head(step_range.start).to(self.device)
        self.network.set_trainable(first)
        if first != HEAD:
            self.suffix_unchanged = False
        return first

    def _new_head(self, step: int) -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(self.seed, _HEAD, step))
            return new_head(self.make_head, self.width, self.classes)

    def _prepare_optimizer(self, step_range: StepRange, phase: Phase) -> torch.optim.Optimizer:
        """Return the present optimizer, or a new one where the step range asks for it."""
        fresh = step_range.resets_optimizer and self.step == step_range.start
        if self.optimizer is not None and not fresh:
            return self.optimizer
        self.optimizer = make_optimizer(self.network, self.recipe, phase)
        self.optimizer.register_step_post_hook(self._count_step)
        if self._restored and not fresh:
            restore_optimizer(self.optimizer, self._restored)
        self._restored = {}
        return self.optimizer

    def _count_step(self, *_: object) -> None:
        self.stats.monitors[-1].steps += 1


def derive_seed(*numbers: int) -> int:
    """Return a seed that depends on all of the numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)

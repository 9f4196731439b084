"""Everything that defines a run, fixed before it begins, and the named training recipes.

Strategies differ from the experiment only where they say so: data, splits, weights, image size,
phases, optimizer and step budget are the same for all of them.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benchmark.model.backbone import Backbone, find_backbone
from benchmark.strategy import Augmentation, NoAugmentation, RandomAugmentation
from benchmark.strategy.fingerprint import fingerprint

SMALLEST_BATCH = 8
STEPS_AN_EPOCH = 60  # a small set is cut into smaller batches until an epoch has this many


@dataclass(frozen=True)
class Phase:
    """A part of the training with its own trained layers and learning rates."""

    epochs: float
    train_from: (
        str  # "head": the classifier alone; "rest": from the experiment's first trained block on
    )
    lr: float
    head_lr: float | None = None  # None: the same
    warmup: float = 0.0  # share of the phase over which the rates rise linearly
    cosine: bool = False  # then fall to zero along a half cosine
    lr_milestones: tuple[float, ...] = ()  # shares of the phase after which they are a hundredth

    def __post_init__(self) -> None:
        if not (0 < self.epochs < math.inf and 0 < self.lr < math.inf):
            raise ValueError(
                f"epochs and learning rate must be positive, got epochs={self.epochs:g} "
                f"and lr={self.lr:g}"
            )


@dataclass(frozen=True)
class Recipe:
    """How every strategy of a run is trained."""

    name: str
    description: str
    phases: tuple[Phase, ...]
    batch_size: int
    weight_decay: float = 0.0  # decoupled, as in AdamW; 0 is plain Adam
    momentum: float | None = None  # of SGD, which then stands for Adam; decay is coupled there
    augmentation: Augmentation = NoAugmentation()  # applied to every image of every strategy


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "forum",
            "2 epochs of the new last layer, then 2 epochs of the second half; Adam at 1e-4. "
            "What the people who reported never-predicted classes had done.",
            (Phase(2, "head", 1e-4), Phase(2, "rest", 1e-4)),
            batch_size=64,
        ),
        Recipe(
            "strong",
            "2 epochs of the last layer at 1e-3, then 10 epochs of the second half with AdamW, "
            "warm-up and cosine, a ten times larger rate for the last layer, weight decay and a "
            "light random view of every image. What a practitioner would do today.",
            (
                Phase(2, "head", 1e-3),
                Phase(10, "rest", 1e-4, head_lr=1e-3, warmup=0.1, cosine=True),
            ),
            batch_size=64,
            weight_decay=0.02,
            augmentation=RandomAugmentation(degrees=5.0, zoom=0.1, shift=0.05, light=0.1),
        ),
    )
}


@dataclass(frozen=True)
class Experiment:
    """What is asked for. Nothing here has been opened, downloaded or measured yet.

    `batch_size` None follows the recipe, halved for small sets until an epoch has 60 steps, never
    below 8. `quick` cuts data and epochs down to try things out.
    """

    data: str = "wheels"
    imbalance: str = "natural"
    backbone: str = "inception_v3"
    weights: str = "auto"
    recipe: Recipe = RECIPES["forum"]
    fine_tune: str = "half"
    image_size: int = 128
    batch_size: int | None = None
    seeds: tuple[int, ...] = (0,)
    device: str = "auto"
    precision: str = "auto"
    quick: bool = False

    def __post_init__(self) -> None:
        smallest = self.network.min_size
        allowed = f"{smallest} or more ({self.backbone})"
        _require(self.image_size >= smallest, "image size", self.image_size, allowed)
        self.network.first_trained(self.fine_tune)
        _require(
            self.batch_size is None or self.batch_size >= 2, "batch size", self.batch_size, ">= 2"
        )
        _require(len(self.seeds) > 0, "seeds", self.seeds, "one or more integers, like 0,1,2")
        _require(len(set(self.seeds)) == len(self.seeds), "seeds", self.seeds, "each seed once")
        _require(all(seed >= 0 for seed in self.seeds), "seeds", self.seeds, "integers >= 0")
        _require(self.precision in PRECISIONS, "precision", self.precision, ", ".join(PRECISIONS))
        _require(
            re.fullmatch(r"auto|cpu|cuda(:\d+)?", self.device) is not None,
            "device",
            self.device,
            "auto, cpu, cuda or cuda:0",
        )

    @property
    def network(self) -> Backbone:
        """What is fine-tuned."""
        return find_backbone(self.backbone)

    @property
    def trainable(self) -> tuple[str, ...]:
        """Names of the blocks from the first that may be trained on, the last is the head."""
        return self.network.trainable(self.network.first_trained(self.fine_tune))

    def batch_for(self, images: int) -> int:
        """Batch size for a training split of so many images."""
        if self.batch_size is not None:
            return min(self.batch_size, images)
        size = self.recipe.batch_size
        while size > SMALLEST_BATCH and images / size < STEPS_AN_EPOCH:
            size //= 2
        return min(size, images)

    def describe(self) -> dict[str, Any]:
        """Return all of it for the record and the report."""
        plain = asdict(replace(self, recipe=replace(self.recipe, augmentation=NoAugmentation())))
        plain["recipe"]["augmentation"] = repr(self.recipe.augmentation)
        plain["seeds"] = list(self.seeds)
        return plain

    def training_fingerprint(self) -> dict[str, Any]:
        """Return what of it changes a trained network, apart from data and weights."""
        return {
            "phases": [asdict(phase) for phase in self.recipe.phases],
            "weight_decay": self.recipe.weight_decay,
            "momentum": self.recipe.momentum,
            "augmentation": fingerprint(self.recipe.augmentation),
            "backbone": self.backbone,
            "fine_tune": self.fine_tune,
            "image_size": self.image_size,
        }


PRECISIONS = ("auto", "fp32", "bf16")


def recipe_for(name: str, epochs: Sequence[float] | None = None, lr: float | None = None) -> Recipe:
    """Return a named recipe, its epochs (one number a phase, or one for all) and rates replaced.

    Raises:
        ValueError: for an unknown name or a wrong number of epochs.
    """
    if name not in RECIPES:
        close = difflib.get_close_matches(name, RECIPES, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"unknown recipe {name!r}.{hint} Known: {', '.join(RECIPES)}")
    recipe = RECIPES[name]
    phases = recipe.phases
    if epochs is not None:
        if len(epochs) == 1:
            epochs = list(epochs) * len(phases)
        if len(epochs) != len(phases):
            raise ValueError(
                f"recipe {name!r} has {len(phases)} phases "
                f"({', '.join(phase.train_from for phase in phases)}); give one number of epochs for "
                f"all or one for each, got {len(epochs)}"
            )
        phases = tuple(
            replace(phase, epochs=number) for phase, number in zip(phases, epochs, strict=True)
        )
    if lr is not None:
        # the ratio of the head's rate to the others' belongs to the recipe and stays
        phases = tuple(
            replace(p, lr=lr, head_lr=p.head_lr and lr * p.head_lr / p.lr) for p in phases
        )
    return replace(recipe, phases=phases)


def changed_from_recipe(experiment: Experiment) -> list[str]:
    """Return what differs from the recipe of that name: 'epochs', 'lr', 'fine_tune'.

    Of a recipe of the user's own only the depth can.
    """
    recipe = experiment.recipe
    named = RECIPES.get(recipe.name, recipe)
    pairs = list(zip(recipe.phases, named.phases, strict=True))
    changed = [
        field
        for field in ("epochs", "lr")
        if any(getattr(mine, field) != getattr(named, field) for mine, named in pairs)
    ]
    return changed + ["fine_tune"] * (experiment.fine_tune != Experiment.fine_tune)


def default_name(experiment: Experiment) -> str:
    """Return a folder name that says what a run is: data, recipe, what is not the default."""
    path = Path(experiment.data)
    data = path.stem if path.suffix or "/" in experiment.data else experiment.data
    parts = [data or "data"]
    if experiment.imbalance != "natural":
        parts.append(experiment.imbalance)
    parts.append(experiment.recipe.name)
    if experiment.image_size != Experiment.image_size:
        parts.append(f"{experiment.image_size}px")
    if experiment.fine_tune != Experiment.fine_tune:
        parts.append(experiment.fine_tune)
    if experiment.quick:
        parts.append("quick")
    return re.sub(r"[^A-Za-z0-9._]+", "-", "-".join(parts)).strip("-.")


def _require(good: bool, what: str, got: object, allowed: str) -> None:
    if not good:
        raise ValueError(f"{what} {got!r} is not allowed; allowed: {allowed}")

"""How every strategy of a run is trained: the named recipes and the phases that they consist of."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from benchmark.spec import did_you_mean
from benchmark.strategy import Augmentation, NoAugmentation, RandomAugmentation
from benchmark.strategy.fingerprint import fingerprint
from benchmark.system.text import pluralize

SMALLEST_BATCH = 8
MIN_STEPS_PER_EPOCH = 60  # a small set is cut into smaller batches until an epoch has this many


@dataclass(frozen=True)
class Phase:
    """A part of the training with its own trained layers and learning rates."""

    epochs: float
    train_from: str  # "head": the classifier alone; "rest": the experiment's first trained block
    lr: float
    head_lr: float | None = None  # learning rate of the head; None: `lr`
    warmup: float = 0.0  # fraction of the phase over which the rates rise linearly
    cosine: bool = False  # whether they fall to zero along a half cosine afterwards
    lr_milestones: tuple[float, ...] = ()  # fractions after which the rates are divided by 100

    def __post_init__(self) -> None:
        if not (0 < self.epochs < math.inf and 0 < self.lr < math.inf):
            values = f"epochs={self.epochs:g} and lr={self.lr:g}"
            raise ValueError(f"epochs and learning rate must be positive, got {values}")


@dataclass(frozen=True)
class Recipe:
    """How every strategy of a run is trained."""

    name: str
    description: str
    phases: tuple[Phase, ...]
    batch_size: int  # of a training split that has images enough, see `batch_size_for`
    weight_decay: float = 0.0  # decoupled, as in AdamW; 0 is plain Adam; under SGD it is coupled
    momentum: float | None = None  # of SGD, which then replaces Adam; None: Adam
    augmentation: Augmentation = NoAugmentation()  # applied to every image of every strategy

    def batch_size_for(self, images: int) -> int:
        """Return the batch size for so many images: halved until an epoch has 60 steps."""
        size = self.batch_size
        while size > SMALLEST_BATCH and images / size < MIN_STEPS_PER_EPOCH:
            size //= 2
        return min(size, images)

    @property
    def batch_sentence(self) -> str:
        """The batch size in words, for lists of recipes."""
        return (
            f"Batches have {self.batch_size} images, halved down to {SMALLEST_BATCH} while an "
            f"epoch has fewer than {MIN_STEPS_PER_EPOCH} steps."
        )

    def fingerprint(self) -> dict[str, Any]:
        """Return what changes a trained network, except the batch size, which keys hold as well."""
        return {
            "phases": [asdict(phase) for phase in self.phases],
            "weight_decay": self.weight_decay,
            "momentum": self.momentum,
            "augmentation": fingerprint(self.augmentation),
        }


# every image of every strategy; its strength is 1 in `augmentation_of_strength`
LIGHT_AUGMENTATION = RandomAugmentation(degrees=5.0, zoom=0.1, shift=0.05, light=0.1)
STRONGEST = 5.0  # at which images are halved or turned by 25 degrees
LR_SCHEDULES = ("constant", "cosine")

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "forum",
            "2 epochs of the new last layer, then 2 epochs of the second half; Adam at 1e-4. "
            "As in the forum question that this benchmark answers.",
            (Phase(2, "head", 1e-4), Phase(2, "rest", 1e-4)),
            batch_size=64,
        ),
        Recipe(
            "strong",
            "2 epochs of the last layer at 1e-3, then 10 epochs of the second half with AdamW, "
            "warm-up and cosine, a ten times larger rate for the last layer, weight decay and a "
            "light random augmentation of every image. What a practitioner would do today.",
            (
                Phase(2, "head", 1e-3),
                Phase(10, "rest", 1e-4, head_lr=1e-3, warmup=0.1, cosine=True),
            ),
            batch_size=64,
            weight_decay=0.02,
            augmentation=LIGHT_AUGMENTATION,
        ),
    )
}


def recipe_for(
    recipe: str | Recipe,
    epochs: Sequence[float] | None = None,
    lr: float | None = None,
    lr_schedule: str | None = None,
    augmentation: float | None = None,
) -> Recipe:
    """Return a recipe, by name or your own, of which some values are others.

    Parameters
    ----------
    epochs
        One number for each phase, or one for all; None: as the recipe has them.
    lr
        Learning rate of every phase; None: as the recipe has it. The ratio of the head's rate to
        the others' stays.
    lr_schedule
        One of LR_SCHEDULES, for every phase; a warm-up stays. None: as the recipe has it.
    augmentation
        Strength of the random augmentation of every image; None: as the recipe has it.

    Raises
    ------
    ValueError
        For an unknown name or a wrong number of epochs.
    """
    if not isinstance(recipe, Recipe):
        if recipe not in RECIPES:
            close = did_you_mean(str(recipe), RECIPES)
            raise ValueError(f"unknown recipe {recipe!r}.{close} Known: {', '.join(RECIPES)}")
        recipe = RECIPES[recipe]
    phases = recipe.phases
    if epochs is not None:
        phases = _with_epochs(recipe, epochs)
    if lr is not None:
        phases = tuple(
            phase
            if phase.lr == lr  # dividing by it and multiplying again could round
            else replace(phase, lr=lr, head_lr=phase.head_lr and lr * phase.head_lr / phase.lr)
            for phase in phases
        )
    if lr_schedule is not None:
        falls = lr_schedule == "cosine"
        phases = tuple(replace(phase, cosine=falls, lr_milestones=()) for phase in phases)
    recipe = replace(recipe, phases=phases)
    if augmentation is not None:
        recipe = replace(recipe, augmentation=augmentation_of_strength(augmentation))
    return recipe


def augmentation_of_strength(strength: float) -> Augmentation:
    """Return LIGHT_AUGMENTATION with all of its widths times `strength`; at 0 none at all."""
    light = LIGHT_AUGMENTATION
    if not strength:
        return NoAugmentation()
    return RandomAugmentation(
        degrees=strength * light.degrees,
        zoom=strength * light.zoom,
        shift=strength * light.shift,
        light=strength * light.light,
    )


def _with_epochs(recipe: Recipe, epochs: Sequence[float]) -> tuple[Phase, ...]:
    """Return the phases with so many epochs: one number for all, or one for each."""
    phases = recipe.phases
    if len(epochs) not in (1, len(phases)):
        names = ", ".join(phase.train_from for phase in phases)
        raise ValueError(
            f"recipe {recipe.name!r} has {pluralize(len(phases), 'phase', 'phases')} ({names}); "
            f"give one number of epochs for all or one for each, like 2+3, got {len(epochs)}"
        )
    each = list(epochs) * (len(phases) // len(epochs))
    return tuple(replace(phase, epochs=n) for phase, n in zip(phases, each, strict=True))

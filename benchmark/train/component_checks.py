"""What the components of a strategy return, checked: an error names the component and says why."""

import copy
from typing import Any
from weakref import WeakSet

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from benchmark.strategy import Augmentation, Head, ImageSelection, Loss, Mixing
from benchmark.system.error_text import error_text

_built: WeakSet[nn.Module] = WeakSet()  # heads of this process


def losses_of(loss: Loss, logits: Tensor, target: Tensor, counts: Tensor) -> Tensor:
    """Return the loss of each image, (B,); raise ValueError for anything else."""
    losses: Any = loss(logits, target, counts)
    must = (
        f"a loss must return one value per image, shape {tuple(logits.shape[:1])}, and leave the "
        "mean to the trainer"
    )
    if not isinstance(losses, Tensor) or losses.shape != logits.shape[:1]:
        raise ValueError(f"{must}; {_name(loss)} returned {_describe(losses)}")
    if not losses.is_floating_point() or losses.device != logits.device:
        raise ValueError(
            f"{must}, in floating point on {logits.device}; {_name(loss)} returned "
            f"{_describe(losses)} on {losses.device}"
        )
    if not losses.requires_grad:
        raise ValueError(
            f"the loss {_name(loss)} has no gradient, so nothing can be learned from it: compute "
            "it from the logits, without detach, no_grad or argmax, and leave gradients switched on"
        )
    return losses


def new_head(head: Head, width: int, classes: int) -> nn.Module:
    """Return a new head that turns features (B, D) into logits (B, C); ValueError for another."""
    module: Any = head(width, classes)
    must = f"a head must build a torch module, from features (B, {width}) to logits (B, {classes})"
    if not isinstance(module, nn.Module):
        raise ValueError(f"{must}; {_name(head)} returned {_describe(module)}")
    if module in _built:  # another network has begun with it, and has trained it
        raise ValueError(f"{must}, a new one each time; {_name(head)} returned one a second time")
    _built.add(module)
    first = next(module.parameters(), torch.zeros(()))
    features = torch.zeros(2, width, device=first.device)
    try:
        with torch.no_grad():
            logits = copy.deepcopy(module).eval()(features)
    except Exception as error:
        raise ValueError(
            f"{must}; that of {_name(head)} can't be applied to them: {error_text(error)}"
        ) from error
    if not isinstance(logits, Tensor) or logits.shape != (2, classes):
        raise ValueError(f"{must}; for (2, {width}) that of {_name(head)} gave {_describe(logits)}")
    return module


def kept_by(
    selection: ImageSelection,
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    rng: np.random.Generator,
) -> NDArray[np.bool_]:
    """Return which images a stage trains on, (N,) bool; ValueError for anything else."""
    kept: Any = selection(features.copy(), labels.copy(), groups.copy(), rng)
    must = "a selection must return for each training image whether it is trained on"
    if not isinstance(kept, np.ndarray) or kept.dtype != bool or kept.shape != labels.shape:
        shape = f"{kept.shape} of {kept.dtype}" if isinstance(kept, np.ndarray) else _describe(kept)
        raise ValueError(f"{must}, {labels.shape} of bool; {_name(selection)} returned {shape}")
    if emptied := sorted(set(labels.tolist()) - set(labels[kept].tolist())):
        raise ValueError(
            f"{must}, and keep an image of every class; {_name(selection)} leaves none of class "
            f"{', '.join(map(str, emptied))}"
        )
    return kept


def selection_of(augmentation: Augmentation, repeat_index: Tensor) -> Tensor:
    """Return which images are to be augmented, (B,) bool; ValueError for anything else."""
    selected: Any = augmentation.selects(repeat_index)
    is_mask = isinstance(selected, Tensor) and selected.dtype == torch.bool
    if not is_mask or selected.shape != repeat_index.shape:
        raise ValueError(
            f"an augmentation must select images by bool values, shape "
            f"{tuple(repeat_index.shape)}; {_name(augmentation)} returned {_describe(selected)}"
        )
    return selected


def augmented_by(
    augmentation: Augmentation, images: Tensor, numbers: Tensor, rng: torch.Generator
) -> Tensor:
    """Return augmented images, as many of the same size and type; ValueError for anything else."""
    augmented: Any = augmentation(images.clone(), numbers, rng)
    is_tensor = isinstance(augmented, Tensor)
    if not is_tensor or augmented.shape != images.shape or augmented.dtype != images.dtype:
        raise ValueError(
            f"an augmentation must return images like those that it is given, "
            f"{_describe(images)}; {_name(augmentation)} returned {_describe(augmented)}"
        )
    return augmented


def mixed_by(
    mixing: Mixing, images: Tensor, target: Tensor, counts: Tensor, rng: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return mixed images and targets, shaped as they were; ValueError for anything else."""
    mixed: Any = mixing(images, target, counts, rng)
    is_pair = isinstance(mixed, tuple) and len(mixed) == 2
    if not is_pair or [getattr(v, "shape", None) for v in mixed] != [images.shape, target.shape]:
        raise ValueError(
            f"a mixing must return images and targets like those that it is given, "
            f"{_describe(images)} and {_describe(target)}; {_name(mixing)} returned "
            f"{_describe(mixed)}"
        )
    return mixed[0], mixed[1]


def _name(component: Any) -> str:
    return getattr(component, "__qualname__", None) or type(component).__qualname__


def _describe(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"shape {tuple(value.shape)} of {str(value.dtype).removeprefix('torch.')}"
    if isinstance(value, tuple):
        return f"a tuple of {len(value)}: {', '.join(map(_describe, value[:3]))}"
    return f"an object of type {type(value).__name__}"

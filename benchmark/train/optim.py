"""The optimizer of a phase, its learning rates, and the steps at which a phase is validated."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.optim import Optimizer

from benchmark.model.network import Network
from benchmark.plan.recipes import Phase, Recipe

LOSS_POINTS = 10  # of the training loss in a step range


def make_optimizer(network: Network, recipe: Recipe, phase: Phase) -> Optimizer:
    """Return an optimizer of what is trainable; suffix and head have rates of their own."""
    groups = []
    for module, rate in ((network.suffix, phase.lr), (network.head, phase.head_lr or phase.lr)):
        trainable = [p for p in module.parameters() if p.requires_grad]
        for decays in (True, False):  # biases and batch norm are not decayed
            if chosen := [p for p in trainable if (p.ndim > 1) == decays]:
                decay = recipe.weight_decay * decays
                groups.append({"params": chosen, "weight_decay": decay, "full_lr": rate})
    if recipe.momentum is None:  # AdamW without decay is Adam
        return torch.optim.AdamW(groups, lr=phase.lr, fused=True)
    return torch.optim.SGD(groups, phase.lr, recipe.momentum, fused=True)


def optimizer_tensors(optimizer: Optimizer) -> dict[str, Tensor]:
    """Name an optimizer's state `parameter number.name`; groups are rebuilt from the recipe."""
    state = optimizer.state_dict()["state"].items()
    return {f"{number}.{name}": value for number, values in state for name, value in values.items()}


def restore_optimizer(optimizer: Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Load a state that `optimizer_tensors` returned."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        number, name = key.split(".", 1)
        state.setdefault(int(number), {})[name] = tensor
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
    for parameter, entries in optimizer.state.items():
        for name, value in entries.items():
            if value.shape == parameter.shape:
                # the fused step needs the strides of the parameter
                entries[name] = torch.empty_like(parameter).copy_(value)


def set_learning_rates(
    optimizer: Optimizer, phase: Phase, progress: float, lr_factor: float = 1.0
) -> float:
    """Set the rate of each group when the fraction `progress` (0 to 1) of the phase is over.

    `lr_factor` is that of the stage. Returns the factor by which the phase's schedule lowers them.
    """
    factor = learning_rate_factor(phase, progress)
    for group in optimizer.param_groups:
        group["lr"] = group["full_lr"] * factor * lr_factor
    return factor


def learning_rate_factor(phase: Phase, progress: float) -> float:
    """Return the factor of the rates when the fraction `progress` (0 to 1) of a phase is over."""
    if progress < phase.warmup:
        return (progress + 0.01) / (phase.warmup + 0.01)
    if not phase.cosine:
        return 0.01 ** sum(progress >= milestone for milestone in phase.lr_milestones)
    return 0.5 * (1 + math.cos(math.pi * (progress - phase.warmup) / (1 - phase.warmup)))


def loss_steps(start: int, end: int) -> set[int]:
    """Return the steps of a step range that end a point of the training loss: every tenth."""
    return {start + round((end - start) * (i + 1) / LOSS_POINTS) for i in range(LOSS_POINTS)}


def validation_steps(start: int, end: int, epochs: float) -> set[int]:
    """Return the steps of a phase after which it is validated: about one per epoch, and its end."""
    number = max(1, math.ceil(epochs))
    return {start + round((end - start) * (i + 1) / number) for i in range(number)}

"""The state of a training in one safetensors file: no pickle, whole or absent.

Holds the head, the suffix once it has been trained, the optimizer's moments and the tally.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from benchmark.storage.atomic import atomic

TURNED = "channels_last"  # key of the names of tensors that are stored as (B, H, W, C)


def save_tensors(path: Path, tensors: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
    """Write tensors and a JSON-able description atomically.

    Maps that are channels-last in memory are written as they lie, (B, H, W, C): safetensors wants
    dense tensors in their own order, and a copy of a whole state is 0.2 GB.
    """
    turned = [name for name, tensor in tensors.items() if _is_channels_last(tensor)]
    dense = {
        name: (tensor.permute(0, 2, 3, 1) if name in turned else tensor).detach().cpu().contiguous()
        for name, tensor in tensors.items()
    }
    with atomic(path) as temporary:
        temporary.touch()
        usual = temporary.stat().st_mode
        save_file(dense, temporary, {"about": json.dumps(about), TURNED: json.dumps(turned)})
        temporary.chmod(usual)  # safetensors leaves a file that only its owner can read


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what `save_tensors` wrote."""
    with safe_open(path, "pt") as file:
        told = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    for name in json.loads(told.get(TURNED, "[]")):
        tensors[name] = tensors[name].permute(0, 3, 1, 2)  # (B, H, W, C) -> (B, C, H, W)
    return tensors, json.loads(told["about"])


def _is_channels_last(tensor: Tensor) -> bool:
    """Return whether maps (B, C, H, W) lie in memory as (B, H, W, C), and not as (B, C, H, W)."""
    return (
        tensor.ndim == 4
        and not tensor.is_contiguous()
        and tensor.is_contiguous(memory_format=torch.channels_last)
    )


def step_of(path: Path) -> int:
    """Return the step after which a state was saved; -1 if there is none that can be read."""
    try:
        with safe_open(path, "pt") as file:
            return int(json.loads(file.metadata()["about"])["step"])
    except (OSError, SafetensorError):
        return -1


def named(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Put a prefix before every name."""
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return those whose name has the prefix, without it."""
    start = f"{prefix}."
    return {name[len(start) :]: t for name, t in tensors.items() if name.startswith(start)}


def flatten_optimizer(state: Mapping[str, Any]) -> dict[str, Tensor]:
    """Name an optimizer's state `parameter number.name`; groups are made again from the recipe."""
    return {
        f"{number}.{name}": value
        for number, entries in state["state"].items()
        for name, value in entries.items()
    }


def unflatten_optimizer(tensors: Mapping[str, Tensor], groups: list[Any]) -> dict[str, Any]:
    """Undo `flatten_optimizer`."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        number, name = key.split(".", 1)
        state.setdefault(int(number), {})[name] = tensor
    return {"state": state, "param_groups": groups}

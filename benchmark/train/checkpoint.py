"""The state of a training in one safetensors file, written atomically and without pickle.

It holds the head, the suffix once it has been trained, the optimizer's moments and the statistics.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from benchmark.storage.atomic import atomic

PERMUTED = "channels_last"  # metadata key: names of the tensors that are stored as (B, H, W, C)


def save_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> None:
    """Write tensors and JSON-able metadata atomically.

    Maps that are channels-last in memory are written in that order, (B, H, W, C): safetensors wants
    dense tensors in their own order, and a copy of a whole state is 0.2 GB.
    """
    permuted = [name for name, tensor in tensors.items() if _is_channels_last(tensor)]
    dense = dict(tensors) | {name: tensors[name].permute(0, 2, 3, 1) for name in permuted}
    dense = {name: tensor.detach().cpu().contiguous() for name, tensor in dense.items()}
    with atomic(path) as temporary:
        temporary.touch()
        mode = temporary.stat().st_mode
        header = {"about": json.dumps(metadata), PERMUTED: json.dumps(permuted)}
        save_file(dense, temporary, header)
        temporary.chmod(mode)  # safetensors leaves a file that only its owner can read


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read the tensors and the metadata that `save_tensors` wrote."""
    with safe_open(path, "pt") as file:
        header = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    for name in json.loads(header.get(PERMUTED, "[]")):
        tensors[name] = tensors[name].permute(0, 3, 1, 2)  # (B, H, W, C) -> (B, C, H, W)
    return tensors, json.loads(header["about"])


def _is_channels_last(tensor: Tensor) -> bool:
    """Return whether maps (B, C, H, W) lie in memory as (B, H, W, C), and not as (B, C, H, W)."""
    if tensor.ndim != 4 or tensor.is_contiguous():
        return False
    return tensor.is_contiguous(memory_format=torch.channels_last)


def saved_step(path: Path) -> int:
    """Return the step after which a state was saved; -1 if there is no readable state."""
    try:
        with safe_open(path, "pt") as file:
            return int(json.loads(file.metadata()["about"])["step"])
    except (OSError, SafetensorError):
        return -1


def add_prefix(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Prefix every name, with a dot between."""
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def with_prefix(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors whose names have the prefix, without it."""
    start = f"{prefix}."
    return {name[len(start) :]: t for name, t in tensors.items() if name.startswith(start)}

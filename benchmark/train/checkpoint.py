"""The state of a training in one safetensors file, written atomically and without pickle.

It holds the head, the suffix once it has been trained, the optimizer's moments and the statistics,
and a digest of all of it, which is compared whenever it is read.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmark.model.tensor_file import error_of_the_system, open_tensors, write_tensors
from benchmark.storage.stored_file import DamagedFileError, open_plain
from benchmark.storage.unchanged import once_while_unchanged
from benchmark.storage.unreadable import is_of_now, unreadable_error

_KEY = "imbalance_bench"  # one key, with JSON: safetensors writes several in any order
# in that JSON: what the caller has given, names of the tensors that are stored as (B, H, W, C), and
# the digest of all of it
_ABOUT, _PERMUTED, _DIGEST = "about", "channels_last", "sha256"
_REMEDY = "Run the same command again: it is set aside, and what it held is trained again."


def save_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> None:
    """Write tensors and JSON-able metadata atomically.

    Maps that are channels-last in memory are written in that order, (B, H, W, C): safetensors wants
    dense tensors in their own order, and a copy of a whole state is 0.2 GB.
    """
    permuted = [name for name, tensor in tensors.items() if _is_channels_last(tensor)]
    dense = dict(tensors) | {name: tensors[name].permute(0, 2, 3, 1) for name in permuted}
    dense = {name: tensor.detach().cpu().contiguous() for name, tensor in dense.items()}
    header = {_ABOUT: dict(metadata), _PERMUTED: permuted}
    header[_DIGEST] = _digest(dense, header)
    write_tensors(path, dense, {_KEY: json.dumps(header)})


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read the tensors and the metadata that `save_tensors` wrote.

    A file that is not what was written raises DamagedFileError, one that can't be read now
    UnreadableError; FileNotFoundError without one.
    """
    tensors, header = _read(path)
    if header.get(_DIGEST) != _digest(tensors, header):
        raise DamagedFileError(path, "its sha256 is not that of what was saved", _REMEDY)
    for name in header[_PERMUTED]:
        tensors[name] = tensors[name].permute(0, 3, 1, 2)  # (B, H, W, C) -> (B, C, H, W)
    return tensors, header[_ABOUT]


def is_whole(path: Path) -> bool:
    """Return whether a file is what `save_tensors` wrote, or is not there.

    It is read once as long as it stays as it is: a state is 0.2 GB.
    """
    try:
        return _is_undamaged(path)
    except FileNotFoundError:
        return True


@once_while_unchanged
def _is_undamaged(path: Path) -> bool:
    try:
        load_tensors(path)
    except DamagedFileError:
        return False
    return True


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    open_plain(path).close()
    try:
        with open_tensors(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return tensors, dict(json.loads(file.metadata()[_KEY]))
    except (FileNotFoundError, MemoryError):
        raise
    except Exception as error:  # safetensors raises what the bytes of a damaged file lead it to
        _require_readable_now(path, error)
        raise DamagedFileError(path, str(error), _REMEDY) from error


def _digest(tensors: Mapping[str, Tensor], header: Mapping[str, Any]) -> str:
    """Return the sha256 of names, types, shapes and bytes of dense tensors, and of the metadata."""
    described = [[name, str(t.dtype), *t.shape] for name, t in sorted(tensors.items())]
    about, permuted = header.get(_ABOUT), header.get(_PERMUTED)
    content = hashlib.sha256(json.dumps([described, about, permuted]).encode())
    for _, tensor in sorted(tensors.items()):
        content.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return content.hexdigest()


def _require_readable_now(path: Path, error: Exception) -> None:
    """Raise UnreadableError if the system is behind an error, and not the file."""
    if (system := error_of_the_system(error)) and is_of_now(system):
        raise unreadable_error(path, system) from error


def _is_channels_last(tensor: Tensor) -> bool:
    """Return whether maps (B, C, H, W) lie in memory as (B, H, W, C), and not as (B, C, H, W)."""
    if tensor.ndim != 4 or tensor.is_contiguous():
        return False
    return tensor.is_contiguous(memory_format=torch.channels_last)


def saved_step(path: Path) -> int:
    """Return the step after which a state was saved; -1 if there is none, or it was damaged.

    UnreadableError if it can't be read now.
    """
    try:
        open_plain(path).close()
    except (FileNotFoundError, DamagedFileError):
        return -1
    try:
        with open_tensors(path, "pt") as file:
            return int(json.loads(file.metadata()[_KEY])[_ABOUT]["step"])
    except Exception as error:  # what the bytes of a damaged file lead to
        _require_readable_now(path, error)
        return -1


def add_prefix(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Prefix every name, with a dot between."""
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def with_prefix(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors whose names have the prefix, without it."""
    start = f"{prefix}."
    return {name[len(start) :]: t for name, t in tensors.items() if name.startswith(start)}

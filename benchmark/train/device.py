"""Where the numbers are computed, and how precisely."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import torch


def choose_device(asked: str) -> torch.device:
    """Return the device for `auto`, `cpu`, `cuda` or `cuda:i`.

    Raises
    ------
    ValueError
        If a GPU is asked for that torch can't see.
    """
    if asked == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(asked)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ValueError(
            f"device {asked!r} is not there: torch {torch.__version__} sees "
            f"{torch.cuda.device_count()} GPUs; use --device cpu or auto"
        )
    return device


def choose_precision(asked: str, device: torch.device) -> torch.dtype:
    """Return bfloat16 or float32; `auto` is bfloat16 where the device computes in it natively."""
    if asked != "auto":
        return {"bf16": torch.bfloat16, "fp32": torch.float32}[asked]
    if device.type == "cuda":
        native = torch.cuda.get_device_capability(device) >= (8, 0)
    else:
        able = _cpu_abilities()
        native = bool(able.get("avx512_bf16") or able.get("amx_bf16"))
    return torch.bfloat16 if native else torch.float32


def set_exactness(dtype: torch.dtype) -> None:
    """Keep a GPU from rounding to TF32 where float32 was asked for."""
    # cudnn.benchmark stays off: it gains nothing where graphs are replayed, and would tune anew
    # for every number of augmented images in a batch
    torch.backends.cudnn.allow_tf32 = dtype != torch.float32
    torch.backends.cuda.matmul.allow_tf32 = dtype != torch.float32


def describe_device(device: torch.device) -> str:
    """Return the name of the hardware, for the report."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    name = _cpu_abilities().get("cpu_name") or "CPU"
    return f"{name}, {torch.get_num_threads()} threads of {os.cpu_count()} cores"


def _cpu_abilities() -> Mapping[str, Any]:
    # torch 2.10 can't be asked; there `auto` is float32
    return torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}

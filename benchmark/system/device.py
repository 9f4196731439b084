"""Where the numbers are computed, and how precisely. No torch at import: who waits needs none."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import joblib

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Device:
    """A device and a precision, in words.

    Attributes
    ----------
    name
        ``cpu``, ``cuda`` or ``cuda:i``.
    precision
        ``bfloat16`` or ``float32``.
    hardware
        Its name.
    torch_version
        Of what computes.
    """

    name: str
    precision: str
    hardware: str = ""
    torch_version: str = ""

    @property
    def type(self) -> str:
        """``cpu`` or ``cuda``."""
        return self.name.partition(":")[0]

    @property
    def place(self) -> torch.device:
        """Torch's word for it."""
        import torch

        return torch.device(self.name)

    @property
    def dtype(self) -> torch.dtype:
        """Torch's word for the precision."""
        import torch

        return getattr(torch, self.precision)


def choose_device(asked: str, precision: str) -> Device:
    """Return the device for `auto`, `cpu`, `cuda` or `cuda:i`, and its precision.

    `precision` is ``bf16``, ``fp32``, or ``auto`` for bfloat16 where the device computes in it
    natively.

    Raises
    ------
    ValueError
        If a GPU is asked for that torch can't see.
    """
    import torch

    if asked == "auto":
        asked = "cuda" if torch.cuda.is_available() else "cpu"
    device = torch.device(asked)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ValueError(
            f"device {asked!r} is not there: torch {torch.__version__} sees "
            f"{torch.cuda.device_count()} GPUs; use --device cpu or auto"
        )
    on_gpu = device.type == "cuda"
    return Device(
        asked,
        _gpu_precision(precision, device) if on_gpu else _cpu_precision(precision),
        torch.cuda.get_device_name(device) if on_gpu else _cpu_abilities().get("cpu_name") or "CPU",
        str(torch.__version__),  # its own type would bring torch to whom it is sent
    )


def cores() -> int:
    """Return the number of cores to compute with: those that torch would use, by the same rules.

    A container's share of the machine bounds it, and so does OMP_NUM_THREADS.
    """
    bound = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    most = int(bound) if bound.isdigit() and int(bound) else sys.maxsize
    return min(joblib.cpu_count(only_physical_cores=True), most)


def set_exactness(device: Device) -> None:
    """Keep a GPU from rounding to TF32 where float32 was asked for."""
    import torch

    # cudnn.benchmark stays off: it gains nothing where graphs are replayed, and would tune anew
    # for every number of augmented images in a batch
    torch.backends.cudnn.allow_tf32 = device.precision != "float32"
    torch.backends.cuda.matmul.allow_tf32 = device.precision != "float32"


def _gpu_precision(asked: str, device: torch.device) -> str:
    import torch

    return _precision(asked, torch.cuda.get_device_capability(device) >= (8, 0))


def _cpu_precision(asked: str) -> str:
    able = _cpu_abilities()
    return _precision(asked, bool(able.get("avx512_bf16") or able.get("amx_bf16")))


def _precision(asked: str, native: bool) -> str:
    chosen = {"bf16": "bfloat16", "fp32": "float32"}
    return chosen.get(asked) or ("bfloat16" if native else "float32")


def _cpu_abilities() -> Mapping[str, Any]:
    import torch

    # torch 2.10 can't be asked; there `auto` is float32
    return torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}

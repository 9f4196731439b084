"""The device that computes, and its precision."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import joblib
import torch


@dataclass(frozen=True)
class Device:
    """A device and a precision, by their names."""

    name: str  # cpu, cuda or cuda:i
    precision: str  # bfloat16 or float32
    hardware: str = ""  # name of the processor
    torch_version: str = ""

    @property
    def type(self) -> str:
        """``cpu`` or ``cuda``."""
        return self.name.partition(":")[0]

    @property
    def torch_device(self) -> torch.device:
        """The device as torch's object."""
        return torch.device(self.name)

    @property
    def dtype(self) -> torch.dtype:
        """The precision as torch's type."""
        return getattr(torch, self.precision)


def choose_device(name: str, precision: str) -> Device:
    """Return the device and precision for the values of ``--device`` and ``--precision``.

    Parameters
    ----------
    name
        ``auto``, ``cpu``, ``cuda`` or ``cuda:i``. ``auto`` is a GPU if torch sees one.
    precision
        ``bf16``, ``fp32`` or ``auto``: bfloat16 where the device computes in it natively.

    Raises
    ------
    ValueError
        If torch does not see the GPU.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    device = torch.device(name)
    if device.type == "cuda":
        if (device.index or 0) >= torch.cuda.device_count():
            raise ValueError(
                f"device {name!r} is not there: torch {torch.__version__} sees "
                f"{torch.cuda.device_count()} GPUs; use --device cpu or auto"
            )
        hardware = torch.cuda.get_device_name(device)
        native = torch.cuda.get_device_capability(device) >= (8, 0)
    else:
        known = _cpu_capabilities()
        hardware = known.get("cpu_name") or "CPU"
        native = bool(known.get("avx512_bf16") or known.get("amx_bf16"))
    auto = "bfloat16" if native else "float32"
    chosen = {"bf16": "bfloat16", "fp32": "float32"}.get(precision, auto)
    # the version as a plain string: its own type can't be unpickled without torch
    return Device(name, chosen, hardware, str(torch.__version__))


def cores() -> int:
    """Return the number of cores to compute with, by torch's own rules.

    A container's share of the machine bounds it, and so does OMP_NUM_THREADS.
    """
    bound = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    most = int(bound) if bound.isdigit() and int(bound) else sys.maxsize
    return min(joblib.cpu_count(only_physical_cores=True), most)


def set_precision(device: Device) -> None:
    """Allow a GPU to round to TF32, except where the precision is float32."""
    # cudnn.benchmark stays off: it gains nothing where graphs are replayed, and would tune anew
    # for every number of augmented images in a batch
    torch.backends.cudnn.allow_tf32 = device.precision != "float32"
    torch.backends.cuda.matmul.allow_tf32 = device.precision != "float32"


def _cpu_capabilities() -> Mapping[str, Any]:
    # torch 2.10 does not report them; there `auto` is float32
    return torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}


def seed_torch(device: torch.device, seed: int) -> None:
    """Seed torch's own generators, of the CPU and of this device.

    On a CPU this is `torch.manual_seed` without the GPUs that are not there: to note their seeds
    takes as long as a step of a small network.
    """
    if device.type == "cpu":
        torch.default_generator.manual_seed(seed)
    else:
        torch.manual_seed(seed)

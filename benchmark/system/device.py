"""The device that computes, and its precision."""

import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import joblib
import torch

from benchmark.system.gpus import equal_gpus


@dataclass(frozen=True)
class Device:
    """A device and a precision, by their names. Several GPUs of a kind are one device."""

    name: str  # by which torch computes in one process: cpu, cuda or cuda:i
    precision: str  # bfloat16 or float32
    hardware: str = ""  # name of the processor
    torch_version: str = ""
    gpus: tuple[int, ...] = ()  # their numbers, as torch counts in the process that chose them
    message: str = ""  # what the user must know about it

    @property
    def type(self) -> str:
        """``cpu`` or ``cuda``."""
        return self.name.partition(":")[0]

    @property
    def label(self) -> str:
        """The device as ``--device`` takes it, like ``cuda:0,2`` for two GPUs."""
        several = len(self.gpus) > 1
        return f"{self.type}:{','.join(map(str, self.gpus))}" if several else self.name

    @property
    def is_here(self) -> bool:
        """Whether it can compute in this process: a GPU may be that of another machine."""
        if self.type == "cpu":
            return True
        number = self.torch_device.index or 0
        if not torch.cuda.is_available() or number >= torch.cuda.device_count():
            return False
        return self.hardware in ("", torch.cuda.get_device_name(number))

    def in_worker(self) -> "Device":
        """Return the device as a process names it that sees one GPU, which is the first one."""
        return replace(self, name=self.type)

    def most_on_one(self, processes: int) -> int:
        """Return how many of so many processes share a GPU, or the CPU."""
        return -(-processes // max(1, len(self.gpus)))

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
        ``cpu``; ``cuda``, which is all GPUs that torch sees; ``cuda:0`` or ``cuda:0,2`` for some of
        them, by their numbers; or ``auto``: ``cuda`` if torch sees a GPU, else ``cpu``.
    precision
        ``bf16``, ``fp32`` or ``auto``: bfloat16 where the device computes in it natively.

    Raises
    ------
    ValueError
        If torch does not see a GPU, or if those that are named are not of one kind.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    kind, _, numbers = name.partition(":")
    gpus: tuple[int, ...] = ()
    message = ""
    if kind == "cuda":
        there = torch.cuda.device_count()
        gpus = tuple(map(int, numbers.split(","))) if numbers else tuple(range(there))
        if not gpus or max(gpus) >= there:
            from_0 = ", numbered from 0" if there else ""
            raise ValueError(
                f"device {name!r} is not there: torch {torch.__version__} sees {there} GPUs"
                f"{from_0}; use --device cpu or auto, or --engine for the GPUs of a cluster"
            )
        gpus, message = equal_gpus(gpus, are_named=bool(numbers))
        hardware = torch.cuda.get_device_name(gpus[0])
        native = torch.cuda.get_device_capability(gpus[0]) >= (8, 0)
    else:
        known = _cpu_capabilities()
        hardware = known.get("cpu_name") or "CPU"
        native = bool(known.get("avx512_bf16") or known.get("amx_bf16"))
    auto = "bfloat16" if native else "float32"
    chosen = {"bf16": "bfloat16", "fp32": "float32"}.get(precision, auto)
    own = f"{kind}:{gpus[0]}" if numbers else kind
    # the version as a plain string: its own type can't be unpickled without torch
    return Device(own, chosen, hardware, str(torch.__version__), gpus, message)


def describe_device(name: str, precision: str) -> Device:
    """Return what a worker of a cluster computes on: its CPU, or the first GPU that it sees.

    That is the one which the cluster gave it. Called in the worker, it answers for a machine that
    has none. Other parameters and errors are those of `choose_device`.

    Raises
    ------
    ValueError
        For a GPU with a number: each machine of a cluster counts its own.
    """
    if ":" in name:
        raise ValueError(
            f"device {name!r} is not allowed on a cluster, which gives each worker its GPU; use "
            "--device cuda"
        )
    device = choose_device(name, precision)
    return replace(device, gpus=device.gpus[:1], message="")


def require_equal_device(expected: Device) -> None:
    """Raise ValueError, in a worker, unless it computes as the worker that was asked first.

    Numbers would be rounded otherwise, so that a record would depend on who made it.
    """
    met = describe_device(expected.type, expected.precision)
    for name in ("hardware", "torch_version"):
        here, there = getattr(met, name), getattr(expected, name)
        if here != there:
            what = name.replace("_", " ")
            raise ValueError(
                f"{platform.node()} has {what} {here}, the run began with {there}: one run needs "
                "workers of one kind, since others round otherwise"
            )


def device_here(name: str, precision: str) -> Device:
    """Return the device of these names, or the CPU if it is a GPU and torch sees none."""
    if name.startswith("cuda") and not torch.cuda.is_available():
        name = "cpu"
    return choose_device(name, precision)


def cores() -> int:
    """Return the number of cores to compute with, by torch's own rules.

    A container's share of the machine bounds it, and so does OMP_NUM_THREADS.
    """
    bound = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    most = int(bound) if bound.isdigit() and int(bound) else sys.maxsize
    return min(joblib.cpu_count(only_physical_cores=True), most)


def set_precision(device: Device) -> None:
    """Allow a GPU to round to TF32, except where the precision is float32; make it the current one.

    What names no device, as pinned memory and streams do, would take the first GPU.
    """
    if device.torch_device.index is not None:
        torch.cuda.set_device(device.torch_device)
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

"""The GPU of a worker of a cluster that sees several: one that no other worker has taken."""

import platform
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import torch

from benchmark.execution.worker_data import UnfitWorkerError
from benchmark.storage.lock import acquire
from benchmark.system.device import Device, require_equal_device
from benchmark.system.gpus import visible_devices

_held: list[object] = []  # locks, which end with the process


def device_of_worker(device: Device, jobs_per_gpu: int) -> Device:
    """Return the device of a run as this worker names it.

    UnfitWorkerError if it computes on another kind of GPU than the run has begun with, or if its
    machine has no GPU that is free.
    """
    if device.type == "cpu":
        return device
    try:
        require_equal_device(device)
    except ValueError as error:
        raise UnfitWorkerError(str(error)) from error
    return replace(device, name=f"cuda:{_take(torch.cuda.device_count(), jobs_per_gpu)}")


@cache
def _take(number: int, jobs_per_gpu: int) -> int:
    """Take one of the GPUs that this process sees, with others up to `jobs_per_gpu`."""
    if number == 1:  # the engine has chosen
        return 0
    names = visible_devices(range(number))
    for job in range(jobs_per_gpu):
        for gpu, name in enumerate(names):
            try:
                lock = Path(tempfile.gettempdir(), f"imbalance-bench-gpu-{name}-{job}.lock")
                _held.append(acquire(lock, wait=False))
            except OSError:  # taken, by another user perhaps
                continue
            return gpu
    raise UnfitWorkerError(
        f"all {number} GPUs of {platform.node()} are taken by other workers: start one worker a "
        "GPU, or raise --jobs-per-gpu"
    )

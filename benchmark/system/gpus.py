"""The GPUs of a machine: which are of one kind, and how a process is made to see one of them."""

import os
from collections.abc import Sequence

import torch

VISIBLE = "CUDA_VISIBLE_DEVICES"  # it must be set before a process touches CUDA


def equal_gpus(gpus: tuple[int, ...], are_named: bool) -> tuple[tuple[int, ...], str]:
    """Return those GPUs that are of the first one's kind, and a note on the others.

    One run needs equal ones: others round otherwise, so that a record would depend on which of them
    was free. The GPUs of a machine may be mixed, as with a small one for its display: then others
    are left out, in words. Of those that the user has named none is.

    Raises
    ------
    ValueError
        If they were named and differ, or one is named twice.
    """
    if len(set(gpus)) < len(gpus):
        raise ValueError(f"device 'cuda:{_join(gpus)}' names a GPU twice; name each once")
    kinds = {gpu: (torch.cuda.get_device_name(gpu), torch.cuda.get_device_capability(gpu))
             for gpu in gpus}  # fmt: skip
    equal = tuple(gpu for gpu in gpus if kinds[gpu] == kinds[gpus[0]])
    if equal == gpus:
        return gpus, ""
    listed = ", ".join(f"{gpu} is {kinds[gpu][0]}" for gpu in gpus)
    if are_named:
        raise ValueError(
            f"device 'cuda:{_join(gpus)}' has GPUs of several kinds ({listed}), which round "
            f"otherwise; name those of one kind, like cuda:{_join(equal)}"
        )
    others = tuple(gpu for gpu in gpus if gpu not in equal)
    return equal, (
        f"A run takes GPUs of one kind, since others round otherwise: it has cuda:{_join(equal)}. "
        f"Left out: cuda:{_join(others)} ({listed})."
    )


def visible_devices(gpus: Sequence[int]) -> list[str]:
    """Return for each GPU what a process must find in CUDA_VISIBLE_DEVICES to see it alone.

    `gpus` are numbers as torch counts in this process. If the variable is set here, they count its
    entries, which may be numbers, UUIDs of GPUs (``GPU-…``) or of parts of one (``MIG-…``).
    """
    entries = os.environ.get(VISIBLE)
    if entries is None:
        return [str(gpu) for gpu in gpus]
    names = [entry.strip() for entry in entries.split(",")]
    return [names[gpu] for gpu in gpus]


def worker_environments(gpus: Sequence[int], jobs: int) -> list[dict[str, str]]:
    """Return the environment of each of so many processes: the GPUs in turn, {} without any."""
    if not gpus:
        return [{} for _ in range(jobs)]
    names = visible_devices(gpus)
    return [{VISIBLE: names[job % len(names)]} for job in range(jobs)]


def _join(gpus: Sequence[int]) -> str:
    return ",".join(map(str, gpus))

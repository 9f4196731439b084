"""Device and weights of an experiment, looked up where torch may be imported."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import joblib

from benchmark.model.backbone import find_backbone
from benchmark.model.weights import Weights, load_weights
from benchmark.plan.experiment import Experiment
from benchmark.plugins import Plugins
from benchmark.system.device import Device, choose_device, cores
from benchmark.system.memory import release_memory

# made by drivers: who trains on a GPU does it in its own process
SIGNS_OF_A_GPU = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")


def probe_device_and_weights(
    experiment: Experiment, jobs: int | None, meanwhile: Callable[[], None] = lambda: None
) -> tuple[Device, Weights]:
    """Return device and weights.

    Torch is 270 MB, which a process that only waits for others can spare. So where `jobs` others
    will train (None: one a core), one of them looks, and this one does `meanwhile`.

    Raises
    ------
    ValueError, FileNotFoundError
        If one of them is not there or can't be used.
    """
    asked = experiment.device, experiment.precision, experiment.weights, experiment.network.name
    on_gpu = asked[0].startswith("cuda") or any(Path(sign).exists() for sign in SIGNS_OF_A_GPU)
    if on_gpu or (jobs or cores()) == 1 or "torch" in sys.modules:
        return _look(None, *asked)
    call = joblib.delayed(_look)(Plugins(), *asked)
    # loky, whatever parallel_config says: it is this machine that is looked at
    begun = joblib.Parallel(n_jobs=2, backend="loky", return_as="generator")([call])
    meanwhile()
    found: list[tuple[Device, Weights]] = list(begun)
    return found[0]


def _look(
    plugins: None,  # noqa: ARG001
    device: str,
    precision: str,
    weights: str,
    backbone: str,
) -> tuple[Device, Weights]:
    """Run anywhere; `plugins` comes first, so that a plug-in's network is there."""
    found = choose_device(device, precision), load_weights(weights, find_backbone(backbone))
    release_memory()  # of the tensors, which were read for their identity
    return found

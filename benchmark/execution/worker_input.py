"""What workers need of a run: two files in its folder, which each worker process loads once.

A task names them by their hashes, which travel with the engine. What has another hash is not
loaded, whoever has written it: a pickle can run any code.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numpy as np
import torch
from joblib import wrap_non_picklable_objects

import benchmark
from benchmark.data.imageset import ImageSet
from benchmark.data.pixels.image_facts import ImageFacts
from benchmark.execution.prepare import NETWORK_PACKAGES, PreparedExperiment
from benchmark.execution.run_folder import RunFolder
from benchmark.execution.worker import Worker
from benchmark.execution.worker_data import UnfitWorkerError, pixels_of_worker, worker_name
from benchmark.execution.worker_gpu import device_of_worker
from benchmark.plan.segments import Segment
from benchmark.plugins import check_unedited
from benchmark.storage.atomic import atomic, digest
from benchmark.storage.user_folders import cache_dir
from benchmark.strategy.fingerprint import package_hash
from benchmark.strategy.registry import StrategySpec
from benchmark.system.error_text import error_text
from benchmark.system.memory import release_memory
from benchmark.train.frozen_features import FrozenFeatures

NO_PIXELS = np.empty((0, 0, 0, 3), np.uint8)  # in a file of which each process maps its own
SUFFIX = ".pickle"
CACHE = "IMBALANCE_BENCH_CACHE"
_own_cache = os.environ.get(CACHE)  # of this process, as its machine has it


@dataclass(frozen=True)
class Versions:
    """What must be the same in all processes of a run: keys are made of it."""

    package: str
    code: str  # hash of the packages that decide what a network becomes
    torch: str

    @classmethod
    def of_this_process(cls) -> Versions:
        """Return those that are installed here."""
        code = digest([package_hash(name) for name in (*NETWORK_PACKAGES, "execution")])
        return cls(benchmark.__version__, code[:12], str(torch.__version__))

    def require(self, worker: str = "", own: Versions | None = None) -> None:
        """Raise UnfitWorkerError if this process has others, or a `worker` with its `own`."""
        own = own or self.of_this_process()
        if own == self:
            return
        names = {"package": "imbalance-bench", "code": "code of imbalance-bench", "torch": "torch"}
        differing = [
            f"{name} {getattr(own, field)} in place of {getattr(self, field)}"
            for field, name in names.items()
            if getattr(own, field) != getattr(self, field)
        ]
        raise UnfitWorkerError(
            f"the worker on {worker or worker_name()} has {', '.join(differing)}: what it trains "
            "would be another network. Install the same there and start it anew, or leave it out, "
            "and run the same command again"
        )


@dataclass(frozen=True)
class WorkerInput:
    """Names what a task reads; it is small, since it travels with each task."""

    folder: str  # of the run
    worker: str  # sha256 of the file of a `Worker`
    segments: str  # sha256 of the file of segments, and of the strategies to record after each
    versions: Versions
    cache: str  # of the process that plans
    is_local: bool  # whether all workers are on its machine
    # folder on the own disk of each machine for decoded images and activations
    local_cache: str | None = None
    jobs_per_gpu: int = 1
    working_folder: str = ""  # of the process that plans: relative paths begin there


@dataclass(frozen=True)
class LoadedInput:
    """A `WorkerInput` in the memory of a worker."""

    worker: Worker
    segments: Mapping[str, tuple[Segment, list[StrategySpec]]]  # by key


def write_worker(worker: Worker, *, shares_stores: bool) -> str:
    """Write what is the same for all tasks of a run; return its hash.

    Parameters
    ----------
    shares_stores
        Whether workers are on this machine and use the stores of activations that are open here;
        else each opens, or fills, its own.
    """
    prepared = worker.prepared
    features = prepared.__dict__.get("frozen_features") if shares_stores else None
    # without what is known of single images, which no training reads
    facts = ImageFacts.from_infos({})
    pixels = replace(prepared.pixels, array=NO_PIXELS, lease=None, infos=facts, errors={})
    images, experiment = prepared.images.without_names(), prepared.experiment
    if isinstance(experiment.data, ImageSet):
        experiment = replace(experiment, data=images)
    # nor with what it has computed
    prepared = replace(prepared, pixels=pixels, images=images, experiment=experiment)
    if features is not None:
        prepared.__dict__["frozen_features"] = replace(features, pixels=NO_PIXELS)
    return _write(worker.folder, replace(worker, prepared=prepared))


def write_segments(
    folder: RunFolder, segments: Mapping[str, tuple[Segment, list[StrategySpec]]]
) -> str:
    """Write what single tasks need; return its hash."""
    return _write(folder, dict(segments))


@lru_cache(maxsize=1)
def load(source: WorkerInput) -> LoadedInput:
    """Load what a task needs; a process that serves one run loads it once.

    Raises
    ------
    UnfitWorkerError
        If this process has another version, device or code of a plug-in, does not see the folder of
        the run, or lacks the data.
    """
    source.versions.require()
    folder = Path(source.folder)
    if not folder.is_dir():
        raise UnfitWorkerError(
            f"the worker on {worker_name()} does not see {folder}, the folder of the run: give an "
            "--out that all workers see, on a shared file system"
        )
    _use_cache(source)
    worker = _load_worker(replace(source, segments=""))
    loaded = LoadedInput(worker, _read(folder, source.segments))
    try:
        check_unedited()  # else every strategy would fail here, one after the other
    except ValueError as error:
        raise UnfitWorkerError(f"the worker on {worker_name()}: {error}") from error
    return loaded


@lru_cache(maxsize=1)
def _load_worker(source: WorkerInput) -> Worker:
    worker: Worker = _read(Path(source.folder), source.worker)
    folder = RunFolder(Path(source.folder))  # a worker has another working folder
    return replace(worker, prepared=_on_this_machine(worker.prepared, source), folder=folder)


def is_written(folder: RunFolder, sha256: str) -> bool:
    """Return whether a file of this hash is there for workers."""
    return _file(folder.path, sha256).exists()


def forget_loaded() -> None:
    """Free what `load` has kept."""
    load.cache_clear()
    _load_worker.cache_clear()
    release_memory()


def discard_inputs(folder: RunFolder) -> None:
    """Remove what was written for workers."""
    for file in (folder.path / "states").glob(f"*{SUFFIX}"):
        file.unlink(missing_ok=True)


def _use_cache(source: WorkerInput) -> None:
    """Let this process use the cache of its own machine, if told; else that of the run, if seen."""
    shared = source.cache if Path(source.cache).is_dir() else None
    if cache := source.local_cache or shared or _own_cache:
        os.environ[CACHE] = cache
    else:  # an earlier run may have set it
        os.environ.pop(CACHE, None)
    try:
        cache_dir().mkdir(parents=True, exist_ok=True)
        if source.local_cache:
            TemporaryFile(dir=cache_dir()).close()
    except OSError as error:
        option = "--local-cache" if source.local_cache else f"{CACHE} on its machine"
        raise UnfitWorkerError(
            f"the worker on {worker_name()} can't write to {cache_dir()} ({error.strerror}): "
            f"choose another {option}"
        ) from error


def _on_this_machine(prepared: PreparedExperiment, source: WorkerInput) -> PreparedExperiment:
    pixels = pixels_of_worker(prepared, source.local_cache, source.working_folder)
    features: FrozenFeatures | None = prepared.__dict__.get("frozen_features")
    prepared = replace(prepared, pixels=pixels)
    if features is not None:
        prepared.__dict__["frozen_features"] = replace(features, pixels=pixels.array)
    elif prepared.device.type == "cuda":
        prepared = replace(prepared, device=device_of_worker(prepared.device, source.jobs_per_gpu))
    return prepared


def _write(folder: RunFolder, content: Any) -> str:
    # cloudpickle's, which takes a notebook's own classes too
    pickled = pickle.dumps(wrap_non_picklable_objects(content, keep_wrapper=False))
    sha256 = hashlib.sha256(pickled).hexdigest()
    with atomic(_file(folder.path, sha256)) as temporary:
        temporary.write_bytes(pickled)
    return sha256


def _read(folder: Path, sha256: str) -> Any:
    pickled = _file(folder, sha256).read_bytes()
    if hashlib.sha256(pickled).hexdigest() != sha256:
        raise ValueError(f"{_file(folder, sha256)} is not what the run has written; run again")
    try:
        return pickle.loads(pickled)  # noqa: S301  # of a hash that the run itself has named
    except (ImportError, AttributeError, FileNotFoundError, ValueError) as error:
        raise UnfitWorkerError(
            f"the worker on {worker_name()} can't load what the run uses ({error_text(error)}): "
            "plug-ins, what they import and packages must be there too, under the same paths"
        ) from error


def _file(folder: Path, sha256: str) -> Path:
    return folder / "states" / f"{sha256[:20]}{SUFFIX}"

"""The decoded images of a run on the machine of a worker: as they are, copied, or decoded again."""

from __future__ import annotations

import os
import platform
import shutil
import uuid
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmark.data.imageset import subsample
from benchmark.data.pixels.store import Pixels, open_array, prepare_pixels
from benchmark.execution.prepare import QUICK_IMAGES, PreparedExperiment, open_images
from benchmark.storage.cache import abandoned, build_lock, cache_dir, lease
from benchmark.storage.row_file import RowFile
from benchmark.storage.sizes import format_size


class UnfitWorkerError(ValueError):
    """A worker can't train what the run has planned: another version, another device, no data."""


def worker_name() -> str:
    """Return the machine and the process, for people."""
    return f"{platform.node()} (process {os.getpid()})"


def pixels_of_worker(
    prepared: PreparedExperiment, local_cache: str | None, working_folder: str
) -> Pixels:
    """Return the pixels of a run, whose array is mapped by this process.

    With a cache of this machine's own they are copied into it, once, by the first of its workers.
    What can't be seen from here is decoded again. `working_folder` is that of the run, where the
    path of its images begins.

    Raises
    ------
    UnfitWorkerError
        If this machine has neither the pixels nor the images, or others.
    """
    pixels, size = prepared.pixels, prepared.experiment.image_size
    number = len(pixels.readable)
    if local_cache is None and _is_whole(pixels.folder):
        return replace(pixels, array=open_array(pixels.folder, number, size))
    folder = cache_dir() / "pixels" / pixels.folder.name
    kept = lease(folder, f"pixels of {prepared.images.name}, {number} images, {size} px")
    if not _is_whole(folder) and _is_whole(pixels.folder):
        try:
            _copy(pixels, folder, size)
        except OSError as error:  # of shutil a list of them
            listed = error.args[0] if isinstance(error, shutil.Error) else None
            reason = listed[0][2] if listed else error.strerror or error
            raise UnfitWorkerError(
                f"the worker on {worker_name()} can't copy the decoded images, "
                f"{format_size(number * size * size * 3)}, to {folder} ({reason}): make room "
                "there, or choose another --local-cache"
            ) from error
    if _is_whole(folder):
        return replace(pixels, array=open_array(folder, number, size), folder=folder, lease=kept)
    return _decoded(prepared, working_folder)


def _is_whole(folder: Path) -> bool:
    return (folder / "meta.json").exists()  # the folder is renamed once it is whole


def _copy(pixels: Pixels, folder: Path, size: int) -> None:
    with build_lock(folder):
        if _is_whole(folder):  # another worker of this machine was first
            return
        for rest in abandoned(folder):
            shutil.rmtree(rest, ignore_errors=True)
        unfinished = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}.tmp")
        try:
            shutil.copytree(pixels.folder, unfinished)
            rows = RowFile(unfinished / "pixels.bin", len(pixels.readable), size * size * 3)
            if not rows.intact(np.flatnonzero(pixels.readable)).all():
                raise UnfitWorkerError(
                    f"the worker on {worker_name()} could not copy the decoded images whole from "
                    f"{pixels.folder} to {folder}: look at both disks"
                )
            unfinished.rename(folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)


def _decoded(prepared: PreparedExperiment, working_folder: str) -> Pixels:
    """Decode the images on this machine, which must have the same ones."""
    experiment, planned = prepared.experiment, prepared.pixels
    path = Path(working_folder, str(experiment.data))
    if path.exists():
        experiment = replace(experiment, data=str(path))
    lacks = f"the worker on {worker_name()} does not see the decoded images {planned.folder}"
    remedy = (
        "Put the cache (IMBALANCE_BENCH_CACHE) or the images on a file system that all workers see"
    )
    try:
        images = open_images(experiment)
        if experiment.quick:
            images = subsample(images, QUICK_IMAGES)
        pixels = prepare_pixels(images, experiment.image_size, cache_limit=prepared.cache_limit)
    except (OSError, ValueError) as error:
        raise UnfitWorkerError(
            f"{lacks}, and can't decode them itself: {error}. {remedy}"
        ) from error
    if pixels.key != planned.key:
        raise UnfitWorkerError(
            f"{lacks}, and has other images under {images.spec} than those of the run. {remedy}"
        )
    return replace(planned, array=pixels.array, folder=pixels.folder, lease=pixels.lease)

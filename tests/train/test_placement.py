"""Where activations are stored: each store in the fastest placement in which it fits."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmark.storage.cache import entries
from benchmark.system.device import Device
from benchmark.train import placement as module
from benchmark.train.activation_store import DeviceActivationStore, DiskActivationStore
from benchmark.train.placement import (
    Placement,
    StoreAllocator,
    gpu_budget,
    gpu_bytes_to_spare,
)

GB = 2**30
CPU = Device("cpu", "float32")
SHAPE = (8, 4, 4)
NEEDED = 10 * 8 * 4 * 4 * 4  # bytes of 10 rows


@pytest.fixture(autouse=True)
def shared_memory(tmp_path, monkeypatch):
    """A cache and a folder in memory of this test alone."""
    monkeypatch.setenv("IMBALANCE_BENCH_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "memory"
    folder.mkdir()
    monkeypatch.setattr(module, "SHARED_MEMORY", folder)
    return folder


def allocate(cache_limit=None, budget=0):
    """Return an allocator, and the store and the placement that it chose."""
    allocator = StoreAllocator(
        "wheels, 10 images, 75 px", ["weights"], 10, CPU, budget, cache_limit
    )
    return allocator, *allocator.allocate("activations before Mixed_6c", SHAPE, "float32")


def fill(store):
    store.fill(np.arange(10), lambda indices: torch.ones(len(indices), *SHAPE))


@pytest.mark.parametrize(
    ("device", "disk", "memory", "placement"),
    [
        (NEEDED, 0, 0, Placement.DEVICE),
        (NEEDED - 1, NEEDED, NEEDED, Placement.DISK),
        (0, NEEDED - 1, NEEDED, Placement.MEMORY),
        (0, NEEDED - 1, NEEDED - 1, Placement.RECOMPUTE),
    ],
)
def test_the_fastest_placement_that_fits_is_taken(device, disk, memory, placement, monkeypatch):
    monkeypatch.setattr(module, "make_room", lambda needed, _: needed <= disk)
    monkeypatch.setattr(module, "_shared_memory_budget", lambda: memory)
    assert allocate(budget=device)[2] is placement


def test_no_room_is_made_on_disk_for_what_fits_on_the_gpu(monkeypatch):
    monkeypatch.setattr(module, "make_room", lambda *_: pytest.fail("room was made"))
    assert allocate(budget=NEEDED)[2] is Placement.DEVICE


def test_a_gpu_keeps_what_training_needs():
    full = gpu_bytes_to_spare(free=139 * GB, total=140 * GB, batch_size=64, image_size=299)
    assert full == pytest.approx((0.9 * 140 - 1 - 8) * GB)
    assert gpu_bytes_to_spare(139 * GB, 140 * GB, 64, 150) > full  # smaller images
    # another program has 100 GB
    assert gpu_bytes_to_spare(39 * GB, 140 * GB, 64, 299) == full - 100 * GB
    assert gpu_bytes_to_spare(2 * GB, 140 * GB, 64, 299) == 0


def test_processes_on_one_gpu_have_equal_shares_of_it():
    """What others have taken by then does not change a share, unless too little is left."""
    share = gpu_bytes_to_spare(139 * GB, 140 * GB, 64, 299, processes=2)
    assert share == pytest.approx((0.9 * 140 / 2 - 8) * GB)
    assert gpu_bytes_to_spare(80 * GB, 140 * GB, 64, 299, processes=2) == share
    assert gpu_bytes_to_spare(70 * GB, 140 * GB, 64, 299, 2) == pytest.approx((70 - 14 - 8) * GB)
    assert gpu_bytes_to_spare(139 * GB, 140 * GB, 64, 299, processes=16) == 0, "training needs it"


def test_the_memory_of_the_very_gpu_that_computes_is_asked_for(monkeypatch):
    queried = []

    def mem_get_info(device):
        queried.append(device)
        return 139 * GB, 140 * GB

    monkeypatch.setattr(torch.cuda, "mem_get_info", mem_get_info)
    gpu = Device("cuda:1", "bfloat16")
    assert gpu_budget(gpu, 1, 64, 299) == gpu_bytes_to_spare(139 * GB, 140 * GB, 64, 299)
    assert queried == [torch.device("cuda", 1)]
    assert gpu_budget(gpu, 2, 64, 299) == gpu_bytes_to_spare(139 * GB, 140 * GB, 64, 299, 2)
    assert gpu_budget(CPU, 1, 64, 299) == 0
    assert len(queried) == 2


def test_a_file_in_the_cache_is_the_rule():
    _, store, placement = allocate()
    assert placement is Placement.DISK
    assert isinstance(store, DiskActivationStore)
    fill(store)
    (entry,) = entries()
    assert entry.in_use
    assert entry.description == "activations before Mixed_6c of wheels, 10 images, 75 px"
    del store
    assert not entries()[0].in_use


def test_what_is_on_the_disk_already_needs_no_room():
    _, store, _ = allocate()
    fill(store)
    os.sync()
    assert allocate(cache_limit=1)[2] is Placement.DISK


def test_without_room_on_disk_rows_lie_in_memory_as_long_as_the_store_does(shared_memory):
    _, store, placement = allocate(cache_limit=1)
    assert placement is Placement.MEMORY
    fill(store)
    (folder,) = shared_memory.iterdir()
    assert (folder / "rows.bin").exists()
    assert allocate(cache_limit=1)[1].folder != folder, "in use"
    assert folder.exists()
    del store
    assert not folder.exists()


def test_what_a_killed_process_left_in_memory_is_removed_before_room_is_measured(
    shared_memory, monkeypatch
):
    left = shared_memory / "imbalance-bench-x"
    left.mkdir()
    (left / "lock").touch()
    (left / "rows.bin").touch()
    exists = []
    monkeypatch.setattr(module, "host_memory", lambda: exists.append(left.exists()) or GB)
    assert allocate(cache_limit=1)[2] is Placement.MEMORY
    assert exists == [False]


def test_without_room_anywhere_nothing_is_stored(monkeypatch):
    monkeypatch.setattr(module, "SHARED_MEMORY", Path("/nowhere"))
    _, store, placement = allocate(cache_limit=1)
    assert placement is Placement.RECOMPUTE
    assert store is None


def test_a_gpu_has_rows_first_and_pixels_if_there_is_room_left():
    pixels = np.zeros((10, 5, 5, 3), np.uint8)
    allocator, store, placement = allocate(budget=NEEDED + pixels.nbytes)
    assert placement is Placement.DEVICE
    assert isinstance(store, DeviceActivationStore)
    assert not entries(), "nothing on disk"
    assert torch.equal(allocator.pixels(pixels), torch.from_numpy(pixels))
    assert allocator.pixels(pixels) is pixels, "there is no room left"
    assert allocate(budget=NEEDED - 1)[2] is Placement.DISK


def test_a_gpu_whose_memory_another_program_took_meanwhile(monkeypatch):
    def taken(*_, **__):
        raise torch.OutOfMemoryError("out of memory")

    monkeypatch.setattr(module, "DeviceActivationStore", taken)
    allocator, _, placement = allocate(budget=10 * NEEDED)
    assert placement is Placement.DISK
    assert allocator.gpu_budget == 0
    allocator.gpu_budget = 10 * NEEDED
    monkeypatch.setattr(torch, "empty", taken)
    pixels = np.zeros((10, 5, 5, 3), np.uint8)
    assert allocator.pixels(pixels) is pixels


def test_other_errors_of_a_gpu_are_raised(monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("an illegal memory access was encountered")

    monkeypatch.setattr(module, "DeviceActivationStore", broken)
    with pytest.raises(RuntimeError, match="illegal"):
        allocate(budget=10 * NEEDED)

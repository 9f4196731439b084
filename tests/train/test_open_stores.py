"""Stores of activations: each in the fastest place where it fits."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmark.storage.cache import entries
from benchmark.system.device import Device
from benchmark.train import open_stores
from benchmark.train.activation_store import DeviceActivationStore, DiskActivationStore
from benchmark.train.open_stores import Stores
from benchmark.train.placement import Placement

CPU = Device("cpu", "float32")
SHAPE = (8, 4, 4)
NEEDED = 10 * 8 * 4 * 4 * 4  # bytes of 10 rows


@pytest.fixture(autouse=True)
def own_places(tmp_path, monkeypatch):
    monkeypatch.setenv("IMBALANCE_BENCH_CACHE", str(tmp_path / "cache"))
    memory = tmp_path / "memory"
    memory.mkdir()
    monkeypatch.setattr(open_stores, "IN_MEMORY", memory)
    return memory


def opened(cache_limit=None, gpu_budget=0):
    chosen = Stores("wheels, 10 images, 75 px", ["weights"], 10, CPU, gpu_budget, cache_limit)
    return chosen, *chosen.open("Mixed_6c", SHAPE, "float32")


def fill(store):
    store.fill(np.arange(10), lambda i: torch.ones(len(i), *SHAPE))


def test_a_file_in_the_cache_is_the_rule():
    _, store, home = opened()
    assert home is Placement.DISK
    assert isinstance(store, DiskActivationStore)
    fill(store)
    (entry,) = entries()
    assert entry.in_use
    assert entry.about == "activations before Mixed_6c of wheels, 10 images, 75 px"
    del store
    assert not entries()[0].in_use


def test_what_is_on_the_disk_already_needs_no_room():
    _, store, _ = opened()
    fill(store)
    os.sync()
    assert opened(cache_limit=1)[2] is Placement.DISK


def test_without_room_on_disk_rows_lie_in_memory_as_long_as_the_store_does(own_places):
    _, store, home = opened(cache_limit=1)
    assert home is Placement.MEMORY
    fill(store)
    (folder,) = own_places.iterdir()
    assert (folder / "rows.bin").exists()
    assert opened(cache_limit=1)[1].folder != folder, "in use"
    assert folder.exists()
    del store
    assert not folder.exists()


def test_what_a_killed_process_left_in_memory_is_removed_before_room_is_measured(
    own_places, monkeypatch
):
    left = own_places / "imbalance-bench-x"
    left.mkdir()
    (left / "lock").touch()
    (left / "rows.bin").touch()
    seen = []
    monkeypatch.setattr(open_stores, "host_memory", lambda: seen.append(left.exists()) or 2**30)
    assert opened(cache_limit=1)[2] is Placement.MEMORY
    assert seen == [False]


def test_without_room_anywhere_nothing_is_stored(monkeypatch):
    monkeypatch.setattr(open_stores, "IN_MEMORY", Path("/nowhere"))
    _, store, home = opened(cache_limit=1)
    assert home is Placement.RECOMPUTE
    assert store is None


def test_a_gpu_has_rows_first_and_pixels_if_there_is_room_left(tmp_path):
    pixels = np.zeros((10, 5, 5, 3), np.uint8)
    chosen, store, home = opened(gpu_budget=NEEDED + pixels.nbytes)
    assert home is Placement.DEVICE
    assert isinstance(store, DeviceActivationStore)
    assert not entries(), "nothing on disk"
    assert torch.equal(chosen.pixels(pixels), torch.from_numpy(pixels))
    assert chosen.pixels(pixels) is pixels, "there is no room left"
    assert opened(gpu_budget=NEEDED - 1)[2] is Placement.DISK


def test_a_gpu_whose_memory_somebody_else_took_meanwhile(monkeypatch):
    def taken(*_):
        raise torch.OutOfMemoryError("out of memory")

    monkeypatch.setattr(open_stores, "ResidentRows", taken)
    chosen, _, home = opened(gpu_budget=10 * NEEDED)
    assert home is Placement.DISK
    assert chosen.gpu_budget == 0

"""Where activations live."""

import pytest

from benchmark.train.placement import MemoryBudget, Placement, gpu_budget_for

GB = 2**30


@pytest.mark.parametrize(
    ("device", "disk", "memory", "home"),
    [
        (20, 0, 0, Placement.DEVICE),
        (9, 20, 20, Placement.DISK),
        (0, 9, 20, Placement.MEMORY),
        (0, 9, 9, Placement.RECOMPUTE),
    ],
)
def test_the_fastest_place_that_fits_is_taken(device, disk, memory, home):
    assert MemoryBudget(device, lambda needed: needed <= disk, memory).placement_for(10) is home


def test_no_room_is_made_on_disk_for_what_fits_on_the_gpu():
    def disk(needed):
        raise AssertionError("asked")

    assert MemoryBudget(20, disk, 0).placement_for(10) is Placement.DEVICE


def test_a_gpu_keeps_what_training_needs():
    full = gpu_budget_for(free=139 * GB, total=140 * GB, batch_size=64, image_size=299)
    assert full == pytest.approx((0.9 * 140 - 1 - 8) * GB)
    assert gpu_budget_for(139 * GB, 140 * GB, 64, 150) > full  # smaller images
    assert gpu_budget_for(39 * GB, 140 * GB, 64, 299) == full - 100 * GB  # somebody else is there
    assert gpu_budget_for(2 * GB, 140 * GB, 64, 299) == 0

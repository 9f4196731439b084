"""Where activations live."""

import pytest

from benchmark.train.placement import Home, Room, room_on_gpu

GB = 2**30


@pytest.mark.parametrize(
    ("device", "disk", "memory", "home"),
    [
        (20, 0, 0, Home.DEVICE),
        (9, 20, 20, Home.DISK),
        (0, 9, 20, Home.MEMORY),
        (0, 9, 9, Home.NOWHERE),
    ],
)
def test_the_fastest_place_that_fits_is_taken(device, disk, memory, home):
    assert Room(device, lambda needed: needed <= disk, memory).home_of(10) is home


def test_no_room_is_made_on_disk_for_what_fits_on_the_gpu():
    def disk(needed):
        raise AssertionError("asked")

    assert Room(20, disk, 0).home_of(10) is Home.DEVICE


def test_a_gpu_keeps_what_training_needs():
    full = room_on_gpu(free=139 * GB, total=140 * GB, batch_size=64, image_size=299)
    assert full == pytest.approx((0.9 * 140 - 1 - 8) * GB)
    assert room_on_gpu(139 * GB, 140 * GB, 64, 150) > full  # smaller images
    assert room_on_gpu(39 * GB, 140 * GB, 64, 299) == full - 100 * GB  # somebody else is there
    assert room_on_gpu(2 * GB, 140 * GB, 64, 299) == 0

"""When a state is saved, told by a clock that the test sets."""

import pytest
import torch

from benchmark.execution import timed_saves
from benchmark.execution.timed_saves import SECONDS_BETWEEN_SAVES, SHARE_OF_TIME, TimedSaves
from benchmark.system import stopping
from benchmark.system.stopping import Stopped


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def saves_every_second(cost, seconds, save=lambda: None):
    """Return when a training with one step a second was saved."""
    clock, times = Clock(), []

    def timed():
        times.append(clock.now)
        clock.now += cost
        save()

    saves = TimedSaves(timed, clock)
    while clock.now < seconds:
        clock.now += 1
        saves()
    return times, saves


def test_a_cheap_state_is_saved_twice_a_minute():
    times, saves = saves_every_second(0, 100)
    assert times == [SECONDS_BETWEEN_SAVES * n for n in (1, 2, 3)]
    assert saves.note == ""


@pytest.mark.parametrize("cost", [1, 4, 20])
def test_saving_takes_a_small_part_of_the_time_however_long_it_takes(cost):
    times, _ = saves_every_second(cost, 20_000)
    assert len(times) > 5
    assert len(times) * cost <= 1.1 * SHARE_OF_TIME * 20_000 + cost


def test_a_save_that_finds_no_room_costs_that_save_and_is_told():
    def full():
        raise OSError(28, "No space left on device", "/full/state")

    times, saves = saves_every_second(0, 100, full)
    assert len(times) == 3
    assert "No space left on device" in saves.note


def test_another_error_of_a_save_is_not_hidden():
    def broken():
        raise RuntimeError("a tensor of another shape")

    with pytest.raises(RuntimeError):
        saves_every_second(0, 100, broken)


@pytest.mark.parametrize("full", [False, True])
def test_when_the_process_is_to_end_it_saves_at_once_and_stops(monkeypatch, full):
    saved = []

    def save():
        saved.append(1)
        if full:
            raise OSError(28, "no room")

    monkeypatch.setattr(stopping, "_wish", stopping._Wish())
    saves = TimedSaves(save)
    saves()
    assert not saved
    timed_saves.stopping.request()
    with pytest.raises(Stopped) as raised:
        saves()
    assert saved == [1]
    expected = "the last steps of a training could not be saved: no room" if full else ""
    assert raised.value.unsaved == expected


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_a_save_without_memory_costs_that_save_and_is_told(error):
    def short():
        raise error

    times, saves = saves_every_second(0, 100, short)
    assert len(times) == 3
    assert "emory" in saves.note

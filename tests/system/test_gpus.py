"""What a process must find in its environment to see one GPU."""

import pytest

from benchmark.system.gpus import VISIBLE, visible_devices, worker_environments


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (None, ["0", "2"]),
        ("4,5,7", ["4", "7"]),
        ("3, 1 ,0", ["3", "0"]),
        ("GPU-8932f937,GPU-1,GPU-aa", ["GPU-8932f937", "GPU-aa"]),
        ("MIG-1,MIG-2,MIG-3", ["MIG-1", "MIG-3"]),
        ("0,1,2,-1,3", ["0", "2"]),
    ],
)
def test_gpus_are_counted_among_those_that_are_visible(monkeypatch, entries, expected):
    monkeypatch.delenv(VISIBLE, raising=False)
    if entries is not None:
        monkeypatch.setenv(VISIBLE, entries)
    assert visible_devices((0, 2)) == expected


def test_processes_take_the_gpus_in_turn(monkeypatch):
    monkeypatch.setenv(VISIBLE, "5,6")
    environments = worker_environments((1, 0), 3)
    assert environments == [{VISIBLE: "6"}, {VISIBLE: "5"}, {VISIBLE: "6"}]
    assert worker_environments((), 2) == [{}, {}]

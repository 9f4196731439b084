"""The first use of a GPU, and of the report's libraries, while images are decoded."""

import sys
import threading
from dataclasses import replace

import pytest
import torch

import benchmark.result
from benchmark.system import first_use
from benchmark.system.device import Device
from benchmark.system.first_use import OF_THE_REPORT, begun_meanwhile, use
from tests.system.gpus import NEW, pretend_gpus
from tests.train.small_training import DEVICES

GPU, CPU = Device("cuda", "bfloat16", NEW), Device("cpu", "float32")


@pytest.fixture
def used(monkeypatch):
    """Note what is used, and imported, by which thread."""
    pretend_gpus(monkeypatch, NEW)
    begun = []

    def note(what):
        begun.append((what, threading.current_thread().name))

    monkeypatch.setattr(first_use, "use", note)
    monkeypatch.setattr(first_use, "import_module", note)
    return begun


def decode(device, *numbers):
    """Decode so many images, part by part; return what was reported."""
    reported = []
    with begun_meanwhile(device, reported.append) as advance:
        for number in numbers:
            advance(number)
    return reported


def test_a_gpu_and_libraries_are_used_once_in_a_thread_as_soon_as_images_are_decoded(used):
    assert decode(GPU, 3, 4) == [3, 4]
    assert used == [(what, "first use") for what in (GPU, *OF_THE_REPORT)]


def test_where_other_processes_train_on_several_gpus_this_one_takes_no_memory_of_theirs(used):
    decode(replace(GPU, gpus=(0, 1)), 3)
    assert [what for what, _ in used] == list(OF_THE_REPORT)


def test_nothing_is_begun_without_images_to_decode_nor_on_a_cpu_or_elsewhere(used, monkeypatch):
    assert decode(GPU) == []
    assert decode(CPU, 3) == [3]
    pretend_gpus(monkeypatch)
    assert decode(GPU, 3) == [3]
    assert used == []


def test_errors_are_left_to_who_uses_it_next(used, monkeypatch):
    def broken(what):
        raise RuntimeError("CUDA error: out of memory")

    def refuse(number):
        raise ValueError("no image can be read")

    monkeypatch.setattr(first_use, "use", broken)
    assert decode(GPU, 3) == [3]
    assert [what for what, _ in used] == list(OF_THE_REPORT)
    with pytest.raises(ValueError, match="no image"), begun_meanwhile(GPU, refuse) as advance:
        advance(1)
    assert "first use" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_device_computes_and_no_random_number_is_drawn(device, precision):
    torch.manual_seed(7)
    before = torch.get_rng_state()
    use(Device(device, precision))
    assert torch.equal(torch.get_rng_state(), before)


def test_the_libraries_are_those_of_the_report():
    assert benchmark.result
    assert set(OF_THE_REPORT) <= sys.modules.keys()

"""The device that computes, and its precision."""

import joblib
import pytest
import torch

from benchmark.system import device
from benchmark.system.device import Device, choose_device, cores, seed_torch


@pytest.fixture
def two_gpus(monkeypatch):
    """Torch reports two GPUs; the second one computes in bfloat16."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"GPU {device.index or 0}")
    monkeypatch.setattr(
        torch.cuda, "get_device_capability", lambda device: (9, 0) if device.index else (7, 5)
    )


@pytest.mark.parametrize(
    ("precision", "dtype"), [("bf16", torch.bfloat16), ("fp32", torch.float32)]
)
def test_the_precision_that_the_user_chose(precision, dtype):
    chosen = choose_device("cpu", precision)
    assert (chosen.name, chosen.type) == ("cpu", "cpu")
    assert chosen.torch_device == torch.device("cpu")
    assert chosen.dtype == dtype
    assert chosen.torch_version == torch.__version__
    assert type(chosen.torch_version) is str, "torch's own type can't be read without torch"


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        ({"avx512_bf16": True}, "bfloat16"),
        ({"amx_bf16": True}, "bfloat16"),
        ({"avx512_bf16": False}, "float32"),
        ({}, "float32"),
    ],
)
def test_auto_is_bfloat16_where_the_cpu_computes_in_it(monkeypatch, capabilities, expected):
    monkeypatch.setattr(device, "_cpu_capabilities", lambda: capabilities)
    assert choose_device("cpu", "auto").precision == expected


def test_auto_is_the_first_gpu_and_the_precision_that_it_computes_in(two_gpus):
    chosen = choose_device("auto", "auto")
    assert (chosen.name, chosen.type, chosen.hardware) == ("cuda", "cuda", "GPU 0")
    assert chosen.precision == "float32"
    second = choose_device("cuda:1", "auto")
    assert (second.precision, second.hardware) == ("bfloat16", "GPU 1")
    assert choose_device("cuda:1", "fp32").precision == "float32"
    with pytest.raises(ValueError, match=r"'cuda:2' is not there: torch .* sees 2 GPUs; use"):
        choose_device("cuda:2", "auto")


def test_a_gpu_that_is_not_there_is_an_error():
    with pytest.raises(ValueError, match=r"'cuda:99' is not there: torch .* sees \d+ GPUs; use"):
        choose_device("cuda:99", "auto")


def test_a_gpu_has_a_number():
    assert Device("cuda:1", "float32").type == "cuda"
    assert Device("cuda:1", "float32").torch_device == torch.device("cuda", 1)


@pytest.mark.parametrize(
    ("bound", "expected"), [("", 8), ("3", 3), ("2,4", 2), ("64", 8), ("0", 8), ("many", 8)]
)
def test_cores_are_at_most_those_that_openmp_may_use(monkeypatch, bound, expected):
    monkeypatch.setattr(joblib, "cpu_count", lambda **_: 8)
    monkeypatch.setenv("OMP_NUM_THREADS", bound)
    assert cores() == expected


def test_a_seed_of_torch_is_that_of_its_own_function():
    torch.manual_seed(7)
    expected = torch.rand(3)
    seed_torch(torch.device("cpu"), 7)
    assert torch.equal(torch.rand(3), expected)


def test_on_a_gpu_its_generators_are_seeded_too(monkeypatch):
    seeds = []
    monkeypatch.setattr(torch, "manual_seed", seeds.append)
    seed_torch(torch.device("cuda"), 7)
    assert seeds == [7]

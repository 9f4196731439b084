"""Where the numbers are computed, and how precisely."""

import joblib
import pytest
import torch

from benchmark.system import device
from benchmark.system.device import Device, choose_device, cores


@pytest.mark.parametrize(("asked", "dtype"), [("bf16", torch.bfloat16), ("fp32", torch.float32)])
def test_what_was_asked_for_is_chosen(asked, dtype):
    chosen = choose_device("cpu", asked)
    assert (chosen.name, chosen.type, chosen.place) == ("cpu", "cpu", torch.device("cpu"))
    assert chosen.dtype == dtype
    assert chosen.torch_version == torch.__version__
    assert type(chosen.torch_version) is str, "or it could not be read where there is no torch"


@pytest.mark.parametrize(
    ("able", "expected"),
    [
        ({"avx512_bf16": True}, "bfloat16"),
        ({"amx_bf16": True}, "bfloat16"),
        ({"avx512_bf16": False}, "float32"),
        ({}, "float32"),
    ],
)
def test_auto_is_bfloat16_where_the_cpu_computes_in_it(monkeypatch, able, expected):
    monkeypatch.setattr(device, "_cpu_abilities", lambda: able)
    assert choose_device("cpu", "auto").precision == expected


def test_a_gpu_that_is_not_there_is_an_error():
    with pytest.raises(ValueError, match=r"'cuda:99' is not there: torch .* sees \d+ GPUs; use"):
        choose_device("cuda:99", "auto")


def test_a_gpu_has_a_number():
    assert Device("cuda:1", "float32").type == "cuda"
    assert Device("cuda:1", "float32").place == torch.device("cuda", 1)


@pytest.mark.parametrize(
    ("bound", "expected"), [("", 8), ("3", 3), ("2,4", 2), ("64", 8), ("0", 8), ("many", 8)]
)
def test_cores_are_at_most_those_that_openmp_may_use(monkeypatch, bound, expected):
    monkeypatch.setattr(joblib, "cpu_count", lambda **_: 8)
    monkeypatch.setenv("OMP_NUM_THREADS", bound)
    assert cores() == expected

"""The device that computes, and its precision."""

import pickle
from dataclasses import replace

import joblib
import pytest
import torch

from benchmark.system import device
from benchmark.system.device import (
    Device,
    choose_device,
    cores,
    describe_device,
    device_here,
    require_equal_device,
    seed_torch,
    set_precision,
)
from tests.system.gpus import NEW, OLD, pretend_gpus


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


@pytest.mark.parametrize(
    ("name", "own", "gpus", "label"),
    [
        ("auto", "cuda", (0, 1, 2), "cuda:0,1,2"),
        ("cuda", "cuda", (0, 1, 2), "cuda:0,1,2"),
        ("cuda:1", "cuda:1", (1,), "cuda:1"),
        ("cuda:2,0", "cuda:2", (2, 0), "cuda:2,0"),
        ("cpu", "cpu", (), "cpu"),
    ],
)
def test_a_device_is_all_gpus_or_those_that_are_named(monkeypatch, name, own, gpus, label):
    pretend_gpus(monkeypatch, NEW, NEW, NEW)
    chosen = choose_device(name, "fp32")
    assert (chosen.name, chosen.gpus, chosen.label, chosen.message) == (own, gpus, label, "")
    assert chosen.type == own.partition(":")[0]
    assert chosen.torch_device == torch.device(own)
    assert chosen.is_here


def test_auto_is_the_precision_that_a_gpu_computes_in(monkeypatch):
    pretend_gpus(monkeypatch, OLD, NEW)
    assert choose_device("cuda:0", "auto").precision == "float32"
    second = choose_device("cuda:1", "auto")
    assert (second.precision, second.hardware) == ("bfloat16", NEW)
    assert choose_device("cuda:1", "fp32").precision == "float32"


def test_one_gpu_is_called_as_it_was_given(monkeypatch):
    pretend_gpus(monkeypatch, NEW)
    assert [choose_device(name, "auto").label for name in ("auto", "cuda", "cuda:0")] == [
        *("cuda", "cuda", "cuda:0")
    ]


def test_of_a_mixed_machine_those_of_the_first_kind_are_taken_and_the_others_named(monkeypatch):
    pretend_gpus(monkeypatch, NEW, OLD, NEW)
    for name in ("cuda", "auto"):
        chosen = choose_device(name, "auto")
        assert (chosen.name, chosen.gpus, chosen.hardware) == ("cuda", (0, 2), NEW)
        assert "it has cuda:0,2. Left out: cuda:1 " in chosen.message


@pytest.mark.parametrize(
    ("name", "error"),
    [
        (
            "cuda:3",
            r"'cuda:3' is not there: torch .* sees 3 GPUs, numbered from 0; use --device cpu",
        ),
        ("cuda:0,3", r"'cuda:0,3' is not there: torch .* sees 3 GPUs"),
        ("cuda:0,1", f"'cuda:0,1' has GPUs of several kinds .0 is {NEW}, 1 is {OLD}., .* cuda:0$"),
        ("cuda:1,0,2", "several kinds"),
        ("cuda:2,0,2", "'cuda:2,0,2' names a GPU twice"),
    ],
)
def test_gpus_that_are_named_must_be_there_once_and_of_one_kind(monkeypatch, name, error):
    pretend_gpus(monkeypatch, NEW, OLD, NEW)
    with pytest.raises(ValueError, match=error):
        choose_device(name, "auto")


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:99"])
def test_a_gpu_that_is_not_there_is_an_error(monkeypatch, name):
    pretend_gpus(monkeypatch)
    with pytest.raises(ValueError, match=rf"'{name}' is not there: torch .* sees 0 GPUs; use"):
        choose_device(name, "auto")
    assert choose_device("auto", "auto").name == "cpu"


def test_in_a_worker_a_device_is_the_one_gpu_that_is_seen_there(monkeypatch):
    pretend_gpus(monkeypatch, NEW, NEW, NEW)
    assert choose_device("cuda:1,2", "auto").in_worker().name == "cuda"
    assert choose_device("cpu", "auto").in_worker().name == "cpu"
    described = describe_device("cuda", "auto")
    assert (described.name, described.gpus, described.hardware) == ("cuda", (0,), NEW)
    assert pickle.loads(pickle.dumps(describe_device)) is describe_device
    with pytest.raises(ValueError, match=r"'cuda:1' is not allowed on a cluster.*--device cuda$"):
        describe_device("cuda:1", "auto")


def test_a_worker_of_another_kind_says_so(monkeypatch):
    pretend_gpus(monkeypatch, NEW)
    expected = describe_device("cuda", "auto")
    require_equal_device(expected)
    pretend_gpus(monkeypatch, OLD)
    with pytest.raises(ValueError, match=f"has hardware {OLD}, the run began with {NEW}: one run"):
        require_equal_device(expected)
    require_equal_device(choose_device("cpu", "fp32"))
    with pytest.raises(ValueError, match=r"has torch version .*, the run began with 1\.0:"):
        require_equal_device(replace(choose_device("cpu", "fp32"), torch_version="1.0"))


def test_a_device_of_another_machine_is_not_here(monkeypatch):
    pretend_gpus(monkeypatch, NEW)
    assert Device("cuda", "float32", NEW).is_here
    assert Device("cpu", "float32", "another processor").is_here
    assert not Device("cuda", "float32", OLD).is_here, "its kind is another"
    assert not Device("cuda:1", "float32", NEW).is_here
    assert device_here("cuda", "fp32").name == "cuda"
    pretend_gpus(monkeypatch)
    assert not Device("cuda", "float32", NEW).is_here
    assert [device_here(name, "fp32").name for name in ("cuda", "auto", "cpu")] == ["cpu"] * 3


def test_a_gpu_with_a_number_becomes_the_current_one(monkeypatch):
    """Or pinned memory, and the streams of captures, would be those of the first."""
    current = []
    monkeypatch.setattr(torch.cuda, "set_device", current.append)
    for name in ("cpu", "cuda", "cuda:1"):
        set_precision(Device(name, "bfloat16"))
    assert current == [torch.device("cuda", 1)]


@pytest.mark.parametrize(
    ("gpus", "processes", "expected"),
    [((), 3, 3), ((0,), 3, 3), ((0, 1), 2, 1), ((0, 1), 3, 2), ((0, 1), 1, 1)],
)
def test_processes_are_spread_evenly_over_gpus(gpus, processes, expected):
    assert Device("cuda", "float32", gpus=gpus).most_on_one(processes) == expected


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

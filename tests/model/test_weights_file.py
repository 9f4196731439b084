"""Files of weights are read without running code, whatever lies beside the tensors."""

from __future__ import annotations

import argparse
import datetime
import enum
import pathlib
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from benchmark.model.state_dict import select_tensors
from benchmark.model.weights_file import read_content

WEIGHT = torch.arange(6.0).view(2, 3)
LAYOUT = {"weight": (2, 3)}


class Config(dict):
    """A dict of somebody's own, with attributes."""


class Steps(list):
    """A list of somebody's own."""


class Mode(enum.Enum):
    TRAIN = "train"


class Trainer:
    """An object of somebody's own that holds the network."""

    def __init__(self) -> None:
        self.model, self.epoch = Head(), 3


class Head(nn.Linear):
    """A module of somebody's own."""

    def __init__(self) -> None:
        super().__init__(3, 2, bias=False)
        self.weight.data.copy_(WEIGHT)


class Trap:
    """Calls a function when it is unpickled."""

    calls = 0

    def __reduce__(self) -> tuple:
        return spring, ()


def spring() -> None:
    Trap.calls += 1


def config() -> Config:
    made = Config(lr=0.1, model={"depth": 3})
    made.frozen = True
    return made


BESIDE = {
    "nothing": {},
    "numpy number": {"best": np.float64(0.91)},
    "numpy array": {"scores": np.arange(3)},
    "numpy strings": {"classes": np.array(["a", None], dtype=object)},
    "Namespace": {"args": argparse.Namespace(lr=0.1, out=pathlib.Path("out"))},
    "path": {"path": pathlib.Path("out")},
    "date": {"date": datetime.datetime(2026, 1, 2)},
    "enum": {"mode": Mode.TRAIN},
    "class": {"callbacks": {Mode: 3}},
    "function": {"collate": spring},
    "dict of another class": {"config": config(), "classes": defaultdict(list, a=[1])},
    "list of another class": {"steps": Steps([1, 2]), "last": deque([3], maxlen=5)},
    "range": {"classes": range(7), "part": slice(3), "names": frozenset(["a"])},
    "optimizer": {"optimizer": torch.optim.Adam([nn.Parameter(torch.ones(3))])},
    "code": {"trap": Trap()},
}


@pytest.mark.parametrize("name", BESIDE)
def test_what_lies_beside_the_tensors_is_no_obstacle(tmp_path: Path, name: str) -> None:
    torch.save({"state_dict": {"weight": WEIGHT}, **BESIDE[name]}, tmp_path / "x.ckpt")
    tensors, note = select_tensors(read_content(tmp_path / "x.ckpt"), LAYOUT, "a layer")
    assert torch.equal(tensors["weight"], WEIGHT)
    assert note == ""
    assert Trap.calls == 0


@pytest.mark.parametrize(
    "content",
    [
        Head(),
        nn.DataParallel(Head()),
        nn.Sequential(OrderedDict(backbone=Head())),
        {"model": Head(), "epoch": 3},
        Trainer(),
        Config(model=Head()),
    ],
    ids=["module", "parallel", "nested", "in a dict", "trainer", "in a dict of another class"],
)
def test_whole_modules_are_read_without_their_code(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "x.pth")
    tensors, _ = select_tensors(read_content(tmp_path / "x.pth"), LAYOUT, "a layer")
    assert torch.equal(tensors["weight"], WEIGHT)


def test_arrays_are_no_tensors(tmp_path: Path) -> None:
    torch.save({"weight": WEIGHT.numpy()}, tmp_path / "x.pth")
    with pytest.raises(ValueError, match=r"weight is an array of NumPy; it must be a floating"):
        select_tensors(read_content(tmp_path / "x.pth"), LAYOUT, "a layer")


def test_a_file_from_before_torch_1_6_is_read(tmp_path: Path) -> None:
    torch.save({"weight": WEIGHT}, tmp_path / "x.t7", _use_new_zipfile_serialization=False)
    assert torch.equal(read_content(tmp_path / "x.t7")["weight"], WEIGHT)


@pytest.mark.parametrize("suffix", [".pth", ".ckpt", ".pth.tar", ".bin", ".model", ".weights", ""])
@pytest.mark.parametrize("write", [torch.save, save_file])
def test_any_suffix_will_do(tmp_path: Path, suffix: str, write: Callable[..., None]) -> None:
    write({"weight": WEIGHT}, tmp_path / f"x{suffix}")
    assert torch.equal(read_content(tmp_path / f"x{suffix}")["weight"], WEIGHT)


def test_an_old_file_with_a_foreign_class_names_it_and_the_way_out(tmp_path: Path) -> None:
    content = {"weight": WEIGHT, "args": argparse.Namespace()}
    torch.save(content, tmp_path / "x.pth", _use_new_zipfile_serialization=False)
    message = r"without running code \(it names argparse\.Namespace\); save .*model\.state_dict"
    with pytest.raises(ValueError, match=message) as error:
        read_content(tmp_path / "x.pth")
    assert str(error.value).isprintable()


class Shell:
    """What a file that does harm would hold."""

    def __reduce__(self) -> tuple:
        return pathlib.os.system, ("exit 1",)


def test_a_file_that_would_start_a_program_is_refused(tmp_path: Path) -> None:
    torch.save({"weight": WEIGHT, "x": Shell()}, tmp_path / "x.pth")
    with pytest.raises(ValueError, match=r"without running code \(it names (posix|nt)\.system\)"):
        read_content(tmp_path / "x.pth")


def test_another_pickle_protocol_is_refused_in_a_line(tmp_path: Path) -> None:
    torch.save({"weight": WEIGHT, "x": Mode.TRAIN}, tmp_path / "x.pth", pickle_protocol=4)
    with pytest.raises(ValueError, match="without running code") as error:
        read_content(tmp_path / "x.pth")
    assert str(error.value).isprintable()


@pytest.mark.parametrize("position", range(0, 1000, 37))
def test_damaged_files_are_refused_in_a_line_or_read(tmp_path: Path, position: int) -> None:
    for name, write in (("x.pth", torch.save), ("x.safetensors", save_file)):
        write({"weight": WEIGHT}, tmp_path / name)
        damaged = bytearray((tmp_path / name).read_bytes())
        if position < len(damaged):
            damaged[position] ^= 0xFF
        (tmp_path / name).write_bytes(damaged)
        try:
            assert isinstance(read_content(tmp_path / name), dict)
        except ValueError as error:
            message = str(error)
        else:
            message = ""
        assert message.isprintable()


def test_safetensors_cut_short_say_so(tmp_path: Path) -> None:
    save_file({"weight": torch.ones(1000)}, tmp_path / "x.safetensors")
    content = (tmp_path / "x.safetensors").read_bytes()
    (tmp_path / "x.safetensors").write_bytes(content[:2000])
    with pytest.raises(ValueError, match=r"damaged .*: download or copy it again"):
        read_content(tmp_path / "x.safetensors")

"""Two components have the same fingerprint if their type, fields and code are the same."""

import importlib
import linecache
import os
import subprocess
import sys
import types
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import benchmark
from benchmark.strategy import CrossEntropy, RandomAugmentation
from benchmark.strategy.fingerprint import fingerprint, normalised_hash


@dataclass(frozen=True)
class Holds:
    value: object


def test_fields_matter():
    assert fingerprint(RandomAugmentation(5.0)) == fingerprint(RandomAugmentation(5.0))
    assert fingerprint(RandomAugmentation(5.0)) != fingerprint(RandomAugmentation(6.0))
    assert fingerprint(Holds(CrossEntropy())) == fingerprint(Holds(CrossEntropy()))


def test_the_content_of_arrays_matters():
    values, others = np.arange(3.0), np.arange(3.0)
    assert fingerprint(Holds(values)) == fingerprint(Holds(others))
    others[0] = 9
    assert fingerprint(Holds(values)) != fingerprint(Holds(others))
    assert fingerprint(Holds(values)) != fingerprint(Holds(values.astype(np.float32)))


def test_the_type_and_shape_of_arrays_of_the_same_bytes_matter():
    values = np.zeros((2, 3))
    assert fingerprint(Holds(values)) != fingerprint(Holds(values.view(np.int64)))
    assert fingerprint(Holds(values)) != fingerprint(Holds(values.reshape(3, 2)))


def test_code_matters_and_comments_and_layout_do_not():
    plain = "def f(x):\n    return x + 1\n"
    commented = '"""Module."""\n\n# why\ndef f(x):\n    """Add."""\n    return (x  +  1)\n'
    assert normalised_hash(plain) == normalised_hash(commented)
    assert normalised_hash(plain) != normalised_hash(plain.replace("+", "-"))


def test_values_without_readable_content_are_refused():
    with pytest.raises(ValueError, match="frozen dataclass or a plain function"):
        fingerprint(Holds(object()))
    captured = 3
    with pytest.raises(ValueError, match="Put the values that it needs into fields"):
        fingerprint(lambda x: x + captured)


def doubled(x, factor=2):
    return x * factor


def test_the_defaults_of_a_function_matter():
    before = fingerprint(doubled)
    doubled.__defaults__ = (3,)
    try:
        assert fingerprint(doubled) != before
    finally:
        doubled.__defaults__ = (2,)
    with pytest.raises(ValueError, match="plain function"):
        fingerprint(lambda x: x)


def test_attributes_beside_the_fields_are_refused():
    class Hides(CrossEntropy):
        def __init__(self, factor):
            object.__setattr__(self, "factor", factor)

    with pytest.raises(ValueError, match=r"holds \['factor'\] beside its dataclass fields"):
        fingerprint(Hides(2))


def test_the_code_of_base_classes_matters(tmp_path, monkeypatch):
    (tmp_path / "a_base.py").write_text("class Base:\n    factor = 1\n")
    (tmp_path / "a_child.py").write_text(
        "from dataclasses import dataclass\nfrom a_base import Base\n\n"
        "@dataclass(frozen=True)\nclass Child(Base):\n    pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import a_base
    import a_child

    before = fingerprint(a_child.Child())
    (tmp_path / "a_base.py").write_text("class Base:\n    factor = 2.5\n")
    os.utime(tmp_path / "a_base.py", ns=(1, 1))
    assert fingerprint(a_child.Child()) == before, "this process still has the older code"
    importlib.reload(a_base)
    importlib.reload(a_child)
    assert fingerprint(a_child.Child()) != before


SCRIPT = """
from dataclasses import dataclass
from benchmark.storage.atomic import digest
from benchmark.strategy import CrossEntropy
from benchmark.strategy.fingerprint import fingerprint

@dataclass(frozen=True)
class Mine(CrossEntropy):
    scale: float = 2.0

    def __call__(self, logits, target, counts):
        return super().__call__(self.scale * logits, target, counts)  # remark

other = 1
print(digest(fingerprint(Mine())))
"""


def test_only_the_definition_matters_in_a_script_or_notebook(tmp_path):
    def print_fingerprint(text):
        script = tmp_path / "script.py"
        script.write_text(text)
        environment = {**os.environ, "PYTHONPATH": str(Path(benchmark.__file__).parents[1])}
        return subprocess.run(
            [sys.executable, script], capture_output=True, text=True, check=True, env=environment
        ).stdout

    plain = print_fingerprint(SCRIPT)
    assert (
        print_fingerprint(SCRIPT.replace("# remark", "").replace("other = 1", "other = 2")) == plain
    )
    assert print_fingerprint(SCRIPT.replace("* logits", "/ logits")) != plain


CELL = """
from dataclasses import dataclass
import c_helper
import numpy as np
import torch
from c_helper import helped

GAMMA = 2
TABLE = np.arange(3)
WEIGHTS = torch.ones(3)
NAMES = {"a", "b"}
DEVICE = torch.device("cpu")

def inner(x):
    return GAMMA * x

class Tool:
    def use(self, x):
        return inner(x) + TABLE.sum()

def outer(x):
    return Tool().use(x) + len(NAMES)

@dataclass(frozen=True)
class Mine:
    scale: float = 2.0
    margin = 0.5

    @staticmethod
    def still(x):
        return x + 1

    def __call__(self, logits, target, counts):
        result = outer(logits) + self.still(logits) + self.margin
        return helped(result) * c_helper.K + WEIGHTS.to(DEVICE)

unused = 1
"""
HELPER = "K = 1\ndef helped(x): return x\n"


@pytest.fixture
def run_cell(tmp_path, monkeypatch):
    """A function that runs a cell, as a notebook does, and returns the fingerprint of `Mine`."""
    monkeypatch.syspath_prepend(tmp_path)

    def run(text, helper=HELPER):
        (tmp_path / "c_helper.py").write_text(helper)
        monkeypatch.delitem(sys.modules, "c_helper", raising=False)
        importlib.invalidate_caches()
        cell = types.ModuleType("a_cell")
        monkeypatch.setitem(sys.modules, "a_cell", cell)
        name = f"<cell {hash(text)}>"
        linecache.cache[name] = len(text), None, text.splitlines(keepends=True), name
        exec(compile(text, name, "exec"), vars(cell))
        return fingerprint(cell.Mine())

    return run


def test_a_cell_that_runs_again_unchanged_has_the_same_fingerprint(run_cell):
    before = run_cell(CELL)
    assert run_cell(CELL) == before
    assert run_cell(CELL.replace("unused = 1", "unused = 2")) == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("GAMMA = 2", "GAMMA = 3"),
        ("arange(3)", "arange(4)"),
        ("torch.ones(3)", "torch.zeros(3)"),
        ('{"a", "b"}', '{"a", "c"}'),
        ("GAMMA * x", "GAMMA / x"),
        ("+ TABLE.sum()", "- TABLE.sum()"),
        ("x) + len", "x) - len"),
        ("x + 1", "x + 2"),
        ("margin = 0.5", "margin = 0.6"),
        ("self.margin", "2 * self.margin"),
    ],
)
def test_what_the_methods_of_a_cell_use_matters(run_cell, old, new):
    assert run_cell(CELL.replace(old, new)) != run_cell(CELL)


def test_a_file_that_a_cell_imports_matters(run_cell):
    assert run_cell(CELL, HELPER.replace("K = 1", "K = 20")) != run_cell(CELL)


def test_a_value_of_a_cell_that_cannot_be_read_is_refused(run_cell):
    with pytest.raises(ValueError, match=r"uses TABLE, of type object, .* fields of a dataclass"):
        run_cell(CELL.replace("np.arange(3)", "object()"))


def test_the_files_that_a_component_uses_matter(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "b_helper.py").write_text("GAMMA = 1\n")
    (tmp_path / "b_other.py").write_text("DELTA = 1\n")
    (tmp_path / "b_user.py").write_text(
        "from b_helper import GAMMA\nfrom b_other import DELTA\n\n"
        "def used(): return GAMMA\ndef unused(): return DELTA\n"
    )
    names = ("b_helper", "b_other", "b_user")

    def fingerprint_now():
        for name in names:
            sys.modules.pop(name, None)
        importlib.invalidate_caches()
        return fingerprint(importlib.import_module("b_user").used)

    before = fingerprint_now()
    (tmp_path / "b_helper.py").write_text("# a remark\nGAMMA = 1\n")
    (tmp_path / "b_other.py").write_text("DELTA = 2\n")
    assert fingerprint_now() == before
    (tmp_path / "b_helper.py").write_text("GAMMA = 22\n")
    assert fingerprint_now() != before
    for name in names:
        del sys.modules[name]

"""Two components have the same fingerprint if their type, fields and code are the same."""

import os
import subprocess
import sys
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
    from a_child import Child

    before = fingerprint(Child())
    (tmp_path / "a_base.py").write_text("class Base:\n    factor = 2.5\n")
    os.utime(tmp_path / "a_base.py", ns=(1, 1))
    assert fingerprint(Child()) != before


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

"""Where modules are, and which of them are the user's."""

from pathlib import Path

import pytest

import benchmark
from benchmark.strategy.located import is_users, locate


def test_whose_files_are_the_users():
    assert is_users(Path(__file__))
    assert not is_users(Path(benchmark.__file__))
    assert not is_users(Path(pytest.__file__))
    assert not is_users(Path(pytest.__file__).parent / "missing.py")
    assert not is_users(Path("relative.py"))


def test_a_module_is_found_without_being_imported(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "raises_at_once.py").write_text("1 / 0")
    assert locate("raises_at_once").file == tmp_path / "raises_at_once.py"
    assert locate("raises_at_once.inner") is None
    assert locate("nothing_of_that_name.inner") is None
    assert locate("sys").file is None

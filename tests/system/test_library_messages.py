"""Libraries are kept from the terminal, the user's own files are not."""

import logging
import os
import sys
import warnings

import joblib
import pytest

import benchmark.spec
import strategies
from benchmark.system.library_messages import is_users, libraries_silenced

WARN = """
import logging, warnings
def call():
    for _ in range(2):
        warnings.warn("look here", UserWarning)
    logging.getLogger(__name__).warning("a record")
"""


def show(message, category, filename, lineno, *_):
    """Print as Python does; pytest would note the warning."""
    print(f"{filename}:{lineno}: {category.__name__}: {message}", file=sys.stderr)


@pytest.fixture(autouse=True)
def untold(monkeypatch):
    """As Python is started: nothing said about warnings, no logging set up."""
    monkeypatch.setattr(sys, "warnoptions", [])
    monkeypatch.delenv("PYTHONWARNINGS", raising=False)
    monkeypatch.setattr(warnings, "showwarning", show)
    with warnings.catch_warnings():
        warnings.resetwarnings()
        yield monkeypatch


def call(folder, name):
    file = folder / f"{name}.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(WARN)
    logging.getLogger(name).propagate = False  # to the handlers of pytest
    module = {"__name__": name}
    exec(compile(WARN, str(file), "exec"), module)
    module["call"]()


def test_a_library_prints_nothing_and_a_users_file_does(tmp_path, capsys):
    with libraries_silenced():
        call(tmp_path / "lib" / "site-packages" / "torch", "library")
        assert capsys.readouterr().err == ""
        call(tmp_path, "my_strategy")
        printed = capsys.readouterr().err
    assert "my_strategy.py:5: UserWarning: look here" in printed
    assert "a record" in printed


def test_a_library_that_insists_prints_nothing_either(tmp_path, capsys):
    with libraries_silenced():
        warnings.simplefilter("always")  # as some do when they are imported
        call(tmp_path / "dist-packages", "library")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("options", [["default"], ["error::FutureWarning"]])
def test_who_tells_python_what_to_show_is_obeyed(untold, tmp_path, capsys, options):
    untold.setattr(sys, "warnoptions", options)
    with libraries_silenced():
        call(tmp_path / "site-packages", "library")
    assert "look here" in capsys.readouterr().err


def test_all_is_as_before_afterwards(tmp_path, capsys):
    before = warnings.showwarning, dict(os.environ), list(logging.lastResort.filters)
    with libraries_silenced():
        assert os.environ["PYTHONWARNINGS"] == "ignore:resource_tracker"
    assert (warnings.showwarning, dict(os.environ), logging.lastResort.filters) == before
    call(tmp_path / "site-packages", "library")
    assert "look here" in capsys.readouterr().err


def test_users_files_are_told_from_libraries(tmp_path):
    assert is_users(str(tmp_path / "a.py"))
    for file in (joblib.__file__, os.__file__, logging.__file__, "<string>", "<frozen x>"):
        assert not is_users(file)
    assert not is_users(benchmark.spec.__file__)
    assert not is_users(strategies.__file__)

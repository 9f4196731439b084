"""Processes that start meanwhile search no working folder."""

import os
import subprocess
import sys

import pytest

from benchmark.system.processes import safe_import_path


@pytest.mark.parametrize("before", [None, "1"])
def test_the_environment_is_as_before_afterwards(monkeypatch, before):
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    if before:
        monkeypatch.setenv("PYTHONSAFEPATH", before)
    code = "import sys; print(sys.flags.safe_path)"
    with safe_import_path():
        output = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert output.strip() == "True"
    assert os.environ.get("PYTHONSAFEPATH") == before

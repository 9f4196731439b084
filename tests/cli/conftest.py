"""The working folder of a command is where it writes: each test has one of its own."""

import pytest


@pytest.fixture(autouse=True)
def working_folder(tmp_path_factory, monkeypatch):
    """Be in an empty folder."""
    monkeypatch.chdir(tmp_path_factory.mktemp("working"))

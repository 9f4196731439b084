"""A full disk is no failure of a strategy."""

import errno
import os

import pytest

from benchmark.execution.strategy_code import failure_of
from benchmark.storage.atomic import write_text
from benchmark.storage.places import PlaceError


def test_a_place_of_the_run_that_cannot_be_written_passes_through(tmp_path, monkeypatch):
    def refuse(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(PlaceError, match=r"outputs\.json can't be written"):
        failure_of(lambda: write_text(tmp_path / "outputs.json", "{}"))


def test_an_error_of_a_file_of_the_strategy_is_its_own(tmp_path):
    def read():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "mine.txt")

    assert "No space left on device: 'mine.txt'" in failure_of(read).error

"""The clock of a file system."""

import os
import time

import pytest

from benchmark.storage import file_clock as module
from benchmark.storage.file_clock import file_clock, look_again, seconds_since


@pytest.fixture(autouse=True)
def unknown(monkeypatch):
    monkeypatch.setattr(module, "_offsets", {})


def test_it_is_that_of_the_files_whatever_this_machine_says(tmp_path, monkeypatch):
    before = time.time()
    monkeypatch.setattr(time, "time", lambda: before + 7200)
    assert abs(file_clock(tmp_path) - before) < 60
    assert list(tmp_path.iterdir()) == []


def test_it_goes_on_between_two_looks(tmp_path, monkeypatch):
    looks = []
    monkeypatch.setattr(module, "_time_of_new_file", lambda _: looks.append(1) or 1000.0)
    monkeypatch.setattr(time, "monotonic", lambda: 50.0)
    assert file_clock(tmp_path) == 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: 53.0)
    assert file_clock(tmp_path) == 1003.0
    assert len(looks) == 1
    monkeypatch.setattr(time, "monotonic", lambda: 51.0 + module.SECONDS_BETWEEN_LOOKS)
    assert file_clock(tmp_path) == 1000.0


def test_where_no_file_can_be_made_it_is_that_of_this_machine(tmp_path, monkeypatch):
    def refuse(_):
        raise PermissionError

    monkeypatch.setattr(module, "_time_of_new_file", refuse)
    assert abs(file_clock(tmp_path) - time.time()) < 60
    assert abs(file_clock(tmp_path / "missing") - time.time()) < 60


def test_how_long_ago_a_file_was_written(tmp_path):
    file = tmp_path / "file"
    file.touch()
    assert 0 <= seconds_since(file) < 60
    os.utime(file, (time.time() - 100,) * 2)
    assert 99 < seconds_since(file) < 160
    assert seconds_since(file, now=0.0) == 0
    with pytest.raises(FileNotFoundError):
        seconds_since(tmp_path / "missing")


def test_a_folder_is_looked_at_again(tmp_path):
    look_again(tmp_path)
    with pytest.raises(FileNotFoundError):
        look_again(tmp_path / "missing")

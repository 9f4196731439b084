"""What was read from a file is read again where the file may have changed, and only there."""

import os

import pytest

from benchmark.storage import unchanged
from benchmark.storage.unchanged import once_while_unchanged


@pytest.fixture
def reads():
    return []


@pytest.fixture
def read(reads):
    return once_while_unchanged(lambda path: (reads.append(path), path.read_text())[1])


def written_long_ago(path, text):
    path.write_text(text)
    os.utime(path, ns=(0, len(text)))
    return path


def test_a_file_is_read_once_and_again_after_each_change(monkeypatch, tmp_path, read, reads):
    monkeypatch.setattr(unchanged, "TICKS_NS", 0)  # the time of a change of status can't be set
    file = written_long_ago(tmp_path / "a", "one")
    assert [read(file), read(file)] == ["one", "one"]
    assert len(reads) == 1
    written_long_ago(file, "two")
    assert read(file) == "two"
    written_long_ago(tmp_path / "b", "three").replace(file)
    assert read(file) == "three"
    assert len(reads) == 3


def test_what_has_changed_just_now_is_read_each_time(tmp_path, read, reads):
    file = written_long_ago(tmp_path / "a", "one")
    read(file)
    read(file)
    assert len(reads) == 2


def test_without_a_file_the_error_is_that_of_the_system(tmp_path, read):
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "a")

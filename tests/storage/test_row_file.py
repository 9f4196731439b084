"""Rows with digests: whole or not stored."""

import errno
import io
import os
from pathlib import Path
from unittest.mock import MagicMock

import numpy as np
import pytest

from benchmark.storage import row_file
from benchmark.storage.row_file import RowFile
from benchmark.storage.unreadable import UnreadableError
from benchmark.storage.unwritable import UnwritableError

EVERY = np.arange(6)


@pytest.fixture
def rows(tmp_path):
    """Six rows of 100 bytes, of which 1 and 4 are not stored."""
    made = RowFile(tmp_path / "a" / "rows.bin", 6, 100)
    made.create()
    with made.writing() as write:
        for index in (0, 2, 3, 5):
            write(index, bytes([index]) * 100)
    return made


def test_rows_are_listed_and_intact_once_they_are_written(rows):
    stored = [True, False, True, True, False, True]
    assert rows.listed().tolist() == stored
    assert rows.intact(EVERY).tolist() == stored
    assert rows.intact(np.array([5, 4])).tolist() == [True, False]
    assert rows.path.read_bytes()[200:301] == b"\2" * 100 + b"\3"
    rows.create()
    assert rows.intact(EVERY).tolist() == stored, "what the files hold stays"


def test_many_tasks_give_what_one_gives(rows, monkeypatch):
    monkeypatch.setattr(row_file, "_TASK", 250)
    assert rows.intact(np.array([5, 4, 3, 2, 1, 0])).tolist() == [
        True,
        False,
        True,
        True,
        False,
        True,
    ]


@pytest.mark.parametrize("byte", range(0, 100, 7))
def test_no_byte_of_a_row_can_change_unseen(rows, byte):
    with rows.path.open("r+b") as file:
        file.seek(200 + byte)
        file.write(b"\0")
    assert rows.intact(EVERY).tolist() == [True, False, False, True, False, True]


@pytest.mark.parametrize("byte", range(16))
def test_no_byte_of_a_digest_can_change_unseen(rows, byte):
    with rows.digests.open("r+b") as file:
        file.seek(32 + byte)
        (old,) = file.read(1)
        file.seek(32 + byte)
        file.write(bytes([old ^ 128]))
    assert rows.intact(EVERY).tolist() == [True, False, False, True, False, True]


def test_digests_of_another_number_of_rows_are_none(rows):
    for size in (95, 97, 16, 1000):
        os.truncate(rows.digests, size)
        assert not rows.listed().any()
        assert not rows.intact(EVERY).any()
    rows.create()
    assert rows.digests.stat().st_size == 96
    assert not rows.listed().any()


def test_files_that_are_missing_or_cut_hold_no_row(rows):
    os.truncate(rows.path, 350)
    assert rows.intact(EVERY).tolist() == [True, False, True, False, False, False]
    rows.path.unlink()
    assert not rows.intact(EVERY).any()
    rows.digests.unlink()
    assert not rows.listed().any()


def test_forgotten_rows_are_not_stored(rows):
    rows.forget(np.array([3, 0]))
    assert rows.listed().tolist() == [False, False, True, False, False, True]
    rows.forget(EVERY[:0])


def test_a_row_that_was_torn_is_not_intact(rows):
    """The row is written first: a process that is killed between leaves the old digest."""
    with rows.path.open("r+b") as file:
        file.write(b"new" * 10)
    assert not rows.intact(EVERY)[0]


def test_rows_of_a_file_that_was_removed_are_an_error(rows):
    with rows.writing() as write:
        write(1, bytes(100))
        rows.path.unlink()
        with pytest.raises(FileNotFoundError, match=r"rows\.bin was removed while it was filled"):
            write(2, bytes(100))


@pytest.mark.parametrize(
    ("name", "left"), [("rows.bin", 0), ("rows.bin", 99), ("digests.bin", 0), ("digests.bin", 15)]
)
def test_a_full_disk_is_named_with_the_way_out_and_costs_no_row_before(
    rows, monkeypatch, name, left
):
    bytes_left, opened = [left], Path.open

    def open_on_a_full_disk(path, mode, buffering):
        file = opened(path, mode, buffering)
        if path.name != name:
            return file

        def write(content):  # a byte at a time
            if not bytes_left[0]:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            bytes_left[0] -= 1
            return file.write(content[:1])

        full = MagicMock(wraps=file, write=write)
        full.__enter__.return_value = full
        return full

    def fill():
        with rows.writing() as write:
            write(1, b"\1" * 100)

    words = rf"{name} can't be written \(No space left on device\); make room .*BENCH_CACHE"
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", open_on_a_full_disk)
        with pytest.raises(UnwritableError, match=words):
            fill()
    assert rows.intact(EVERY).tolist() == [True, False, True, True, False, True]
    fill()
    assert rows.intact(EVERY).tolist() == [True, True, True, True, False, True]


def test_files_that_are_whole_are_not_opened_for_writing(rows, monkeypatch):
    def refuse(path, *_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    monkeypatch.setattr(Path, "open", refuse)
    rows.create()
    with pytest.raises(
        UnwritableError, match=r"other.bin can't be written \(Read-only file system\)"
    ):
        RowFile(rows.path.with_name("other.bin"), 6, 100).create()


@pytest.mark.parametrize("name", ["rows.bin", "digests.bin"])
def test_rows_that_cannot_be_read_now_are_not_made_again(rows, monkeypatch, name):
    with monkeypatch.context() as patch:
        patch.setattr(io, "open", _refusing(io.open, rows.path.with_name(name)))
        with pytest.raises(UnreadableError, match=rf"{name} can't be read \(Too many open files"):
            rows.intact(EVERY)
    assert rows.intact(EVERY).tolist() == [True, False, True, True, False, True]


def _refusing(opened, closed):
    def refuse(path, *rest, **options):
        if path == closed:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), str(path))
        return opened(path, *rest, **options)

    return refuse

"""Arrays in files, mapped and read."""

import errno
import os
import pickle
import re
from pathlib import Path

import numpy as np
import pytest

from benchmark.storage import stored_array as module
from benchmark.storage.stored_array import RowReader, open_array
from benchmark.storage.stored_file import DamagedFileError

SHAPE = (7, 3, 2)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "rows.bin"


@pytest.fixture
def values(file):
    values = np.arange(42, dtype=np.float32).reshape(SHAPE)
    file.write_bytes(values.tobytes())
    return values


@pytest.fixture
def reader(file, values):
    return RowReader(file, np.float32, SHAPE)


KEYS = [
    0,
    -1,
    np.int64(3),
    slice(None),
    slice(2, 5),
    slice(6, 1, -2),
    slice(3, 3),
    [4, 5, 6, 0, 0, 2],
    np.array([6, 5, 4]),
    np.array([-7, -1]),
    np.array([], np.int64),
    np.array([[0, 1], [5, 2]]),
    np.array([True, False, True, True, False, False, True]),
    (slice(None), 0),
    (slice(1, 4), slice(None), 1),
    (2, 1),
    (2, 1, 0),
    ([5, 2], slice(0, 2)),
]


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_rows_are_those_of_an_array(reader, values, key):
    np.testing.assert_array_equal(reader[key], values[key], strict=True)


@pytest.mark.parametrize("key", [7, -8, [0, 7], np.array([-8]), np.array([True, False])], ids=str)
def test_rows_beyond_the_ends_are_an_error(reader, key):
    with pytest.raises(IndexError):
        reader[key]
    with pytest.raises(TypeError):
        reader[[1.5]]


def test_it_knows_what_an_array_knows(reader, values):
    assert (reader.shape, reader.dtype, reader.ndim) == (values.shape, values.dtype, 3)
    assert (len(reader), reader.nbytes) == (7, values.nbytes)
    np.testing.assert_array_equal(np.asarray(reader), values)
    assert np.asarray(reader, np.float64).dtype == np.float64
    assert [row.tolist() for row in reader] == values.tolist()


def test_parts_that_a_read_leaves_out_are_read_too(reader, values, monkeypatch):
    """Linux reads at most 2 GB at a time, and a network may give less."""
    read = os.preadv
    monkeypatch.setattr(module.os, "preadv", lambda h, b, p: read(h, [b[0][:5]], p))
    np.testing.assert_array_equal(reader[[0, 1, 4]], values[[0, 1, 4]])


def test_rows_that_follow_each_other_are_read_at_once(reader, monkeypatch):
    read, positions = os.preadv, []
    monkeypatch.setattr(module.os, "preadv", lambda h, b, p: positions.append(p) or read(h, b, p))
    reader[[1, 2, 3, 0, 6]]
    assert positions == [24, 0, 144]


def test_another_process_opens_it_by_its_path(reader, values):
    pickled = pickle.dumps(reader)
    assert len(pickled) < 500
    np.testing.assert_array_equal(pickle.loads(pickled)[:], values)


def test_its_file_is_closed_with_it(file, values):
    reader = RowReader(file, np.float32, SHAPE)
    handle = reader._handle
    del reader
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(handle)


@pytest.mark.parametrize("number", [errno.ESTALE, errno.ENOENT])
def test_a_file_that_another_machine_has_removed_is_told(reader, monkeypatch, number):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(module.os, "preadv", refuse)
    words = r"rows\.bin was removed or cut short, by another machine or program, while it was read"
    with pytest.raises(FileNotFoundError, match=words):
        reader[0]


def test_a_file_that_was_cut_short_is_told(reader, file):
    os.truncate(file, 30)
    with pytest.raises(FileNotFoundError, match="cut short"):
        reader[[1, 2]]
    with pytest.raises(ValueError, match=r"rows\.bin has 30 bytes, and its array takes 168"):
        RowReader(file, np.float32, SHAPE)


def test_a_broken_disk_is_told(reader, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(module.os, "preadv", refuse)
    with pytest.raises(DamagedFileError, match="it can't be read"):
        reader[0]


# ---- mapped or read --------------------------------------------------------------------------


def test_a_file_is_mapped(file, values):
    array = open_array(file, np.float32, SHAPE)
    assert isinstance(array, np.memmap)
    np.testing.assert_array_equal(array, values)


@pytest.mark.parametrize("number", [errno.ENODEV, errno.EINVAL, errno.EACCES])
def test_where_a_file_can_not_be_mapped_it_is_read(file, values, monkeypatch, number):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(module.np, "memmap", refuse)
    array = open_array(file, np.float32, SHAPE)
    assert isinstance(array, RowReader)
    np.testing.assert_array_equal(array[:], values)


def test_on_a_network_file_system_it_is_read(file, values, monkeypatch):
    monkeypatch.setattr(module, "is_on_network", lambda _: True)
    assert isinstance(open_array(file, np.float32, SHAPE), RowReader)
    monkeypatch.setattr(module, "_CAN_READ", False)
    assert isinstance(open_array(file, np.float32, SHAPE), np.memmap)


def test_a_file_that_is_not_there_is_told(file, monkeypatch):
    with pytest.raises(FileNotFoundError):
        open_array(file, np.float32, SHAPE)
    monkeypatch.setattr(module, "is_on_network", lambda _: True)
    with pytest.raises(FileNotFoundError):
        open_array(file, np.float32, SHAPE)


def test_no_other_module_maps_a_file():
    """It would fail on a file system that maps none."""
    package = Path(module.__file__).parents[1]
    mapping = {
        file.relative_to(package).as_posix()
        for file in package.rglob("*.py")
        if re.search(r"memmap\(|mmap_mode|safe_open\(|\bload_file\(", file.read_text("utf-8"))
    }
    known = {"storage/stored_array.py", "model/tensor_file.py", "model/weights_file.py"}
    assert mapping == known, "the last maps the user's own files"

"""Errors of a folder or its disk name the path and the way out."""

import errno
import os
import pickle
from pathlib import Path

import pytest

from benchmark.storage.unwritable import (
    UnwritableError,
    another_way_out,
    cache_dir,
    expand_home,
    writing,
)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("IMBALANCE_BENCH_CACHE", str(tmp_path / "cache"))


def fail(number, path, *about, way_out=None):
    with writing(path, way_out):
        raise OSError(number, os.strerror(number), *map(str, about))


CONTINUES = "; the same command continues from what is finished"


@pytest.mark.parametrize(
    ("number", "before", "after"),
    [
        (errno.ENOSPC, "make room there, or ", CONTINUES),
        (errno.EDQUOT, "make room there, or ", CONTINUES),
        (errno.EROFS, "", ""),
        (errno.EACCES, "", ""),
        (errno.EIO, "", ""),
        (errno.ENAMETOOLONG, "", ""),
    ],
)
def test_the_path_the_reason_and_the_way_out_are_named(tmp_path, number, before, after):
    for path, way_out in (
        (tmp_path / "results" / "run.json", "choose another --out"),
        (tmp_path / "cache" / "rows.bin", "set IMBALANCE_BENCH_CACHE to a folder that can"),
    ):
        with pytest.raises(UnwritableError) as raised:
            fail(number, path)
        expected = f"{path} can't be written ({os.strerror(number)}); {before}{way_out}{after}"
        assert str(raised.value) == expected
        assert raised.value.errno == number
        assert str(pickle.loads(pickle.dumps(raised.value))) == expected  # from a worker
    with pytest.raises(UnwritableError, match=r"the cache in .* can't be written"):
        fail(number, cache_dir())
    with pytest.raises(UnwritableError, match="set TMPDIR"):
        fail(number, tmp_path / "x", way_out="set TMPDIR to a folder that can")


def test_other_errors_stay(tmp_path):
    with pytest.raises(FileNotFoundError):
        fail(errno.ENOENT, tmp_path)
    with pytest.raises(OSError, match=r"No space left on device: '/elsewhere/images/a.png'"):
        fail(errno.ENOSPC, tmp_path / "run", "/elsewhere/images/a.png")
    with pytest.raises(UnwritableError, match=r"run can't be written"):
        fail(errno.ENOSPC, tmp_path / "run", tmp_path / ".run.abc.tmp")
    with pytest.raises(UnwritableError, match="first"), writing(tmp_path):
        raise UnwritableError("first")


@pytest.mark.parametrize(
    ("chosen", "expected"), [("~/c", "/home/someone/c"), ("/data/c", "/data/c"), ("c", "c")]
)
def test_the_cache_is_where_the_user_has_set_it(monkeypatch, chosen, expected):
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setenv("IMBALANCE_BENCH_CACHE", chosen)
    assert str(cache_dir()) == expected


def test_a_name_that_only_begins_like_a_home_stays(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    assert expand_home("~/images") == Path("/home/me/images")
    assert expand_home("~~~") == Path("~~~")


def test_a_command_without_out_names_another_way(tmp_path):
    words = r"a\.csv can't be written \(Permission denied\); copy the run$"
    with pytest.raises(UnwritableError, match=words), another_way_out("copy the run"):
        fail(errno.EACCES, tmp_path / "a.csv")

"""Errors of a folder or its disk name the path and the way out."""

import errno
import os
import pickle
from pathlib import Path

import pytest

from benchmark.storage.unwritable import (
    UnwritableError,
    another_way_out,
    obstacle_to_folder,
    require_writable,
    working_in,
    writing,
)
from benchmark.storage.user_folders import cache_dir


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


def test_a_command_without_out_names_another_way(tmp_path):
    words = r"a\.csv can't be written \(Permission denied\); copy the run$"
    with pytest.raises(UnwritableError, match=words), another_way_out("copy the run"):
        fail(errno.EACCES, tmp_path / "a.csv")
    named = tmp_path / "choose another --out" / "a.csv"  # the path stays as it is
    with pytest.raises(UnwritableError) as raised, another_way_out("copy the run"):
        fail(errno.ENOSPC, named)
    reason = os.strerror(errno.ENOSPC)
    assert str(raised.value) == (
        f"{named} can't be written ({reason}); make room there, or copy the run{CONTINUES}"
    )
    with pytest.raises(UnwritableError, match="set IMBALANCE"), another_way_out("copy the run"):
        fail(errno.EACCES, tmp_path / "cache" / "a.csv")


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.EPERM])
def test_an_error_that_names_no_file_may_be_of_what_else_is_done(tmp_path, number):
    error = OSError(number, os.strerror(number))
    with pytest.raises(OSError, match=os.strerror(number)) as raised:  # noqa: SIM117
        with working_in(tmp_path, "choose"):
            raise error
    assert raised.value is error
    with pytest.raises(UnwritableError, match="run can't be written"):  # noqa: SIM117
        with working_in(tmp_path / "run", "choose"):
            raise OSError(number, os.strerror(number), str(tmp_path / "run" / "a.csv"))


def test_a_full_disk_is_of_the_folder_in_which_is_worked(tmp_path):
    with pytest.raises(UnwritableError, match="make room there, or choose"):  # noqa: SIM117
        with working_in(tmp_path, "choose"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_without_a_home_the_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("IMBALANCE_BENCH_CACHE", "~nobody-has-this-name/cache")
    with pytest.raises(UnwritableError, match=r"run can't be written \(.*\); choose another --out"):
        fail(errno.EACCES, tmp_path / "run")


def test_what_has_the_name_of_a_folder_is_told_with_the_way_out(tmp_path):
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")
    for path in (link, link / "a" / "b"):
        with (
            pytest.raises(UnwritableError, match=r"link can't be written \(a file, or a link that"),
            writing(path / "run.json"),
        ):
            path.mkdir(parents=True, exist_ok=True)
    target, written = tmp_path / "report.html", tmp_path / ".report.html.tmp"
    target.mkdir()
    written.touch()
    words = (
        r"report\.html can't be written \(a folder has this name\); "
        "move that away, or choose another --out"
    )
    with pytest.raises(UnwritableError, match=words), writing(target):
        written.replace(target)
    with pytest.raises(FileExistsError), writing(tmp_path / "results" / "run.json"):
        target.mkdir()


def test_a_folder_above_that_cannot_be_made_is_told_with_the_way_out(tmp_path, monkeypatch):
    """Of the results, and of the cache."""
    for path, way_out in (
        (tmp_path / "results" / "a" / "run.json", "choose another --out"),
        (tmp_path / "new" / "cache" / "rows.bin", "set IMBALANCE_BENCH_CACHE to a folder that can"),
    ):
        monkeypatch.setenv("IMBALANCE_BENCH_CACHE", str(tmp_path / "new" / "cache"))
        above = path.parents[1]
        with pytest.raises(UnwritableError) as raised:
            fail(errno.EACCES, path, above)
        reason = os.strerror(errno.EACCES)
        assert str(raised.value) == f"{above} can't be written ({reason}); {way_out}"


def test_a_folder_that_can_be_written_is_left_as_it_was(tmp_path):
    require_writable(tmp_path / "new" / "folder")
    assert not (tmp_path / "new").exists()
    (tmp_path / "there").mkdir()
    require_writable(tmp_path / "there")
    assert list((tmp_path / "there").iterdir()) == []


@pytest.mark.parametrize("call", ["mkdir", "write_bytes"])
@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_a_folder_that_cannot_be_written_is_known_beforehand(tmp_path, monkeypatch, call, number):
    def refuse(path, *_, **__):
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(Path, call, refuse)
    with pytest.raises(UnwritableError, match=f"new .*{os.strerror(number)}.*another --out"):
        require_writable(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_what_stands_in_the_way_of_a_folder_is_named(tmp_path):
    file, loop = tmp_path / "file", tmp_path / "loop"
    file.touch()
    loop.symlink_to(loop)
    assert obstacle_to_folder(tmp_path / "new" / "newer") == ""
    assert obstacle_to_folder(tmp_path) == ""
    for path in (file, file / "a"):
        assert obstacle_to_folder(path) == f"{file} is a file"
    for path in (loop, loop / "a"):
        assert obstacle_to_folder(path) == f"{loop} is a link that leads nowhere"
    assert obstacle_to_folder(tmp_path / ("a" * 300) / "b") == "its name is too long"

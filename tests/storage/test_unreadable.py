"""What can't be read now is neither damaged nor missing."""

import errno
import os
import pickle

import pytest

from benchmark.storage.json_file import read_json, write_json
from benchmark.storage.stored_file import DamagedFileError, is_there, open_plain, read_text
from benchmark.storage.unreadable import UnreadableError, require_readable
from tests.closed_files import close

OF_NOW = {
    errno.EACCES: "let this user read it",
    errno.EPERM: "let this user read it",
    errno.EMFILE: "ulimit -n",
    errno.ENFILE: "end programs that hold many files",
    errno.ENOMEM: "end programs that take memory",
    errno.ESTALE: "see that the server of this file system answers",
    errno.ETIMEDOUT: "see that the server of this file system answers",
}


@pytest.mark.parametrize("number", OF_NOW)
def test_an_error_of_the_system_is_no_damage(tmp_path, monkeypatch, number):
    file = tmp_path / "a"
    write_json(file, {"a": 1})
    close(monkeypatch, number, file)
    words = rf"a can't be read \({os.strerror(number)}\); it stays as it is: .*{OF_NOW[number]}"
    for read in (open_plain, read_text, read_json):
        with pytest.raises(UnreadableError, match=words) as raised:
            read(file)
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOTDIR])
def test_an_error_of_the_file_itself_is_a_damage(tmp_path, monkeypatch, number):
    (tmp_path / "a").touch()
    close(monkeypatch, number, tmp_path / "a")
    with pytest.raises(DamagedFileError, match=r"a is damaged: it can't be read"):
        open_plain(tmp_path / "a")


def test_nobody_knows_what_is_in_a_closed_folder(tmp_path, monkeypatch):
    (tmp_path / "a").touch()
    require_readable(tmp_path)
    close(monkeypatch, errno.EACCES, tmp_path)
    with pytest.raises(UnreadableError, match="a can't be read"):
        is_there(tmp_path / "a")
    with pytest.raises(UnreadableError, match="let this user read it"):
        require_readable(tmp_path)


def test_a_name_that_no_file_can_have_is_not_there(tmp_path):
    (tmp_path / "file").touch()
    assert not is_there(tmp_path / "file" / "a")
    assert not is_there(tmp_path / ("a" * 5000))


def test_of_a_file_of_the_cache_another_cache_is_a_way_out(tmp_path, monkeypatch):
    monkeypatch.setenv("IMBALANCE_BENCH_CACHE", str(tmp_path))
    (tmp_path / "a").touch()
    close(monkeypatch, errno.EACCES, tmp_path / "a")
    with pytest.raises(UnreadableError, match="or set IMBALANCE_BENCH_CACHE to another folder"):
        open_plain(tmp_path / "a")

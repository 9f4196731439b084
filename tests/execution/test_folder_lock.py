"""One run at a time in a folder, also where no lock works between two machines that share it."""

import errno
import os
import platform
import time

import pytest

from benchmark.execution.folder_lock import holder_of, locked, owner_file
from benchmark.storage import owner_file as module
from benchmark.storage.owner_file import SECONDS_UNTIL_LOST, claim
from benchmark.storage.unwritable import UnwritableError


@pytest.fixture
def from_host_b(tmp_path, monkeypatch):
    """A run that another machine has begun in the folder; no lock of this system tells of it."""
    with monkeypatch.context() as patch:
        patch.setattr(platform, "node", lambda: "host-b")
        give_back = claim(owner_file(tmp_path))
    yield give_back
    give_back()


def test_a_run_of_another_machine_is_named(tmp_path, from_host_b):
    assert holder_of(tmp_path).owner.host == "host-b"
    words = (
        rf"another run is at work in {tmp_path} \(host-b, process {os.getpid()}, heard of 0 s ago\)"
        "; wait for it, or choose"
    )
    with pytest.raises(ValueError, match=words), locked(tmp_path, "choose another --out"):
        pass
    from_host_b()
    assert holder_of(tmp_path) is None
    with locked(tmp_path, "choose another --out"):
        pass


def test_a_run_of_a_machine_that_is_silent_is_over(tmp_path, from_host_b):
    os.utime(owner_file(tmp_path), (time.time() - SECONDS_UNTIL_LOST - 1,) * 2)
    assert holder_of(tmp_path) is None
    with locked(tmp_path, ""):
        assert holder_of(tmp_path).owner.host == platform.node()
    assert [file.name for file in tmp_path.iterdir()] == [".lock"]


def test_a_run_of_this_machine_is_named_too(tmp_path):
    words = rf"{tmp_path} \({platform.node()}, process {os.getpid()}, heard of"
    with locked(tmp_path, ""), pytest.raises(ValueError, match=words), locked(tmp_path, ""):
        pass


def test_a_folder_that_can_not_be_written_is_told(tmp_path, monkeypatch):
    opened = os.open

    def refuse(path, flags, *mode):
        if str(path).endswith(".owner") and flags & os.O_CREAT:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        return opened(path, flags, *mode)

    monkeypatch.setattr("benchmark.storage.plain_file.os.open", refuse)
    words = rf"{tmp_path} can't be written \(Read-only file system\); choose another"
    with pytest.raises(UnwritableError, match=words), locked(tmp_path, "choose another --out"):
        pass
    monkeypatch.undo()
    with locked(tmp_path, ""):  # the system's lock was released
        pass


def test_a_folder_that_is_not_there_has_no_holder(tmp_path):
    assert holder_of(tmp_path / "missing") is None
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".owner").mkdir()
    assert holder_of(tmp_path / "run") is None
    assert module.SECONDS_BETWEEN_TOUCHES * 3 < SECONDS_UNTIL_LOST

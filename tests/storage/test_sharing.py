"""What is told of folders that several machines share."""

import errno
import os

import pytest

from benchmark.storage import lock, sharing
from benchmark.storage.mounts import Mount
from benchmark.storage.sharing import lock_note

LOCAL = Mount("lustre", frozenset({"rw", "localflock"}))


@pytest.fixture
def on(monkeypatch):
    """Return a function that puts all folders on a file system of a kind."""
    return lambda mount: monkeypatch.setattr(sharing, "mount_of", lambda _: mount)


@pytest.mark.parametrize(
    "mount", [None, Mount("ext4", frozenset()), Mount("nfs4", frozenset({"local_lock=none"}))]
)
def test_of_locks_that_may_be_relied_on_nothing_is_told(tmp_path, on, mount):
    on(mount)
    assert lock_note(tmp_path, "the cache") == ""
    assert list(tmp_path.iterdir()) == []


def test_locks_of_one_machine_are_told(tmp_path, on):
    on(LOCAL)
    note = lock_note(tmp_path / "new" / "folder", "the cache")
    assert note.startswith(
        f"the cache in {tmp_path / 'new' / 'folder'} is on a file system that has locks that only "
        "the processes of one machine see (lustre): processes are kept apart by files"
    )


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS])
def test_a_file_system_without_locks_is_told(tmp_path, on, monkeypatch, number):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    on(Mount("lustre", frozenset({"rw"})))
    monkeypatch.setattr(lock.fcntl, "flock", refuse)
    assert "is on a file system that has no locks (lustre): " in lock_note(tmp_path, "the run")
    on(None)
    assert "is on a file system that has no locks: " in lock_note(tmp_path, "the run")
    assert list(tmp_path.iterdir()) == []


def test_of_a_folder_that_can_only_be_read_nothing_is_told(tmp_path, on, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    on(None)
    monkeypatch.setattr(sharing.os, "open", refuse)
    assert lock_note(tmp_path, "the cache") == ""

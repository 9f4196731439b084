"""Locks between threads and processes, with and without those of the system."""

import errno
import os
import socket
import subprocess
import sys
import threading
import time

import pytest

from benchmark.storage import lock as module
from benchmark.storage.lock import (
    NoLockFileError,
    acquire,
    can_lock,
    is_held,
    lock_handle,
    locked,
    unlock_handle,
)

REFUSALS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.EIO)
SYSTEMS = ["locks of the system", "none", *REFUSALS]


@pytest.fixture(params=SYSTEMS, autouse=True)
def system(request, monkeypatch):
    """The same within a process, whether processes can lock or not."""
    if request.param == "none":
        monkeypatch.setattr(module, "PROCESSES_LOCK", False)
    if request.param in REFUSALS:  # Lustre, NFS and others

        def refuse(*_):
            raise OSError(request.param, os.strerror(request.param))

        monkeypatch.setattr(module.fcntl, "flock", refuse)
    return request.param


def test_an_exclusive_lock_is_held_once(tmp_path):
    with locked(tmp_path / "lock"):
        for shared in (True, False):
            with pytest.raises(BlockingIOError):
                acquire(tmp_path / "lock", shared, wait=False)
        acquire(tmp_path / "other", wait=False)()
    acquire(tmp_path / "lock", wait=False)()


def test_a_shared_lock_is_held_by_several(tmp_path):
    first, second = (acquire(tmp_path / "lock", shared=True) for _ in range(2))
    for release in (first, second):
        with pytest.raises(BlockingIOError):
            acquire(tmp_path / "lock", wait=False)
        release()
    acquire(tmp_path / "lock", wait=False)()


def test_a_thread_waits_for_another(tmp_path):
    order = []

    def second():
        with locked(tmp_path / "lock"):
            order.append("second")

    with locked(tmp_path / "lock"):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.05)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_an_error_releases_the_lock(tmp_path):
    (tmp_path / "folder").mkdir()
    for _ in range(2):
        with pytest.raises(NoLockFileError, match=r"folder is a folder, .* remove it"):
            acquire(tmp_path / "folder", wait=False)


def link(path):
    (path.parent / "precious").write_text("content")
    path.symlink_to(path.parent / "precious")


def link_to_nothing(path):
    path.symlink_to(path.parent / "missing")


def unix_socket(path):
    with socket.socket(socket.AF_UNIX) as made:
        os.chdir(path.parent)  # the path of a socket is short
        made.bind(path.name)


@pytest.mark.parametrize("make", [link, link_to_nothing, os.mkfifo, os.mkdir, unix_socket])
def test_what_is_no_plain_file_is_refused_in_words_and_at_once(tmp_path, make, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "lock")
    before = sorted(tmp_path.iterdir())
    for call in (
        lambda: acquire(tmp_path / "lock"),
        lambda: acquire(tmp_path / "lock", shared=True, wait=False, text="pixels"),
        lambda: acquire(tmp_path / "lock", make=False),
        lambda: is_held(tmp_path / "lock"),
    ):
        with pytest.raises(NoLockFileError, match=r"lock is a .*, where a lock file belongs; rem"):
            call()
    assert sorted(tmp_path.iterdir()) == before
    if make is link:
        assert (tmp_path / "precious").read_text() == "content"


def test_a_lock_file_holds_its_text(tmp_path):
    for text in ("pixels of wheels, 2400 images", "pixels \udcff"):
        acquire(tmp_path / "lock", shared=True, text=text)()
        written = (tmp_path / "lock").read_text()
        assert written == text.encode(errors="backslashreplace").decode()


def test_a_full_disk_costs_the_text_and_not_the_lock(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(module.os, "write", refuse)
    acquire(tmp_path / "lock", text="pixels")
    with pytest.raises(BlockingIOError):
        acquire(tmp_path / "lock", wait=False)


@pytest.fixture
def read_only(monkeypatch):
    """Let no file be opened for writing, as on a disk that can only be read."""
    opened = os.open

    def refuse(path, flags, *mode):
        if flags & (os.O_WRONLY | os.O_RDWR):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        return opened(path, flags, *mode)

    monkeypatch.setattr(module.os, "open", refuse)


def test_a_file_that_can_only_be_read_is_locked_if_that_will_do(tmp_path, read_only):
    (tmp_path / "lock").write_text("pixels")
    with pytest.raises(OSError, match="Read-only file system"):
        acquire(tmp_path / "lock")
    release = acquire(tmp_path / "lock", shared=True, make=False)
    assert is_held(tmp_path / "lock")
    release()
    with pytest.raises(FileNotFoundError):
        acquire(tmp_path / "other", make=False)


def test_who_holds_a_lock_is_known_where_there_are_locks(tmp_path, system):
    assert is_held(tmp_path / "lock") is False
    release = acquire(tmp_path / "lock")
    assert is_held(tmp_path / "lock") is True
    assert can_lock(tmp_path / "lock") is (system == "locks of the system")
    release()
    assert can_lock(tmp_path / "lock") is (system == "locks of the system")
    assert is_held(tmp_path / "lock") is (None if system in REFUSALS else False)


def test_a_lock_on_an_open_file_is_released(tmp_path):
    with (tmp_path / "file").open("w") as file, (tmp_path / "file").open() as other:
        for handle in (file.fileno(), other.fileno()):
            lock_handle(handle, wait=False)
            unlock_handle(handle)


def test_another_process_holds_its_lock_until_it_ends(tmp_path, system):
    code = (
        "import sys; from pathlib import Path; from benchmark.storage.lock import acquire\n"
        "held = acquire(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "lock")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as other:
        assert other.stdout.readline() == "held\n"
        if system == "locks of the system":
            with pytest.raises(BlockingIOError):
                acquire(tmp_path / "lock", wait=False)
        other.kill()
    acquire(tmp_path / "lock", wait=False)()

"""Locks between threads and processes, with and without those of the system."""

import errno
import os
import subprocess
import sys
import threading
import time

import pytest

from benchmark.storage import lock as module
from benchmark.storage.lock import acquire, lock_handle, locked, unlock_handle


@pytest.fixture(params=["locks of the system", "none", "a file system without"], autouse=True)
def system(request, monkeypatch):
    """The same within a process, whether processes can lock or not."""
    if request.param == "none":
        monkeypatch.setattr(module, "PROCESSES_LOCK", False)
    if request.param == "a file system without":

        def refuse(*_):
            raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

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
        with pytest.raises(IsADirectoryError):
            acquire(tmp_path / "folder", wait=False)


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

"""Files are whole or absent."""

import json
import os
import platform
import time
from contextlib import suppress
from multiprocessing import Process

import pytest

from benchmark.storage.atomic import (
    SECONDS_OF_A_WRITE,
    atomic,
    digest,
    never_made,
    remove_leftovers,
    write_text,
)


def test_an_interrupted_write_leaves_what_was_there(tmp_path):
    path = tmp_path / "deep" / "a.json"
    write_text(path, '{"old": 1}')

    def interrupted():
        with atomic(path) as temporary:
            temporary.write_text("half of")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert json.loads(path.read_text()) == {"old": 1}
    assert [file.name for file in path.parent.iterdir()] == ["a.json"]


def test_a_folder_of_another_process_is_not_made_again(tmp_path):
    run = tmp_path / "run"
    with never_made(run):
        with pytest.raises(FileNotFoundError, match=r"folder was removed.*run"):
            write_text(run / "states" / "a.json", "{}")
        write_text(tmp_path / "other" / "a.json", "{}")
        assert not run.exists()
        run.mkdir()
        write_text(run / "states" / "a.json", "{}")
    write_text(tmp_path / "later" / "a.json", "{}")


def test_a_file_is_on_the_disk_before_it_takes_its_name(tmp_path, monkeypatch):
    """Renamed first, it could be empty after a loss of power; so could the folder's list."""
    path, flushed = tmp_path / "a.json", []

    def flush(handle):
        flushed.append((os.fstat(handle).st_ino, path.exists()))

    monkeypatch.setattr(os, "fsync", flush)
    write_text(path, '{"new": 1}')
    assert flushed == [(path.stat().st_ino, False), (tmp_path.stat().st_ino, True)]


def test_only_what_ended_processes_left_is_removed(tmp_path, monkeypatch):
    ended, lives = Process(target=int), Process(target=time.sleep, args=(60,))
    for process in (ended, lives):
        process.start()
    ended.join()

    def name_by(process, host=None):
        with monkeypatch.context() as patch:
            patch.setattr(os, "getpid", lambda: process.pid)
            if host:
                patch.setattr(platform, "node", lambda: host)
            with suppress(KeyError), atomic(tmp_path / "a.json") as temporary:
                raise KeyError
        return temporary

    try:
        left = [name_by(ended), name_by(lives), name_by(ended, "another"), tmp_path / ".mine.tmp"]
        for file in left:
            file.touch()
        remove_leftovers(tmp_path)
        assert set(tmp_path.iterdir()) == set(left[1:])
        os.utime(left[2], (0, 0))  # of another host, but years old
        remove_leftovers(tmp_path)
        assert set(tmp_path.iterdir()) == {left[1], left[3]}
    finally:
        lives.kill()
        lives.join()


def test_a_digest_is_of_content_not_of_order():
    assert digest({"a": 1, "b": [1, 2]}) == digest(json.loads('{"b": [1, 2], "a": 1}'))
    assert digest({"a": 1}) != digest({"a": 2})


def test_what_a_killed_save_of_tensors_leaves_goes_after_a_while(tmp_path):
    old, new, other = (tmp_path / name for name in (".tmpwG0idx", ".tmpab1Cd2", ".tmp"))
    for path in (old, new, other):
        path.touch()
    os.utime(old, (time.time() - SECONDS_OF_A_WRITE - 1,) * 2)
    remove_leftovers(tmp_path)
    assert sorted(tmp_path.iterdir()) == [other, new]

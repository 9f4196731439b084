"""Derived data is bounded and removed only when nobody uses it."""

import errno
import fcntl
import os
import pickle
import platform
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from benchmark.storage.cache import (
    SECONDS_IN_USE,
    abandoned,
    build_lock,
    cache_dir,
    cache_in,
    clear,
    default_limit,
    entries,
    lease,
    make_room,
)
from benchmark.storage.lease import SECONDS_OF_A_USER
from benchmark.storage.owner_file import claim, mark, users

SIZE = 2**18  # of an entry's file; its folder may take some blocks too
SLACK = 2**15
KEYS = ("a" * 20, "b" * 20, "c" * 32)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("IMBALANCE_BENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def fill(folder, age=0.0, description="rows of wheels"):
    """Make an entry that was used some seconds ago and is used no more."""
    held = lease(folder, description)
    folder.mkdir(parents=True)
    (folder / "rows.bin").write_bytes(os.urandom(SIZE))
    held.release()
    lock = folder.parents[1] / "locks" / folder.parent.name / folder.name
    os.utime(lock, (time.time() - age,) * 2)
    return folder


@pytest.fixture
def three(cache):
    """The oldest, the middle and the newest of three entries."""
    kinds = ("pixels", "activations", "pixels")
    return [
        fill(cache / kind / key, age)
        for kind, key, age in zip(kinds, KEYS, (300, 200, 100), strict=True)
    ]


def there(folders):
    return [folder.exists() for folder in folders]


def test_the_cache_can_be_put_elsewhere(cache, monkeypatch, tmp_path):
    assert cache_dir() == cache
    monkeypatch.setenv("IMBALANCE_BENCH_CACHE", "~/elsewhere")
    assert cache_dir() == Path("~/elsewhere").expanduser()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other folders")
def test_the_cache_is_in_the_users_cache_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("IMBALANCE_BENCH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_dir() == tmp_path / "imbalance-bench"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_dir() == Path("~/.cache/imbalance-bench").expanduser()


def test_without_a_home_folder_the_cache_says_what_to_set(monkeypatch):
    monkeypatch.setenv("IMBALANCE_BENCH_CACHE", "~nobody-of-this-name/cache")
    with pytest.raises(ValueError, match=r"no home folder .*set IMBALANCE_BENCH_CACHE"):
        entries()


def test_a_cache_that_cannot_be_written_says_what_to_set(cache):
    cache.write_text("a file in the way")
    with pytest.raises(
        OSError, match=r"cache in .* can't be written \(.+\); .*set IMBALANCE_BENCH"
    ):
        lease(cache / "pixels" / KEYS[0], "pixels")


@pytest.fixture(params=["read-only", "no permission", "full"])
def unwritable(three, monkeypatch, request):
    """A cache with three entries in which no file can be opened for writing."""
    numbers = {"read-only": errno.EROFS, "no permission": errno.EACCES, "full": errno.ENOSPC}
    number, opened = numbers[request.param], os.open

    def refuse(path, flags, *mode):
        if flags & (os.O_CREAT if number == errno.ENOSPC else os.O_WRONLY | os.O_RDWR):
            raise OSError(number, os.strerror(number), str(path))
        return opened(path, flags, *mode)

    monkeypatch.setattr("benchmark.storage.lock.os.open", refuse)
    return three


def test_a_cache_that_cannot_be_written_serves_what_it_holds(unwritable, cache):
    held = lease(unwritable[1], "rows of wheels")
    assert [entry.in_use for entry in entries()] == [False, True, False]
    assert make_room(0)
    assert make_room(SIZE)
    with pytest.raises(OSError, match=r"cache in .* can't be written \(.+\); .*IMBALANCE_BENCH"):
        lease(cache / "pixels" / ("e" * 20), "other pixels")
    with (
        pytest.raises(OSError, match=r"cache in .* can't be written \(.+\); .*IMBALANCE_BENCH"),
        build_lock(unwritable[1]),
    ):
        pass
    with pytest.raises(OSError, match=r"cache in .* can't be written \(.+\); .*IMBALANCE_BENCH"):
        clear()
    held.release()
    assert all(there(unwritable))


def test_an_entry_without_a_lock_file_is_served_too(unwritable):
    lock = unwritable[1].parents[1] / "locks" / "activations" / unwritable[1].name
    lock.unlink()
    lease(unwritable[1], "rows of wheels").release()
    assert len(entries()) == 3


def test_without_locks_what_was_used_in_the_last_days_is_in_use(three, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("benchmark.storage.lock.fcntl.flock", refuse)
    lock = three[0].parents[1] / "locks" / "pixels" / three[0].name
    os.utime(lock, (time.time() - SECONDS_IN_USE - 60,) * 2)
    assert [entry.in_use for entry in entries()] == [True, True, False]
    assert [entry.path for entry in clear()[0]] == [three[0]]
    assert there(three) == [False, True, True]


@pytest.mark.parametrize("can_lock", [True, False])
def test_without_locks_what_is_being_built_elsewhere_stays(cache, monkeypatch, can_lock):
    def refuse(*_):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    if not can_lock:
        monkeypatch.setattr("benchmark.storage.lock.fcntl.flock", refuse)
    folder = cache / "pixels" / KEYS[0]
    old, new = (cache / "pixels" / f".{KEYS[0]}.{end}.tmp" for end in ("a", "b"))
    for path in (old, new):
        path.mkdir(parents=True)
    os.utime(old, (time.time() - 3 * 24 * 3600,) * 2)
    with build_lock(folder):
        assert sorted(abandoned(folder)) == ([old, new] if can_lock else [old])


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("precious")])
@pytest.mark.parametrize("name", ["look", f"pixels/{KEYS[0]}", f"pixels/{KEYS[0]}.building"])
def test_what_is_no_lock_file_is_told_and_stays(three, cache, make, name):
    lock = cache / "locks" / name
    lock.unlink(missing_ok=True)
    make(lock)
    precious = lock.parent / "precious"
    precious.write_text("content")
    words = rf"{lock.name} is a .*, where a lock file belongs; remove it"

    def use():
        with build_lock(three[0]):
            lease(three[0], "pixels")
            entries()

    with pytest.raises(OSError, match=words):
        use()
    assert precious.read_text() == "content"


def test_the_cache_of_a_block_is_another_one_for_new_processes_too(cache, tmp_path):
    with cache_in(tmp_path / "other"):
        assert cache_dir() == tmp_path / "other"
        code = "from benchmark.storage.cache import cache_dir; print(cache_dir())"
        command = [sys.executable, "-c", code]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert printed.strip() == str(tmp_path / "other")
    assert cache_dir() == cache


# ---- room ------------------------------------------------------------------------------------


def test_what_was_used_least_recently_goes_first(three):
    assert make_room(SIZE, 4 * SIZE + SLACK)
    assert there(three) == [True, True, True]
    assert make_room(SIZE, 3 * SIZE + SLACK)
    assert there(three) == [False, True, True]
    lease(three[1], "used again").release()
    assert make_room(SIZE, 2 * SIZE + SLACK)
    assert there(three) == [False, True, False]


def test_what_is_in_use_stays_even_where_it_is_the_oldest(three):
    held = lease(three[0], "mine")
    assert make_room(SIZE, 2 * SIZE + SLACK)
    assert there(three) == [True, False, False]
    assert not make_room(SIZE, SIZE + SLACK)
    held.release()
    assert make_room(SIZE, SIZE + SLACK)
    assert there(three) == [False, False, False]


def test_nothing_is_removed_for_what_does_not_fit_anyway(three):
    assert not make_room(5 * SIZE, 4 * SIZE)
    assert there(three) == [True, True, True]
    assert not make_room(5 * SIZE, 2 * SIZE + SLACK)  # but what is over the limit is
    assert there(three) == [False, True, True]


def test_nothing_is_removed_for_what_fits_only_without_entries_in_use(three):
    held = [lease(folder, "mine") for folder in three[:2]]
    assert not make_room(2 * SIZE, 3 * SIZE + SLACK)
    assert there(three) == [True, True, True]
    held[0].release()
    assert make_room(2 * SIZE, 3 * SIZE + SLACK)
    assert there(three) == [False, True, False]


def test_nothing_more_always_fits(three):
    held = [lease(folder, "mine") for folder in three]
    assert make_room(0, SIZE)
    assert make_room(-4096, SIZE)
    assert not make_room(1, SIZE)
    assert there(three) == [True, True, True]
    assert len(held) == 3


def test_a_full_disk_counts_like_a_limit(three, monkeypatch):
    usage = shutil._ntuple_diskusage
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(0, 0, SIZE // 2))
    assert make_room(SIZE, 100 * SIZE)
    assert there(three) == [False, True, True]
    assert not make_room(4 * SIZE, 100 * SIZE)


def test_by_default_half_of_what_the_disk_has_for_it(three, monkeypatch):
    usage = shutil._ntuple_diskusage
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(0, 0, 9 * SIZE))
    assert 6 * SIZE <= default_limit() <= 6 * SIZE + SLACK
    assert make_room(3 * SIZE - SLACK)
    assert not make_room(7 * SIZE)
    assert there(three) == [True, True, True]


def test_rests_of_killed_processes_go(three):
    rest = three[0].with_name(f".{'d' * 32}.{'0' * 32}.tmp")
    rest.mkdir()
    with (rest / "pixels.npy").open("wb") as file:
        file.truncate(SIZE)
    assert sum(entry.bytes for entry in entries()) >= 4 * SIZE  # it would become as large
    held = lease(three[0].with_name("d" * 32), "pixels being made")
    make_room(0, 100 * SIZE)
    assert rest.exists()
    held.release()
    make_room(0, 100 * SIZE)
    assert not rest.exists()
    assert there(three) == [True, True, True]


def test_only_entries_are_counted_and_removed(cache, three):
    others = [
        cache / "torchvision" / ("e" * 32),
        cache / "pixels" / "holiday pictures",
        cache / "documents" / ("f" * 32),
    ]
    for folder in others:
        folder.mkdir(parents=True)
        (folder / "rows.bin").write_bytes(bytes(SIZE))
    assert {entry.path for entry in entries()} == set(three)
    assert {entry.path for entry in clear()[0]} == set(three)
    assert there(others) == [True, True, True]
    assert there(three) == [False, False, False]
    assert [path.name for path in (cache / "locks").rglob("*") if path.is_file()] == ["look"]


def test_files_with_holes_count_what_they_take(cache):
    folder = fill(cache / "activations" / KEYS[0])
    with (folder / "rows.bin").open("ab") as file:
        file.truncate(1000 * SIZE)
    (entry,) = entries()
    assert SIZE <= entry.bytes <= SIZE + SLACK


def test_entries_are_described(three):
    held = lease(three[1], "activations of wheels — 5 images")
    newest, last, oldest = entries()
    assert (newest.path, newest.in_use) == (three[1], True)
    assert newest.description == "activations of wheels — 5 images"
    held.release()
    assert (last.path, last.description, last.in_use) == (three[2], "rows of wheels", False)
    assert 299 < time.time() - oldest.last_used < 330
    lease(three[1], "short").release()
    assert entries()[0].description == "short"


def test_an_entry_of_before_the_locks_is_an_entry(cache):
    folder = fill(cache / "pixels" / KEYS[0])
    shutil.rmtree(cache / "locks")
    (entry,) = entries()
    assert (entry.description, entry.in_use) == (f"pixels {KEYS[0]}", False)
    assert time.time() - entry.last_used < 60
    clear()
    assert not folder.exists()


# ---- two machines, between which no lock works --------------------------------------------------


@pytest.fixture
def on_host_b(monkeypatch):
    """Return a function that makes a file as a process of another machine does."""

    def call(make, path):
        with monkeypatch.context() as patch:
            patch.setattr(platform, "node", lambda: "host-b")
            return make(path)

    return call


def lock_of(folder):
    return folder.parents[1] / "locks" / folder.parent.name / folder.name


def test_what_another_machine_uses_stays(three, on_host_b):
    end = on_host_b(mark, lock_of(three[0]))
    assert [entry.in_use for entry in entries()] == [False, False, True]
    assert make_room(SIZE, 2 * SIZE + SLACK)
    assert there(three) == [True, False, False]
    end()
    assert clear()[0][0].path == three[0]


def test_a_machine_that_is_silent_uses_nothing(three, cache, on_host_b):
    on_host_b(mark, lock_of(three[0]))
    (file,) = (cache / "locks" / "pixels").glob("*.user")
    os.utime(file, (time.time() - SECONDS_OF_A_USER + 60,) * 2)
    assert entries()[-1].in_use
    os.utime(file, (time.time() - SECONDS_OF_A_USER - 1,) * 2)
    assert not entries()[-1].in_use
    assert not file.exists()


def test_what_another_machine_begins_to_use_while_it_is_removed_comes_back(
    three, on_host_b, monkeypatch
):
    rename, ends = Path.rename, []

    def begin_to_use(path, target):
        if path == three[0]:
            ends.append(on_host_b(mark, lock_of(path)))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", begin_to_use)
    assert {entry.path for entry in clear()[0]} == set(three[1:])
    assert there(three) == [True, False, False]
    ends[0]()


def test_a_lease_is_seen_by_other_machines(three, cache, monkeypatch):
    held = lease(three[0], "pixels")
    monkeypatch.setattr(platform, "node", lambda: "host-b")
    assert len(users(lock_of(three[0]))) == 1
    held.release()
    assert users(lock_of(three[0])) == []


def test_what_another_machine_builds_is_waited_for(three, on_host_b, monkeypatch):
    monkeypatch.setattr("benchmark.storage.lease.SECONDS_BETWEEN_LOOKS", 0.01)
    end = on_host_b(claim, lock_of(three[0]).with_suffix(".builder"))
    sentences, ended = [], threading.Event()

    def end_later(sentence):
        sentences.append(sentence)
        threading.Thread(target=lambda: (time.sleep(0.05), ended.set(), end())).start()

    with build_lock(three[0], end_later):
        assert ended.is_set()
    (sentence,) = sentences
    assert re.match(r"note: .*pixels.* is made by host-b, process \d+; it is waited for", sentence)


# ---- processes -------------------------------------------------------------------------------

HOLD = """
import sys
from pathlib import Path
from benchmark.storage.cache import lease
held = lease(Path(sys.argv[1]), "rows of another process")
print("held", flush=True)
sys.stdin.read()
"""

USE = """
import os, sys, time
from pathlib import Path
from benchmark.storage.cache import lease
end, rounds = time.time() + 1, 0
folder = Path(sys.argv[1])
while time.time() < end:
    held = lease(folder, "rows")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / str(os.getpid())).write_text("rows")
    time.sleep(0.0005)
    assert (folder / str(os.getpid())).read_text() == "rows"
    held.release()
    time.sleep(0.0005)  # now a removal may succeed, on a busy machine too
    rounds += 1
print(rounds)
"""


def start(code, folder):
    words = [sys.executable, "-c", code, str(folder)]
    pipe = subprocess.PIPE
    return subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def test_another_process_keeps_what_it_uses_until_it_ends(three):
    with start(HOLD, three[1]) as other:
        other.stdout.readline()
        assert [entry.in_use for entry in entries()] == [True, False, False]
        removed, kept_back = clear()
        assert {entry.path for entry in removed} == {three[0], three[2]}
        (used,) = kept_back
        assert (used.path, used.description) == (three[1], "rows of another process")
        assert there(three) == [False, True, False]
        other.send_signal(signal.SIGKILL)
    removed, kept_back = clear()
    assert [entry.path for entry in removed] == [three[1]]
    assert not kept_back


def test_an_empty_cache_is_read_and_cleared_without_making_it(cache):
    assert entries() == []
    assert clear() == ([], [])
    assert not cache.exists()


def test_a_removal_never_takes_an_entry_from_its_reader(cache):
    folder = cache / "activations" / KEYS[0]
    readers = [start(USE, folder) for _ in range(2)]
    removed = 0
    while any(reader.poll() is None for reader in readers):
        removed += len(clear()[0])
    for reader in readers:
        out, error = reader.communicate()
        assert not error
        assert int(out) > 10
    assert removed > 0


def test_a_lease_that_waited_for_a_removal_is_of_the_new_entry(three):
    lock = three[0].parents[1] / "locks" / "pixels" / three[0].name
    held = []
    waiting = threading.Thread(target=lambda: held.append(lease(three[0], "pixels")))
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        waiting.start()
        time.sleep(0.1)
        lock.unlink()
    waiting.join()
    assert [entry.path for entry in clear()[1]] == [three[0]]


def test_workers_get_no_lease(cache):
    held = lease(cache / "pixels" / KEYS[0], "pixels")
    assert pickle.loads(pickle.dumps(held)) is None


def test_a_lease_ends_with_its_object(three):
    held = lease(three[0], "pixels")
    assert clear()[1][0].path == three[0]
    del held
    assert clear()[0][0].path == three[0]

"""Derived data is bounded and removed only when nobody uses it."""

import fcntl
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest

from benchmark.cli import main
from benchmark.storage.cache import cache_dir, clear, default_limit, entries, lease, make_room

SIZE = 2**18  # of an entry's file; its folder may take some blocks too
SLACK = 2**15
KEYS = ("a" * 20, "b" * 20, "c" * 32)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("IMBALANCE_BENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def fill(folder, age=0.0, about="rows of wheels"):
    """Make an entry that was used some seconds ago and is used no more."""
    held = lease(folder, about)
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
    monkeypatch.delenv("IMBALANCE_BENCH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_dir() == tmp_path / "imbalance-bench"


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
    assert newest.about == "activations of wheels — 5 images"
    held.release()
    assert (last.path, last.about, last.in_use) == (three[2], "rows of wheels", False)
    assert 299 < time.time() - oldest.last_used < 330
    lease(three[1], "short").release()
    assert entries()[0].about == "short"


def test_an_entry_of_before_the_locks_is_an_entry(cache):
    folder = fill(cache / "pixels" / KEYS[0])
    shutil.rmtree(cache / "locks")
    (entry,) = entries()
    assert (entry.about, entry.in_use) == (f"pixels {KEYS[0]}", False)
    assert time.time() - entry.last_used < 60
    clear()
    assert not folder.exists()


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
    rounds += 1
print(rounds)
"""


def start(code, folder):
    words = [sys.executable, "-c", code, str(folder)]
    pipe = subprocess.PIPE
    return subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def test_another_process_keeps_what_it_uses_until_it_ends(three, capsys):
    with start(HOLD, three[1]) as other:
        other.stdout.readline()
        assert main(["cache"]) == 0
        assert [line.endswith("yes") for line in capsys.readouterr().out.splitlines()[1:4]] == (
            [True, False, False]
        )
        assert main(["cache", "--clear"]) == 0
        told = capsys.readouterr().out
        assert re.search(r"^removed 2 entries, 5\d\d KB, from ", told)
        assert re.search(r"\nkept, as it is in use: rows of another process, 2\d\d KB\n", told)
        assert there(three) == [False, True, False]
        other.send_signal(signal.SIGKILL)
    removed, kept = clear()
    assert [entry.path for entry in removed] == [three[1]]
    assert not kept


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


# ---- command line ----------------------------------------------------------------------------


def test_an_empty_cache_is_shown_and_cleared_without_making_it(cache, capsys):
    assert main(["cache"]) == 0
    assert main(["cache", "--clear"]) == 0
    shown, cleared = capsys.readouterr().out.splitlines()
    assert shown.startswith(f"0 B in {cache}")
    assert cleared == f"removed 0 entries, 0 B, from {cache}"
    assert not cache.exists()


def test_a_limit_that_is_no_size_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["plan", "--cache-limit", "much"])
    assert "like 20GB" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["list"], ["cache"]])
def test_words_that_need_no_torch_do_not_import_it(words):
    code = (
        "import sys; from benchmark.cli import main\n"
        f"try: main({words})\nexcept SystemExit: pass\n"
        "sys.exit(' '.join({'torch', 'pandas', 'sklearn', 'scipy', 'matplotlib'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == "\n"
    assert done.stdout

"""Files that say who holds or uses something, seen from two machines."""

import json
import os
import platform
import subprocess
import sys
import time

import pytest

from benchmark.storage import owner_file as module
from benchmark.storage.owner_file import (
    SECONDS_UNTIL_LOST,
    HeldError,
    claim,
    mark,
    read_holder,
    users,
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "builder"


@pytest.fixture
def on_host(monkeypatch):
    """Return a function that lets this process be on another machine from now on."""
    return lambda name: monkeypatch.setattr(platform, "node", lambda: name)


def age(path, seconds):
    os.utime(path, (time.time() - seconds,) * 2)


def test_one_process_alone_has_it(path, on_host):
    give_back = claim(path)
    on_host("host-b")
    with pytest.raises(HeldError, match=rf"{os.getpid()}, heard of \d+ s ago"):
        claim(path)
    give_back()
    claim(path)()
    assert not path.exists()


def test_the_error_says_which_machine_has_it(path, on_host):
    on_host("host-b")
    give_back = claim(path)
    on_host("host-a")
    with pytest.raises(HeldError, match="builder is of host-b, process"):
        claim(path)
    give_back()


def test_what_another_machine_has_not_touched_for_a_while_is_left(path, on_host):
    claim(path)
    age(path, SECONDS_UNTIL_LOST - 5)
    on_host("host-b")
    with pytest.raises(HeldError):
        claim(path)
    age(path, SECONDS_UNTIL_LOST + 1)
    claim(path)()
    assert list(path.parent.iterdir()) == []


def test_what_a_process_of_this_machine_has_left_is_left_at_once(path):
    code = (
        "import sys, os; from pathlib import Path; from benchmark.storage.owner_file import claim\n"
        "claim(Path(sys.argv[1])); print('claimed', flush=True); input()"
    )
    pipe = subprocess.PIPE
    words = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(words, stdin=pipe, stdout=pipe) as other:
        other.stdout.readline()
        age(path, 10 * SECONDS_UNTIL_LOST)  # as if the machine had been suspended
        with pytest.raises(HeldError):
            claim(path)
        other.kill()
        other.wait()
    claim(path)()


def test_a_lock_of_the_system_says_that_a_file_of_this_machine_is_left(path, on_host):
    """Where the system does not tell when a process began, another one may have its number."""
    claim(path)
    claim(path, alone_here=True)
    on_host("host-b")
    with pytest.raises(HeldError):
        claim(path, alone_here=True)


def test_what_this_process_could_not_remove_it_can_claim_again(path):
    claim(path)()
    path.write_text(json.dumps(module.asdict(module.Owner.this_process())))
    claim(path)()


def test_who_has_lost_it_removes_nothing_of_the_next_one(path, on_host):
    give_back = claim(path)
    age(path, SECONDS_UNTIL_LOST + 1)
    on_host("host-b")
    second = claim(path)
    give_back()
    assert path.exists()
    second()
    assert not path.exists()


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"host": 1}'])
def test_what_is_just_being_written_is_held(path, text):
    path.write_text(text)
    with pytest.raises(HeldError, match="builder is of a process, heard of"):
        claim(path)
    age(path, SECONDS_UNTIL_LOST + 1)
    claim(path)()


def test_who_is_faster_keeps_it(path, monkeypatch):
    """Two machines find what a third has left; the second looks before the first claims."""
    path.write_text("")
    age(path, SECONDS_UNTIL_LOST + 1)
    left = read_holder(path)
    faster = claim(path)
    module._remove_left(path, left)
    assert read_holder(path).owner
    faster()
    assert list(path.parent.iterdir()) == []


def test_a_file_is_touched_while_it_is_held(path, monkeypatch):
    monkeypatch.setattr(module, "SECONDS_BETWEEN_TOUCHES", 0.005)
    monkeypatch.setattr(module, "_toucher", module._Toucher())
    give_back = claim(path)
    for _ in range(2):
        age(path, 1000)
        end = time.monotonic() + 5
        while time.time() - path.stat().st_mtime > 500:
            assert time.monotonic() < end
            time.sleep(0.002)
    give_back()
    while module._toucher._thread:
        assert time.monotonic() < end
        time.sleep(0.002)


def test_users_are_those_that_live(path, on_host):
    first, second = mark(path), mark(path)
    assert len(users(path)) == 2
    second()
    on_host("host-b")
    assert [user.owner.process for user in users(path)] == [os.getpid()]
    for file in path.parent.iterdir():
        age(file, SECONDS_UNTIL_LOST + 1)
    assert len(users(path, 2 * SECONDS_UNTIL_LOST)) == 1
    assert users(path) == []
    assert list(path.parent.iterdir()) == []
    first()
    assert users(path.parent / "missing" / "entry") == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no copies of a process")
def test_a_copy_of_the_process_removes_nothing(path):
    give_back = mark(path)
    if not (child := os.fork()):
        give_back()
        os._exit(bool(len(module._toucher._paths)))
    assert os.waitpid(child, 0)[1] == 0
    assert len(users(path)) == 1
    give_back()

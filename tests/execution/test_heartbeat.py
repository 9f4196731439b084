"""A worker's heartbeat: what it says, when it falls silent, and who is alive."""

import json
import os
import platform
import shutil
import subprocess
import sys
import threading
import time

import pytest

from benchmark.execution import heartbeat as module
from benchmark.execution.heartbeat import SECONDS_UNTIL_LOST, Heartbeat, is_alive
from benchmark.storage import file_clock
from benchmark.system import stopping


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Let it look all the time, and write what is new at once."""
    monkeypatch.setattr(module, "SECONDS_BETWEEN_POLLS", 0.002)
    monkeypatch.setattr(module, "SECONDS_BETWEEN_BEATS", 0.0)
    monkeypatch.setattr(stopping, "_wish", stopping._Wish())


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return tmp_path / "states" / "key.steps"


def open_heartbeat(path, **about):
    return Heartbeat(path, path.parent / "stop", **about)


def wait_for(condition):
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


def written(path):
    return json.loads(path.read_text())


def make_older(path, seconds):
    os.utime(path, (time.time() - seconds,) * 2)


def on_another_host(monkeypatch):
    monkeypatch.setattr(platform, "node", lambda: "host-b")


def test_it_says_who_trains_where_and_how_far(path):
    with open_heartbeat(path, device="cuda:1", attempt=2, attempts=3, reason="killed") as heartbeat:
        beat = Heartbeat.read(path)
        assert (beat.steps, beat.seconds_per_step, beat.device) == (0, None, "cuda:1")
        assert (beat.owner.host, beat.owner.process) == (platform.node(), os.getpid())
        assert (beat.attempt, beat.attempts, beat.reason) == (2, 3, "killed")
        assert abs(beat.began - time.time()) < 60
        heartbeat(3)
        heartbeat(4)
        wait_for(lambda: Heartbeat.read(path).steps == 7)
        assert 0 <= Heartbeat.read(path).seconds_per_step < 5
    assert Heartbeat.read(path) is None
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("device", "visible", "expected"),
    [
        ("cuda", "2", "cuda (GPU 2)"),
        ("cuda", "0,1", "cuda"),
        ("cpu", "2", "cpu"),
        ("cuda:1", "", "cuda:1"),
    ],
)
def test_a_process_that_sees_one_gpu_says_which(path, monkeypatch, device, visible, expected):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    with open_heartbeat(path, device=device):
        assert Heartbeat.read(path).device == expected


def test_steps_of_an_interrupted_run_make_no_pace(path, monkeypatch):
    clock = iter((100.0, 102.0, 104.0))
    heartbeat = open_heartbeat(path)
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    heartbeat(500)
    heartbeat(1)
    heartbeat(1)
    monkeypatch.undo()
    path.parent.mkdir()
    heartbeat._write()
    assert Heartbeat.read(path).seconds_per_step == 2.0
    assert Heartbeat.read(path).steps == 502


def test_it_beats_also_while_no_step_ends(path, monkeypatch):
    monkeypatch.setattr(module, "SECONDS_BETWEEN_SIGNS", 0.0)
    with open_heartbeat(path):
        make_older(path, 1000)
        wait_for(lambda: time.time() - path.stat().st_mtime < 500)


def test_it_is_not_written_for_every_step(path, monkeypatch):
    monkeypatch.setattr(module, "SECONDS_BETWEEN_BEATS", 1000.0)
    with open_heartbeat(path) as heartbeat:
        heartbeat(1)
        time.sleep(0.05)
        assert Heartbeat.read(path).steps == 0


def test_its_thread_ends_with_it_also_after_an_error(path):
    before = threading.active_count()

    def fail():
        with open_heartbeat(path):
            assert threading.active_count() == before + 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert threading.active_count() == before
    assert not path.exists()


def test_it_looks_for_the_file_that_asks_to_end(path):
    with open_heartbeat(path):
        assert not stopping.requested()
        (path.parent / "stop").touch()
        wait_for(stopping.requested)


@pytest.mark.parametrize("obstacle", ["a folder", "a file in place of the folder"])
def test_steps_that_can_not_be_written_end_no_training(path, obstacle):
    if obstacle == "a folder":
        path.mkdir(parents=True)
    else:
        path.parent.write_text("")
    with open_heartbeat(path) as heartbeat:
        heartbeat(1)
        time.sleep(0.02)
        assert heartbeat._thread.is_alive()


def test_a_run_that_is_over_gets_no_folder_again(path):
    with open_heartbeat(path) as heartbeat:
        path.unlink()
        path.parent.rmdir()
        heartbeat(1)
        time.sleep(0.02)
    assert not path.parent.exists()


@pytest.mark.parametrize("in_worker", [False, True])
def test_a_worker_whose_run_was_removed_is_asked_to_end(path, in_worker):
    with open_heartbeat(path, in_worker=in_worker) as heartbeat:
        heartbeat(1)
        wait_for(lambda: Heartbeat.read(path).steps == 1)
        shutil.rmtree(path.parent)
        if in_worker:
            wait_for(stopping.requested)
        else:
            time.sleep(0.02)
            assert not stopping.requested()
    assert not path.parent.exists()


def test_a_file_that_was_removed_is_written_again(path):
    with open_heartbeat(path) as heartbeat:
        path.unlink()
        heartbeat(1)
        wait_for(path.exists)


def test_of_a_segment_that_another_process_has_taken_over_it_keeps_off(path):
    with open_heartbeat(path) as first:
        with open_heartbeat(path) as second:
            first(1)
            wait_for(stopping.requested)
            second(5)
            wait_for(lambda: Heartbeat.read(path).steps == 5)
        path.write_text(json.dumps({"of": "nobody"}))
        second_content = path.read_text()
        first(1)
        time.sleep(0.02)
        assert path.read_text() == second_content


@pytest.mark.parametrize("text", ["", "7", "{", '{"steps": 1}', "[]", "null"])
def test_what_is_no_heartbeat_says_nothing(tmp_path, text):
    (tmp_path / "key.steps").write_text(text)
    assert Heartbeat.read(tmp_path / "key.steps") is None
    assert not is_alive(Heartbeat.read(tmp_path / "key.steps"))


def test_a_link_is_not_followed(path):
    path.parent.mkdir()
    kept = path.parent / "kept"
    kept.write_text("content")
    path.symlink_to(kept)
    assert Heartbeat.read(path) is None
    with open_heartbeat(path):
        assert Heartbeat.read(path)
    assert kept.read_text() == "content"


# ---- who is alive ----------------------------------------------------------------------------

BEAT = """
import sys, time
from pathlib import Path
from benchmark.execution.heartbeat import Heartbeat
with Heartbeat(Path(sys.argv[1]), Path(sys.argv[1]).with_name("stop")):
    print("beats", flush=True)
    time.sleep(60)
"""


def test_on_its_own_machine_its_process_is_looked_for(path):
    words = [sys.executable, "-c", BEAT, str(path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        beat = Heartbeat.read(path)
        assert (beat.owner.process, is_alive(beat)) == (other.pid, True)
        make_older(path, 10 * SECONDS_UNTIL_LOST)  # as after the machine was suspended
        assert is_alive(Heartbeat.read(path))
        other.kill()
        other.wait()
    assert not is_alive(Heartbeat.read(path))


def test_a_process_number_that_is_used_again_is_another_process(path):
    with open_heartbeat(path):
        content = written(path)
        assert is_alive(Heartbeat.read(path))
    content["owner"]["process_start"] -= 1
    path.write_text(json.dumps(content))
    assert is_alive(Heartbeat.read(path)) is not sys.platform.startswith("linux")


def test_on_another_machine_it_is_lost_after_a_while_without_a_beat(path, monkeypatch):
    with open_heartbeat(path):
        content = path.read_text()
    path.write_text(content)
    on_another_host(monkeypatch)
    assert is_alive(Heartbeat.read(path))
    make_older(path, SECONDS_UNTIL_LOST - 5)
    assert is_alive(Heartbeat.read(path))
    make_older(path, SECONDS_UNTIL_LOST + 1)
    assert not is_alive(Heartbeat.read(path))


def test_its_age_follows_the_clock_of_the_files(path, monkeypatch):
    """This machine's clock may be an hour off."""
    monkeypatch.setattr(file_clock, "_offsets", {})
    with open_heartbeat(path):
        late = time.time() + 3600
        monkeypatch.setattr(time, "time", lambda: late)
        assert Heartbeat.read(path).age() < 5


def test_in_a_folder_that_can_only_be_read_its_age_is_told_by_this_machine(path, monkeypatch):
    monkeypatch.setattr(file_clock, "_offsets", {})
    with open_heartbeat(path):
        beat = Heartbeat.read(path)

    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(file_clock, "_time_of_new_file", refuse)
    assert beat.age() < 5

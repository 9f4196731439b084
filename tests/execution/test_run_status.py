"""How far a run is, read from its folder."""

import os
import subprocess
import sys
import time

import pytest

from benchmark.execution.folder_lock import locked
from benchmark.execution.heartbeat import SECONDS_UNTIL_LOST
from benchmark.execution.record_schema import ErrorInfo
from benchmark.execution.run_folder import RunFolder
from benchmark.execution.run_status import State, read_status
from benchmark.execution.segment_list import ListedSegment, SegmentList
from benchmark.storage import file_clock, typed_json
from benchmark.storage.typed_json import INDENTED, write
from tests.execution.fabricated_status import KEYS, beat, beat_here, finish, list_segments


@pytest.fixture
def folder(tmp_path):
    return list_segments(tmp_path)


def states(folder):
    return [str(status.state) for status in read_status(folder).segments]


def test_each_segment_is_what_its_files_say(folder):
    finish(folder, KEYS[0])
    beat(folder, KEYS[1])
    beat(folder, KEYS[2], age=SECONDS_UNTIL_LOST + 1)
    folder.write_error(KEYS[3], ErrorInfo("ValueError: no\nmore", ""))
    assert states(folder) == ["done", "running", "lost", "failed", "waiting", "waiting"]
    status = read_status(folder)
    assert status.segments[3].reason == "ValueError: no"
    assert status.segments[1].share == 0.4
    assert status.segments[1].beat.owner.name == "host-b, process 812"
    assert 1 < status.segments[1].age < 30
    assert status.is_at_work


def test_a_worker_is_lost_within_a_minute(folder):
    beat(folder, KEYS[0], age=SECONDS_UNTIL_LOST - 5)
    beat(folder, KEYS[1], age=59)
    assert states(folder)[:2] == ["running", "lost"]


def test_a_worker_of_this_machine_that_was_killed_is_lost_at_once(folder):
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    beat_here(folder, KEYS[0])
    beat_here(folder, KEYS[1], ended.pid)
    assert states(folder)[:2] == ["running", "lost"]


def test_a_worker_that_lives_and_is_silent_hangs(folder):
    beat_here(folder, KEYS[0], age=SECONDS_UNTIL_LOST + 1)
    (status,) = read_status(folder).in_state(State.LOST)
    assert status.beat.owner.lives() is not False


def test_what_goes_on_from_another_waits_for_it(tmp_path):
    folder, (begin, first, second) = list_segments(tmp_path), KEYS[:3]
    segments = (
        ListedSegment(begin, "plain = deferred", 0, None, 0, 80, False, True),
        ListedSegment(first, "plain", 0, begin, 80, 100, True, False),
        ListedSegment(second, "deferred", 0, begin, 80, 100, True, False),
    )
    write(folder.segments_file, SegmentList(segments=segments))
    assert [s.waits_for for s in read_status(folder).segments] == [
        "",
        "plain = deferred (seed 0)",
        "plain = deferred (seed 0)",
    ]
    folder.outputs_manifest_file(begin).touch()  # it is not what others go on from
    assert states(folder) == ["waiting"] * 3
    folder.state_file(begin).touch()
    assert states(folder) == ["done", "waiting", "waiting"]
    assert [s.waits_for for s in read_status(folder).segments] == ["", "", ""]


# ---- time left -------------------------------------------------------------------------------


@pytest.mark.parametrize("most_indented", [INDENTED, 0])
def test_time_left_follows_from_measured_paces(folder, monkeypatch, most_indented):
    monkeypatch.setattr(typed_json, "INDENTED", most_indented)  # manifests of many classes are long
    finish(folder, KEYS[0], seconds=200.0)  # plain: 2 s a step
    beat(folder, KEYS[1], steps=90, age=0.0)  # mixed: 10 steps of 0.5 s are left
    beat(folder, KEYS[3], steps=90, age=0.0)
    # c and e: 200 s each, beside f with 50
    assert read_status(folder).seconds_left == pytest.approx(5 + 200 + 50, abs=60)
    assert read_status(folder).paces == {"plain": 2.0, "mixed": 0.5}


def test_a_training_in_a_quick_phase_takes_as_long_as_one_that_is_done(folder):
    finish(folder, KEYS[0], seconds=200.0)
    for key in KEYS[1:2] + KEYS[3:]:
        finish(folder, key)
    beat(folder, KEYS[2], steps=50, seconds=5.0, age=0.0)  # at its pace: 5 s
    assert read_status(folder).seconds_left == pytest.approx(195, abs=10)
    beat(folder, KEYS[2], steps=50, seconds=500.0, age=0.0)  # of a slower machine
    assert read_status(folder).seconds_left == pytest.approx(500, abs=10)
    beat(folder, KEYS[2], steps=61, first_steps=60, seconds=2.0, age=0.0)  # it goes on
    assert read_status(folder).seconds_left == pytest.approx(78, abs=10)


def test_time_left_is_not_known_without_a_pace_or_a_worker(folder):
    assert read_status(folder).seconds_left is None
    finish(folder, KEYS[0])
    assert read_status(folder).seconds_left is None
    beat(folder, KEYS[1], first_steps=40, seconds=0.0)
    assert read_status(folder).seconds_left is not None


# ---- a line ----------------------------------------------------------------------------------


def test_a_line_says_what_runs_where(folder):
    finish(folder, KEYS[0], seconds=200.0)
    beat(folder, KEYS[1], steps=40)
    beat(folder, KEYS[2], age=100)
    folder.write_error(KEYS[3], ErrorInfo("ValueError: no", ""))
    line = read_status(folder).summary()
    assert line.startswith(
        "1 of 6 trainings done, 1 running (host-b: mixed (seed 1) 40%), 1 lost, 1 failed, about "
    )
    assert line.endswith("left")
    assert read_status(folder).activity() == line.rpartition(", about ")[0]  # beside a bar


def test_a_line_has_an_end(tmp_path):
    folder = list_segments(tmp_path, strategies=("a" * 500, "b" * 500))
    for key in KEYS:
        beat(folder, key, host="host" * 100)
    line = read_status(folder).summary()
    assert "6 running (hosthost" in line
    assert ", …)" in line
    assert len(line) < 400


# ---- the whole run ---------------------------------------------------------------------------


def test_a_run_is_at_work_while_its_lock_is_held(folder):
    assert not read_status(folder).is_at_work
    with locked(folder.path, ""):
        assert read_status(folder).is_at_work
        assert read_status(folder).holder.owner.process == os.getpid()


def test_a_run_that_is_over_names_its_report(folder):
    (folder.path / "report.html").touch()
    assert read_status(folder).report is None, "an earlier one: six trainings are left"
    folder.discard_states()
    assert read_status(folder).report == folder.path / "report.html"
    with locked(folder.path, ""):
        assert read_status(folder).report is None


def test_failures_are_counted_without_reading_whole_records(folder):
    head = '{\n "sha256": "0",\n "status": '
    for name, status in (("a", "ok"), ("b", "failed"), ("c", "failed")):
        (folder.path / "records" / f"{name}.json").write_text(f'{head}"{status}"')
    (folder.path / "records" / "d.json").mkdir()
    assert read_status(folder).records() == (4, 2)


def test_a_folder_that_can_only_be_read_is_looked_at(folder, monkeypatch):
    def refuse(_):
        raise PermissionError

    monkeypatch.setattr(file_clock, "_offsets", {})
    monkeypatch.setattr(file_clock, "_time_of_new_file", refuse)
    beat(folder, KEYS[0])
    assert states(folder)[0] == "running"


def test_nothing_is_left_in_the_folder(folder, monkeypatch):
    monkeypatch.setattr(file_clock, "_offsets", {})
    beat(folder, KEYS[0])
    before = sorted(folder.path.rglob("*"))
    read_status(folder)
    assert sorted(folder.path.rglob("*")) == before


def test_no_folder_is_no_error(tmp_path):
    status = read_status(RunFolder(tmp_path / "missing"))
    assert (status.segments, status.holder, status.report) == ((), None, None)


def test_many_segments_take_no_time(tmp_path):
    folder = list_segments(tmp_path)
    keys = [f"{i:064x}"[::-1] for i in range(2000)]
    segments = tuple(
        ListedSegment(key, f"s{i % 20}", i // 20, None, 0, 100, True, False)
        for i, key in enumerate(keys)
    )
    write(folder.segments_file, SegmentList(segments=segments))
    for key in keys[:64]:
        beat(folder, key)
    begun = time.perf_counter()
    assert len(read_status(folder).in_state(State.RUNNING)) == 64
    assert time.perf_counter() - begun < 2

"""`status`: how far a run is."""

import json
import subprocess
import sys

import pytest

from benchmark.cli import main
from benchmark.cli.commands import status as command
from benchmark.execution.folder_lock import locked
from benchmark.execution.record_schema import ErrorInfo
from tests.execution.fabricated_status import KEYS, beat, finish, list_segments
from tests.execution.test_grid_status import make_sweep


@pytest.fixture
def folder(tmp_path):
    folder = list_segments(tmp_path / "run")
    folder.run_file.touch()
    return folder


@pytest.fixture
def show(folder, capsys):
    def call(*flags, path=folder.path):
        assert main(["status", str(path), *flags]) == 0
        return capsys.readouterr().out

    return call


def test_it_says_what_is_done_runs_waits_failed_and_is_lost(folder, show):
    finish(folder, KEYS[0], 200)
    beat(folder, KEYS[1], attempt=2, reason="killed\nby a signal")
    beat(folder, KEYS[2], age=72)
    folder.write_error(KEYS[3], ErrorInfo("ValueError: no such class\nmore", ""))
    lines = show().splitlines()
    assert lines[0].startswith(f"{folder.path}: 1 of 6 trainings done, 1 running (host-b: mixed")
    assert lines[1] == "the process that carries it out: none is at work"
    text = "\n".join(lines)
    assert "  mixed (seed 1)   40%, host-b, process 812, cuda:0, 0.5 s a step, heard of " in text
    assert ", try 2 of 3 (before: killed)" in text
    assert "lost\n  plain (seed 2)  host-b, process 812, not heard of for 1 min 1" in text
    assert "failed\n  mixed (seed 0)  ValueError: no such class\n" in text
    assert "waiting\n     2 for a free worker" in text


def test_a_run_that_nobody_carries_out_says_how_it_goes_on(folder, show):
    words = "0 of 6 trainings done; not at work: the same command goes on from what is finished"
    assert words in show()
    folder.discard_states()
    assert "ended before its report was written; the same command goes on" in show()
    with locked(folder.path, ""):
        assert "it prepares, or writes records and the report\n" in show()


def test_a_training_that_is_in_the_queue_again_has_begun(folder, show):
    assert "no training has begun: what they share is computed first\n" in show()
    (folder.partial_file(KEYS[1])).touch()
    assert "no training runs: what was saved goes on once a worker is free\n" in show()


def test_a_run_that_is_over_names_its_report(folder, show):
    folder.discard_states()
    (folder.path / "report.html").touch()
    (folder.path / "records" / "a.json").write_text('{"status": "failed"}')
    (folder.path / "records" / "b.json").write_text('{"status": "ok"}')
    report = folder.path / "report.html"
    words = f"finished, 2 records, 1 of them a failure; report: {report}\n"
    assert show() == f"{folder.path}: {words}"


def test_many_segments_are_counted_and_not_all_named(folder, show, monkeypatch):
    monkeypatch.setattr("benchmark.cli.status_summary.MOST_LINES", 2)
    for key in KEYS:
        beat(folder, key)
    assert "\n  and 4 more" in show()


def test_a_sweep_has_a_line_for_each_run_and_more_of_those_at_work(tmp_path, show):
    make_sweep(tmp_path / "sweep")
    beat(list_segments(tmp_path / "sweep" / "strong"), KEYS[0])
    text = show(path=tmp_path / "sweep")
    assert text.startswith(f"{tmp_path / 'sweep'}: 2 runs\n")
    assert "\n  forum   not begun\n  strong  0 of 6 trainings done, 1 running (" in text
    assert "\nstrong:\n" in text


def test_json_has_all_segments(folder, show):
    finish(folder, KEYS[0])
    beat(folder, KEYS[1])
    status = json.loads(show("--json"))
    (run,) = status["runs"]
    assert [segment["state"] for segment in run["segments"]] == [
        "done",
        "running",
        *["waiting"] * 4,
    ]
    assert run["segments"][1]["host"] == "host-b"
    assert run["segments"][1]["done"] == 40
    assert status["at_work"]
    assert status["process"] is None
    with locked(folder.path, ""):
        assert json.loads(show("--json"))["process"]["age"] >= 0


def test_it_is_watched_until_nobody_is_at_work(folder, show, monkeypatch):
    looks = []
    beat(folder, KEYS[0])

    def wait(seconds):
        looks.append(seconds)
        if len(looks) == 2:
            folder.heartbeat_file(KEYS[0]).unlink()

    monkeypatch.setattr(command.time, "sleep", wait)
    assert show("--watch").count("6 trainings done") == 3
    assert looks == [command.SECONDS_BETWEEN_LOOKS] * 2


def test_a_folder_without_a_run_is_an_error(tmp_path, capsys):
    assert main(["status", str(tmp_path)]) == 2
    assert "holds no run: there is no run.json in it" in capsys.readouterr().err


def test_it_starts_without_torch_and_pandas(folder):
    code = (
        "import sys; from benchmark.cli import main; main(['status', sys.argv[1]])\n"
        "heavy = {'torch', 'pandas', 'scipy'} & set(sys.modules); assert not heavy, heavy"
    )
    beat(folder, KEYS[0])
    words = [sys.executable, "-c", code, str(folder.path)]
    subprocess.run(words, check=True, capture_output=True)

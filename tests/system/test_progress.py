"""What a run prints as it goes, and the seconds of its tasks."""

import pytest

from benchmark.system import progress
from benchmark.system.live_progress import RichProgress
from benchmark.system.progress import (
    LogProgress,
    NullProgress,
    Timer,
    format_duration,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (61, "1 min 01 s"), (3599.7, "1 h 00 min"), (7500, "2 h 05 min")],
)
def test_format_duration(seconds, text):
    assert format_duration(seconds) == text


def test_plain_lines_say_how_far_and_how_long(capsys, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    log = LogProgress()
    with log.task("training", 40, "steps") as advance:
        log.show_status("no_change (seed 0)")
        advance(1)  # too early to say
        now[0] += 10
        advance(9)
        now[0] += 30
        advance(30)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "training: 10 of 40 steps (25%), 30 s left · no_change (seed 0)"
    assert printed[-1] == "training: 40 of 40 steps in 40 s"
    assert len(printed) == 3


def test_the_time_left_is_not_told_from_the_start_of_a_task(capsys, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    with LogProgress().task("training", 100, "steps") as advance:
        for steps in (2, 1):
            now[0] += 10
            advance(steps)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "training: 2 of 100 steps (2%)"
    assert printed[1] == "training: 3 of 100 steps (3%), 10 min 47 s left"


def test_nothing_to_do_is_not_mentioned(capsys):
    with LogProgress().task("frozen layers", 0, "images"):
        pass
    assert capsys.readouterr().out == ""


def test_a_timer_adds_the_seconds_of_each_task_and_passes_all_on(capsys, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress.time, "perf_counter", lambda: now[0])
    timer = Timer(LogProgress())
    timer.say("a sentence")
    for seconds in (2, 3):
        with timer.task("training", 1, "steps") as advance:
            advance(1)
            now[0] += seconds
    now[0] += 1
    assert timer.seconds == {"training": 5}
    assert timer.total_seconds == 6
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "a sentence"
    assert len(printed) == 3


def test_a_bar_names_the_task_and_its_units(capsys):
    bars = RichProgress()
    with bars.task("training", 2, "steps") as advance:
        bars.show_status("no_change (seed 0)")
        advance(2)
    bars.say("done")
    printed = capsys.readouterr().out
    assert "training" in printed
    assert "2/2" in printed
    assert "in all" in printed  # the time of a task that is done is none that is left
    assert printed.splitlines()[-1] == "done"


def test_the_null_progress_prints_nothing(capsys):
    null = NullProgress()
    with null.task("training", 2, "steps") as advance:
        advance(1)
        null.show_status("no_change")
        null.say("done")
    assert capsys.readouterr().out == ""

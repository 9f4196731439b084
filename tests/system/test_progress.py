"""What a run prints as it goes, and the seconds of its tasks."""

import io
import sys
from contextlib import contextmanager

import pytest

from benchmark.system import progress
from benchmark.system.live_progress import RichProgress
from benchmark.system.progress import (
    LastingProgress,
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


class Broken(NullProgress):
    """Raises an error at one of its methods, or while a task is open; notes its calls."""

    def __init__(self, method, error):
        self.method, self.error, self.calls = method, error, []

    def fail(self, method):
        self.calls.append(method)
        if method == self.method:
            raise self.error

    def say(self, text):
        self.fail("say")

    def show_status(self, text):
        self.fail("show_status")

    @contextmanager
    def task(self, name, total, unit):
        self.fail("task")
        try:
            yield lambda units: self.fail("advance")
        finally:
            self.fail("end")


METHODS = ("say", "show_status", "task", "advance", "end")


def work(lasting):
    lasting.say("a sentence")
    with lasting.task("training", 2, "steps") as advance:
        lasting.show_status("no_change")
        advance(2)
    return "done"


@pytest.mark.parametrize("method", METHODS)
def test_what_fails_is_shown_no_more_and_the_work_goes_on(method):
    broken = Broken(method, UnicodeEncodeError("ascii", "·", 0, 1, "no such character"))
    lasting = LastingProgress(broken)
    with pytest.warns(UserWarning, match="progress is shown no more, since UnicodeEncodeError"):
        assert work(Timer(lasting)) == "done"
    calls = list(broken.calls)
    assert ("task" in calls) <= (method == "task" or "end" in calls)  # what was opened is closed
    assert work(lasting) == "done"
    assert broken.calls == calls


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("method", METHODS)
def test_nor_does_it_fail_where_warnings_are_errors(method):
    assert work(LastingProgress(Broken(method, RuntimeError()))) == "done"


@pytest.mark.parametrize("methods", [{}, {"task": lambda *_: None}, {"task": lambda: None}])
def test_an_object_of_another_kind_is_no_error(methods):
    others = {"say": print, "show_status": print}
    lasting = LastingProgress(type("Other", (), others | methods)())
    with pytest.warns(UserWarning, match="progress is shown no more"):
        assert work(lasting) == "done"


@pytest.mark.parametrize("method", METHODS)
def test_a_stop_of_the_user_passes(method):
    with pytest.raises(KeyboardInterrupt):
        work(LastingProgress(Broken(method, KeyboardInterrupt())))


def test_errors_of_the_work_are_raised_and_end_the_task():
    broken = Broken("end", RuntimeError())
    lasting = LastingProgress(broken)
    with (
        pytest.warns(UserWarning, match="RuntimeError"),
        pytest.raises(ZeroDivisionError),
        lasting.task("training", 1, "steps"),
    ):
        raise ZeroDivisionError
    assert broken.calls == ["task", "end"]


class ClosedTerminal(io.StringIO):
    """A terminal whose connection was lost."""

    encoding = "ascii"

    def isatty(self):
        return True

    def write(self, text):
        text.encode("ascii")
        raise BrokenPipeError


@pytest.mark.parametrize("shows", [LogProgress, RichProgress])
def test_a_lost_terminal_ends_no_work(monkeypatch, shows):
    monkeypatch.setattr(sys, "stdout", ClosedTerminal())
    assert work(shows()) == "done"


def test_bars_of_a_terminal_without_their_signs_are_ascii(monkeypatch):
    for columns in ("100", "20"):
        written = io.BytesIO()
        monkeypatch.setenv("COLUMNS", columns)
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
        assert work(RichProgress()) == "done"
        sys.stdout.flush()
        assert b"\\" not in written.getvalue()
        if columns == "100":
            assert b"---" in written.getvalue()
            assert b"2/2" in written.getvalue()

"""What a run says where nobody watches."""

import pytest

from benchmark.system import progress
from benchmark.system.progress import LogProgress, duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (61, "1 min 01 s"), (3599.7, "1 h 00 min"), (7500, "2 h 05 min")],
)
def test_duration(seconds, text):
    assert duration(seconds) == text


def test_plain_lines_say_how_far_and_how_long(capsys, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    lines = LogProgress()
    with lines.task("training", 40, "steps") as advance:
        lines.now("no_change (seed 0)")
        advance(1)  # too early to say
        now[0] += 10
        advance(9)
        now[0] += 30
        advance(30)
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "training: 10 of 40 steps (25%), 30 s left · no_change (seed 0)"
    assert said[-1] == "training: 40 of 40 steps in 40 s"
    assert len(said) == 3


def test_nothing_to_do_is_not_mentioned(capsys):
    with LogProgress().task("frozen layers", 0, "images"):
        pass
    assert capsys.readouterr().out == ""

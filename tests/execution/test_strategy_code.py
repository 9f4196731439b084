"""Why code of a strategy failed."""

import io
import os
import signal
import sys

import pytest

from benchmark.execution.strategy_code import failure_of
from benchmark.system.stopping import Stopped


class ExitingError(Exception):
    """An exception whose text ends the process."""

    def __str__(self):
        os._exit(0)


def fail(error):
    """Return a function that raises."""

    def run():
        raise error

    return run


def test_what_does_not_fail_has_no_failure():
    done = []
    assert failure_of(lambda: done.append(1)) is None
    assert done == [1]


@pytest.mark.parametrize(
    "error", [ValueError("no"), SystemExit(0), KeyboardInterrupt(), GeneratorExit(), ExitingError()]
)
def test_whatever_is_raised_is_a_failure_with_its_traceback(error):
    failure = failure_of(fail(error))
    assert failure.error.startswith(type(error).__name__)
    assert "test_strategy_code.py" in failure.traceback
    assert not failure.by_machine


def test_what_it_prints_fails_nothing(monkeypatch):
    stream = io.StringIO()
    stream.close()
    monkeypatch.setattr(sys, "stdout", stream)
    assert failure_of(lambda: print("a line", flush=True)) is None
    assert sys.stdout is not None


def test_a_signal_passes_through():
    with pytest.raises(Stopped):
        failure_of(fail(Stopped(signal.SIGTERM)))


def test_an_end_that_was_caught_is_a_failure():
    def run():
        try:
            os._exit(0)
        except BaseException:
            return

    assert "it called os._exit(0)" in failure_of(run).error

"""Exceptions as text, whatever they do when they are asked for it."""

import signal

import pytest

from benchmark.system.error_text import (
    LONGEST_MESSAGE,
    LONGEST_TRACEBACK,
    error_text,
    error_traceback,
)
from benchmark.system.stopping import Stopped, request, signals_noted


class StoppingError(Exception):
    """While its text is made, a signal asks the run to end."""

    def __str__(self):
        raise Stopped(signal.SIGTERM)


def test_a_signal_is_not_taken_for_a_failure_of_the_text():
    with signals_noted():
        request()
        with pytest.raises(Stopped):
            error_text(StoppingError())


class UnprintableError(Exception):
    """An exception without a text."""

    def __str__(self):
        raise SystemExit(0)

    __repr__ = __str__


def raised(error):
    """Return an exception with a traceback."""
    try:
        raise error
    except BaseException as caught:
        return caught


def recursion():
    """Return the error of an endless recursion."""

    def recurse():
        recurse()

    try:
        recurse()
    except RecursionError as error:
        return error


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("a"), "ValueError: a"),
        (ValueError(), "ValueError"),
        (KeyError("a"), "KeyError: 'a'"),
        (SystemExit(0), "SystemExit: it called sys.exit(0)"),
        (SystemExit("enough"), "SystemExit: it called sys.exit('enough')"),
        (UnprintableError(), "UnprintableError: <its text can't be had: SystemExit>"),
        (ValueError("\ud800 \x1b[31m \u202e\r"), r"ValueError: \ud800 \x1b[31m \u202e\r"),
    ],
)
def test_every_exception_has_a_text_that_can_be_written(error, text):
    assert error_text(error) == text
    whole = error_traceback(raised(error))
    whole.encode()
    assert "test_error_text.py" in whole
    assert "\x1b" not in whole


@pytest.mark.parametrize("error", [ValueError("long " * 1_000_000), recursion()])
def test_texts_are_bounded(error):
    assert len(error_text(error)) < LONGEST_MESSAGE + 100
    assert len(error_traceback(raised(error))) < LONGEST_TRACEBACK + 100

"""An exception of any code as text: whatever it does when it is asked for its text."""

from collections.abc import Callable
from traceback import format_exception

from benchmark.system.isolation import is_failure_of_code
from benchmark.system.text import printable_lines

LONGEST_MESSAGE = 2_000  # characters: it stands in a table and on the terminal
LONGEST_TRACEBACK = 20_000


def error_text(error: BaseException) -> str:
    """Return type and message of an exception, of a bounded length and without control codes.

    >>> error_text(KeyError("a")), error_text(SystemExit(0))
    ("KeyError: 'a'", 'SystemExit: it called sys.exit(0)')
    """
    name = _text(lambda: type(error).__name__)
    if isinstance(error, SystemExit):
        message = f"it called sys.exit({_text(lambda: repr(error.code))})"
    elif type(error) is KeyboardInterrupt and not error.args:
        message = "it was raised, and nobody pressed Ctrl+C"
    else:
        message = _text(lambda: str(error))
    return f"{name}: {_both_ends(message, LONGEST_MESSAGE)}" if message else name


def error_traceback(error: BaseException) -> str:
    """Return the traceback of an exception, of a bounded length and without control codes."""
    return _both_ends(
        _text(lambda: "".join(map(_piece, format_exception(error)))), LONGEST_TRACEBACK
    )


def _piece(text: str) -> str:
    return text if len(text) <= LONGEST_MESSAGE else f"{_both_ends(text, LONGEST_MESSAGE)}\n"


def _both_ends(text: str, most: int) -> str:
    """Return a printable text of about `most` characters; of a longer one, both ends."""
    if len(text) > most:
        half = most // 2
        text = f"{text[:half]}\n[{len(text) - 2 * half:,} characters left out]\n{text[-half:]}"
    return printable_lines(text)


def _text(read: Callable[[], str]) -> str:
    """Return a text that code of the user's makes; if it fails, that it does."""
    try:
        text = read()
        return text if type(text) is str else str.__str__(text)
    except BaseException as failure:  # it may raise anything, SystemExit too
        if not is_failure_of_code(failure):
            raise
        return f"<its text can't be had: {type(failure).__name__}>"

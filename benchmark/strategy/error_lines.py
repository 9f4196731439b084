"""Which line of a user's file has led to an error."""

import traceback
from pathlib import Path

from benchmark.strategy.beside import import_hint
from benchmark.strategy.located import is_users
from benchmark.system.error_text import error_text
from benchmark.system.isolation import IsolationError


def line_in(file: Path, error: BaseException) -> int | None:
    """Return the line of a file that led to an error; None if it is elsewhere."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((f.lineno for f in reversed(frames) if f.filename == str(file)), None)


def error_with_line(error: BaseException, path: Path) -> str:
    """Return an error with the line of the user's file that led to it; `path` is its plug-in."""
    if isinstance(error, SyntaxError):
        file, line = Path(error.filename or path), error.lineno
        text = f"{type(error).__name__}: {error.msg}"
    else:
        file, line = _last_users_line(error, path)
        text = error_text(error)
        if type(error) in (ValueError, IsolationError):
            text = text.removeprefix(f"{type(error).__name__}: ")
    where = f"line {line}" if file == path else f"{file.name}, line {line}"
    return text + (f" ({where})" if line else "") + import_hint(error, path)


def _last_users_line(error: BaseException, path: Path) -> tuple[Path, int | None]:
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = Path(frame.filename)
        if file == path or (file.suffix == ".py" and file.is_file() and is_users(file)):
            return file, frame.lineno
    return path, None

"""Keep what libraries warn of from the terminal; what files of the user's warn of stays.

A warning of a library is for who calls it, which is this package. Nothing is changed if Python was
told what to show, by -W or PYTHONWARNINGS.
"""

import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmark.system.installed import is_installed

# for processes that this one starts: joblib's tracker of shared files, and the C++ code of torch
ENVIRONMENT = {"PYTHONWARNINGS": "ignore:resource_tracker", "TORCH_CPP_LOG_LEVEL": "ERROR"}


@contextmanager
def libraries_silenced() -> Iterator[None]:
    """Silence libraries in this process, and in those that it starts, for a while."""
    with ExitStack() as stack:
        if not _is_told():
            stack.enter_context(warnings.catch_warnings())
            warnings.showwarning = _of_users_only(warnings.showwarning)
            if handler := logging.lastResort:  # prints what nobody has set up logging for
                handler.addFilter(_is_users_record)
                stack.callback(handler.removeFilter, _is_users_record)
            for name in ENVIRONMENT.keys() - os.environ.keys():
                os.environ[name] = ENVIRONMENT[name]
                stack.callback(os.environ.pop, name, None)
        yield


def is_users(file: str) -> bool:
    """Return whether a file is no part of Python, of an installed package or of this one."""
    return Path(file).is_absolute() and not is_installed(Path(file))


def _is_told() -> bool:
    """Return whether the user has told Python which warnings to show."""
    return any(option not in ENVIRONMENT.values() for option in sys.warnoptions)


def _of_users_only(show: Callable[..., None]) -> Callable[..., None]:
    def show_if_users(
        message: Any, category: Any, filename: str, lineno: int, *others: Any, **more: Any
    ) -> None:
        if is_users(filename):
            show(message, category, filename, lineno, *others, **more)

    return show_if_users


def _is_users_record(record: logging.LogRecord) -> bool:
    return is_users(record.pathname)

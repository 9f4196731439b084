"""New Python processes that import what this one imports."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def safe_import_path() -> Iterator[None]:
    """Keep the working folder from the front of the import path of processes that start meanwhile.

    They would take a file of the user's, such as random.py, for a library. joblib sends them the
    path of this process.
    """
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before

"""Files and folders that the system does not open, for root neither."""

import os
from pathlib import Path


def close(monkeypatch, number, *closed):
    """Let the system refuse, with this number, to open files, or folders and all in them."""

    def refusing(call):
        def called(path, *rest, **options):
            where = Path(path) if isinstance(path, str | os.PathLike) else Path()
            # what is closed can be seen, but not what is in it
            opened = () if call is stat and str(path) == str(where) else (where,)
            if {*opened, *where.parents} & set(closed):
                raise OSError(number, os.strerror(number), os.fspath(path))
            return call(path, *rest, **options)

        return called

    stat = os.stat
    for name in ("open", "stat", "scandir"):
        monkeypatch.setattr(os, name, refusing(getattr(os, name)))

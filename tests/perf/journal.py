"""Measurements in a file of JSON lines, each appended as soon as it is made."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

Row = dict[str, Any]


class Journal:
    """Rows in the order of measurement; a line that was cut short is ignored."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, row: Row) -> None:
        """Append a row and wait until it is on the disk."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps(row, allow_nan=False).encode()
        if self._is_cut_short():
            line = b"\n" + line
        with self.path.open("ab") as file:
            file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def rows(self) -> list[Row]:
        """Return all whole rows."""
        if not self.path.exists():
            return []
        rows = []
        for line in self.path.read_bytes().splitlines():
            try:
                row = json.loads(line)
            except ValueError:  # the bench was killed while it wrote
                continue
            if isinstance(row, dict):
                rows.append(row)
        return rows

    def _is_cut_short(self) -> bool:
        if not self.path.exists() or not self.path.stat().st_size:
            return False
        with self.path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"

"""JSON files that can be made again: with a hash of themselves, and read only if they are whole."""

import json
from pathlib import Path
from typing import Any

from benchmark.storage.atomic import write_text
from benchmark.storage.stored_file import hash_of, read_text, with_hash


def write_json(file: Path, content: dict[str, Any]) -> None:
    """Write an object atomically; its keys keep their order. ValueError for NaN and infinity."""
    write_text(file, with_hash(json.dumps(content, indent=1, allow_nan=False) + "\n"))


def read_json(file: Path) -> dict[str, Any] | None:
    """Return what `write_json` has written; None if there is no file, or it is damaged.

    UnreadableError if it can't be read now.
    """
    try:
        text = read_text(file)
    except (FileNotFoundError, ValueError):
        return None
    content: dict[str, Any] | None = json.loads(text) if hash_of(text) else None
    return content

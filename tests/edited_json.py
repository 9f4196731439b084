"""A stored JSON file, edited as a run would have written it: with the hash of what it is then."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmark.storage.stored_file import with_hash


@contextmanager
def edited_json(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the content of the file, and write it back as it is then."""
    content = json.loads(file.read_text(encoding="utf-8"))
    content.pop("sha256")
    yield content
    file.write_text(with_hash(json.dumps(content, indent=1) + "\n"), encoding="utf-8")

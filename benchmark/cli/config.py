"""Settings from a TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from benchmark.plan.settings import settings_of
from benchmark.spec import did_you_mean


def read_config(file: str, *kinds: type) -> dict[str, Any]:
    """Return the settings of these dataclasses that stand in a TOML file, by name.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no TOML, or a key or a value is not allowed.
    """
    path = Path(file)
    if not path.is_file():
        raise FileNotFoundError(f"--config {file}: no such file")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"--config {file}: {error}") from None
    known = {definition.key: definition for definition in settings_of(*kinds).values()}
    values: dict[str, Any] = {}
    for key, value in content.items():
        definition = known.get(key.replace("_", "-"))
        if definition is None:
            raise ValueError(
                f"--config {file}: unknown key {key!r}.{did_you_mean(key, known)} "
                f"Known: {', '.join(sorted(known))}"
            )
        try:
            values[definition.name] = definition.read(value)
        except ValueError as error:
            raise ValueError(f"--config {file}: {error}") from None
    return values

"""Parameters behind a name: `wheels:classes=7,ratio=100`, `focal_loss:gamma=1`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def split_parameters(owner: str, text: str) -> dict[str, str]:
    """Split 'a=1,b=2' into its parts; `owner` names whose they are in errors (ValueError)."""
    parameters: dict[str, str] = {}
    for item in filter(None, (item.strip() for item in text.split(","))):
        name, equals, value = (part.strip() for part in item.partition("="))
        if not (name and equals and value):
            raise ValueError(f"{owner}: {item!r} is not of the form name=value.")
        if name in parameters:
            raise ValueError(f"{owner}: {name} is given twice.")
        parameters[name] = value
    return parameters


def parse_parameters(owner: str, function: Callable[..., Any], text: str) -> dict[str, Any]:
    """Read the arguments for `function` in `text`, each of the type of its default.

    Raises ValueError for a parameter that it doesn't have, or a value that isn't of its type.
    """
    signature = inspect.signature(function).parameters
    defaults = {name: each.default for name, each in signature.items()}
    arguments: dict[str, Any] = {}
    for name, value in split_parameters(owner, text).items():
        if name not in defaults:
            listed = ", ".join(f"{each}={default}" for each, default in defaults.items())
            raise ValueError(
                f"{owner} has no parameter {name!r}; "
                f"it takes {f'{listed} (the defaults)' if listed else 'none'}."
            )
        declared_float = signature[name].annotation in (float, "float")  # of which 2 is one too
        kind = float if declared_float else type(defaults[name])
        try:
            arguments[name] = TRUTH[value.lower()] if kind is bool else kind(value)
        except (ValueError, KeyError, TypeError):
            raise ValueError(f"{owner}: {name}={value} is not of type {kind.__name__}.") from None
    return arguments

"""Heads and fitted rules as JSON: the name of the class and its numbers, and back.

Only classes of this package are written, so a model needs no file of a strategy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from benchmark.strategy import rules
from benchmark.strategy.components import CosineHead, LinearHead

HEADS = (LinearHead, CosineHead)
_OF_RULES = (each for each in vars(rules).values() if isinstance(each, type) and is_dataclass(each))
_RULES = (each for each in _OF_RULES if each.__module__ == rules.__name__)
KINDS: dict[str, type] = {kind.__name__: kind for kind in (*HEADS, *_RULES)}
_KIND = "kind"


def is_ours(component: Any) -> bool:
    """Return whether a component is of this package, and so are those that it holds."""
    if type(component) not in KINDS.values():
        return False
    held = (getattr(component, field.name) for field in fields(component))
    return all(is_ours(each) for each in held if is_dataclass(each))


def to_content(component: Any) -> dict[str, Any]:
    """Return a component that `is_ours` as the content of a JSON object."""
    values = {field.name: getattr(component, field.name) for field in fields(component)}
    return {_KIND: type(component).__name__} | {
        name: to_content(value) if is_dataclass(value) else value for name, value in values.items()
    }


def from_content(content: Mapping[str, Any]) -> Any:
    """Return the component that `to_content` has described; ValueError for another content."""
    kind = KINDS.get(str(content.get(_KIND)))
    if kind is None:
        raise ValueError(f"{content.get(_KIND)!r} is none of {', '.join(KINDS)}")
    given = {name: _value(value) for name, value in content.items() if name != _KIND}
    if given.keys() != {field.name for field in fields(kind)}:
        raise ValueError(f"{kind.__name__} has not the fields {', '.join(given) or 'none'}")
    return kind(**given)


def _value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return from_content(value)
    return tuple(map(_value, value)) if isinstance(value, list | tuple) else value

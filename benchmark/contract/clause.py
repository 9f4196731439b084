"""A clause of the contract, and what was found of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmark.strategy import Strategy
from benchmark.strategy.registry import Entry


class BrokenClauseError(Exception):
    """A clause is broken; says what was seen and what to do."""


@dataclass(frozen=True)
class Case:
    """A strategy as it is registered, and as it is built by default."""

    entry: Entry
    strategy: Strategy


@dataclass(frozen=True)
class Finding:
    """Whether one clause is kept."""

    clause: str  # in words
    wrong: str = ""  # what is wrong; '' if it is kept


Clause = Callable[[Case], None]  # raises that; its docstring's first line is the clause in words


def require(kept: object, wrong: str) -> None:
    """Raise `BrokenClauseError` unless something holds."""
    if not kept:
        raise BrokenClauseError(wrong)


def described(value: Any) -> str:
    """Say what something is: shape and type of an array or tensor, how many of several, itself."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{tuple(value.shape)} {value.dtype}"
    if isinstance(value, tuple | list):
        return f"{len(value)} of them in a {type(value).__name__}"
    return repr(value)


def pair(value: Any, what: str) -> tuple[Any, Any]:
    """Return two arrays or tensors, if they are that; `what` begins the sentence otherwise."""
    kept = isinstance(value, tuple) and len(value) == 2 and all(hasattr(v, "shape") for v in value)
    require(kept, f"{what} must be returned, as two; got {described(value)}")
    return value[0], value[1]


def stage_name(case: Case, number: int) -> str:
    """Say which stage, if there are several: to begin a sentence with."""
    return f"stage {number}: " if len(case.strategy.stages) > 1 else ""

"""What a check of the contract is given, and how it fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmark.strategy import Strategy
from benchmark.strategy.registration import StrategyEntry


class CheckFailedError(Exception):
    """A check fails; the message says what was observed and what to do."""


@dataclass(frozen=True)
class Case:
    """A strategy as it is registered, and as it is built with its defaults."""

    entry: StrategyEntry
    strategy: Strategy


@dataclass(frozen=True)
class CheckOutcome:
    """The outcome of one check.

    Attributes
    ----------
    check
        What the check requires.
    error
        What is wrong; '' if the strategy passes.
    """

    check: str
    error: str = ""


# raises CheckFailedError; the first line of its docstring is what it requires
ContractCheck = Callable[[Case], None]


def require(passed: object, error: str) -> None:
    """Raise `CheckFailedError` unless something holds."""
    if not passed:
        raise CheckFailedError(error)


def describe(value: Any) -> str:
    """Return shape and type of an array or tensor, the length of a list, or the value itself."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{tuple(value.shape)} {value.dtype}"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    return repr(value)


def require_pair(value: Any, name: str) -> tuple[Any, Any]:
    """Return two arrays or tensors. The name begins the error if there are not two."""
    is_pair = isinstance(value, tuple) and len(value) == 2
    require(
        is_pair and all(hasattr(item, "shape") for item in value),
        f"{name} must be returned as a tuple of two; got {describe(value)}",
    )
    return value[0], value[1]


def stage_prefix(case: Case, number: int) -> str:
    """Return the beginning of an error: the stage's number, if there are several stages."""
    return f"stage {number}: " if len(case.strategy.stages) > 1 else ""

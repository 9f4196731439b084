"""A clause of the contract, and what was found of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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


def stage_name(case: Case, number: int) -> str:
    """Say which stage, if there are several: to begin a sentence with."""
    return f"stage {number}: " if len(case.strategy.stages) > 1 else ""

"""What a check of the contract is given, and how it fails."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmark.strategy import Stage, Strategy
from benchmark.strategy.registration import StrategyEntry


class CheckFailedError(Exception):
    """A check fails; the message says what was observed and what to do."""


@dataclass(frozen=True)
class Case:
    """A strategy as it is registered, and as it is built with its defaults."""

    entry: StrategyEntry
    strategy: Strategy

    def stages(self) -> Iterator[tuple[str, Stage]]:
        """Yield each stage and the beginning of its errors: its number, if there are several."""
        stages = self.strategy.stages
        for number, stage in enumerate(stages, start=1):
            yield f"stage {number}: " if len(stages) > 1 else "", stage


@dataclass(frozen=True)
class ContractResult:
    """The outcome of one check."""

    check: str  # what the check requires
    error: str = ""  # what is wrong; '' if the strategy passes
    is_note: bool = False  # whether it neither passes nor fails, but is to be known


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

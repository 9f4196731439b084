"""What an error is planted with: another component, and the declaration of the right strategy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from benchmark.strategy import Strategy, find


@dataclass(frozen=True)
class PlantedError:
    """An error in one component of a registered strategy."""

    name: str
    component: str
    right: str  # the strategy whose declaration is kept
    plant: Callable[[Strategy], Strategy]

    def build(self) -> Strategy:
        """Return the strategy with the error."""
        return self.plant(find(self.right))


def last(**changes: Any) -> Callable[[Strategy], Strategy]:
    """Change components of the last stage."""

    def plant(right: Strategy) -> Strategy:
        *before, final = right.stages
        return replace(right, stages=(*before, replace(final, **changes)))

    return plant


def every(**changes: Any) -> Callable[[Strategy], Strategy]:
    """Change components of all stages."""
    return lambda right: replace(right, stages=tuple(replace(s, **changes) for s in right.stages))


def whole(**changes: Any) -> Callable[[Strategy], Strategy]:
    """Change the head or the decision."""
    return lambda right: replace(right, **changes)


def component(method: str = "__call__", base: type = object) -> Callable[[Any], Any]:
    """Turn a function into a component without fields."""

    def build(function: Any) -> Any:
        return dataclass(frozen=True)(type(function.__name__, (base,), {method: function}))()

    return build

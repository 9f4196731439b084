"""The null row: the baseline trained once more, with another order of images and another head.

Split, recipe, budget and strategy are the same, so what the two differ by is chance. A report calls
a difference that is no larger noise.
"""

from collections.abc import Sequence
from dataclasses import replace

from benchmark.strategy import Strategy
from benchmark.strategy.registry import StrategySpec


def replicate(spec: StrategySpec) -> StrategySpec:
    """Return the same strategy with random numbers of its own, under another name."""
    doc = (
        f"The null row: `{spec.name}` once more, with another order of images and another new "
        f"layer.\n\nSplit, recipe, number of steps and strategy are the same, so the difference "
        f"from `{spec.name}` is chance. It competes with no strategy: one that differs from "
        f"`{spec.name}` no more than this row does may have changed nothing."
    )
    return replace(spec, name=f"{spec.name} again", doc=doc, replicate_of=spec.name)


def with_null_row(specs: Sequence[StrategySpec], original: str | None) -> list[StrategySpec]:
    """Return the strategies, with the null row of one of them below it; None: of none.

    ValueError if another strategy has its name, by the value of a parameter.
    """
    rows = ([s, replicate(s)] if s.name == original else [s] for s in specs)
    together = [spec for row in rows for spec in row]
    if sum(spec.name == f"{original} again" for spec in together) > 1:
        raise ValueError(
            f"'{original} again' is the null row of {original}, and the name of a strategy by the "
            "value of its parameter; give that another value, or --no-null"
        )
    return together


def without_null_row(specs: Sequence[StrategySpec]) -> list[StrategySpec]:
    """Return the strategies that compete."""
    return [spec for spec in specs if spec.replicate_of is None]


def neutral_strategy(specs: Sequence[StrategySpec]) -> str | None:
    """Return the first strategy that changes nothing, the baseline unless another is chosen."""
    return next((s.name for s in specs if s.strategy == Strategy()), None)

"""Values to try when a parameter is tuned: `Between(0.5, 5)`, `OneOf((1, 3))`."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Between:
    """Numbers from `low` to `high`. With `log`, each doubling is equally likely."""

    low: float
    high: float
    log: bool = False

    def __contains__(self, value: Any) -> bool:
        return bool(self.low <= value <= self.high)

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class OneOf:
    """One of a few values."""

    values: tuple[Any, ...]

    def __contains__(self, value: Any) -> bool:
        return value in self.values

    def __str__(self) -> str:
        return f"{', '.join(map(str, self.values[:-1]))} or {self.values[-1]}"


SearchSpace = Between | OneOf

LR_FACTOR = "lr_factor"  # the parameter that every strategy has: a factor on the recipe's rates
LR_FACTORS = Between(0.1, 10, log=True)

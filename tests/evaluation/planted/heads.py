"""Heads with a planted error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from benchmark.strategy import (
    Strategy,
)
from benchmark.strategy.expectations.head import HeadIsLinear
from tests.evaluation.planted.planted_error import PlantedError, whole

COSINES = ("small scale", "long features", "stale")  # errors of a head without a bias


@dataclass(frozen=True)
class OddHead:
    """A head with an error."""

    error: str

    def __call__(self, width, classes):
        error = self.error

        class Head(nn.Linear):
            def forward(self, x):
                unit = nn.functional.normalize
                match error:
                    case "small scale":
                        return 3 * nn.functional.linear(unit(x), unit(self.weight))
                    case "long features":
                        return 30 * nn.functional.linear(x, unit(self.weight))
                    case "stale":  # rows are normalised when the head is built, and never again
                        return 30 * nn.functional.linear(unit(x), self.weight)
                    case "positive":
                        return super().forward(x).relu()
                    case "twins":
                        return super().forward(x)[:, [0, *range(classes - 1)]]
                    case "cold":
                        return super().forward(x) / 10
                    case "features detached":
                        return super().forward(x.detach())
                    case "not trained":
                        return nn.functional.linear(x, self.weight.detach()) + 0 * self.weight.sum()

        head = Head(width, classes, bias=error not in COSINES)
        if error == "stale":
            head.weight.data = nn.functional.normalize(head.weight.data)
        return head


def linear(error: str) -> Callable[[Strategy], Strategy]:
    """Plant a head that is declared to be linear."""
    return whole(head=OddHead(error), expectations=(HeadIsLinear(),))


PLANTED = [
    PlantedError("a tenth of the scale", "head", "ldam_drw", whole(head=OddHead("small scale"))),
    PlantedError(
        "features are not normalised", "head", "ldam_drw", whole(head=OddHead("long features"))
    ),
    PlantedError(
        "rows are normalised at the start only", "head", "ldam_drw", whole(head=OddHead("stale"))
    ),
    PlantedError("logits cannot be negative", "head", "no_change", linear("positive")),
    PlantedError("two classes share an output", "head", "no_change", linear("twins")),
]
KEPT_APART = [
    PlantedError("a tenth of the logits", "head", "no_change", linear("cold")),
    PlantedError(
        "no gradient reaches the features", "head", "no_change", linear("features detached")
    ),
    PlantedError("the head is not trained", "head", "no_change", linear("not trained")),
]

"""Did it take effect? What a strategy says it does against what its training was seen to do.

A place of a strategy that is neutral must be seen to do nothing, one that is not must be seen to do
what it declares, or, where it declares nothing, to do something. Of every strategy it is checked as
well that the blocks that changed are those that the recipe trains, and that it took the steps and
images of the common budget.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.experiment import Recipe
from benchmark.model.catalogue import BLOCKS, HEAD
from benchmark.plan import Budget, Stretch, stretches_of
from benchmark.strategy import Argmax, Stage, Strategy
from benchmark.strategy.effects import (
    Decided,
    DrawnAs,
    Effect,
    Found,
    LabelsAsArgmax,
    NothingAltered,
    NothingMixed,
    PulledAsCrossEntropy,
    Shown,
)
from benchmark.strategy.places import is_neutral

# place -> what is seen of a component that does nothing
_NEUTRAL: dict[str, Effect[Shown]] = {
    "draws": DrawnAs(1.0),
    "views": NothingAltered(),
    "mix": NothingMixed(),
    "loss": PulledAsCrossEntropy(),
}


@dataclass(frozen=True)
class Check:
    """One thing that had to be seen."""

    place: str  # draws, views, mix, loss, decision, trained or budget
    claim: str
    seen: bool | None  # None: it could not be told
    observed: str


def audit(
    strategy: Strategy,
    recipe: Recipe,
    cut: str,
    budget: Budget,
    watched: Sequence[dict[str, Any]],
    decided: Decided,
) -> list[Check]:
    """Check one strategy on one seed.

    Parameters
    ----------
    strategy, recipe, budget
        What was asked for.
    cut
        The first block that the recipe may train.
    watched
        `Watch.to_json` of every stretch of the training.
    decided
        Validation labels by argmax, and by the strategy's decision.
    """
    checks = []
    stretches = stretches_of(strategy, budget)
    for number, stage in enumerate(strategy.stages):
        starts = {one.start for one in stretches if one.stage is stage}
        shown = _shown([one for one in watched if one["start"] in starts], decided.counts)
        of = f"stage {number + 1}: " if len(strategy.stages) > 1 else ""
        checks += [
            Check(one.place, of + one.claim, one.seen, one.observed)
            for one in _of_stage(stage, shown)
        ]
    checks += _of_decision(strategy, decided)
    checks.append(_trained(stretches, recipe, cut, watched))
    checks.append(_budget(budget, watched))
    return checks


def _of_stage(stage: Stage, shown: Shown) -> Iterator[Check]:
    for place, effect in _NEUTRAL.items():
        declared = [one for one in stage.effects if one.place == place]
        if declared:
            yield from (Check(place, one.claim, *one.found(shown)) for one in declared)
        elif is_neutral(stage, place):
            yield Check(place, effect.claim, *effect.found(shown))
        else:
            yield _does_something(place, effect.found(shown), shown.counts)


def _of_decision(strategy: Strategy, decided: Decided) -> Iterator[Check]:
    neutral = LabelsAsArgmax()
    if strategy.effects:
        for one in strategy.effects:
            yield Check(one.place, one.claim, *one.found(decided))
    elif strategy.decide == Argmax():
        yield Check(neutral.place, neutral.claim, *neutral.found(decided))
    else:
        yield _does_something(neutral.place, neutral.found(decided), decided.counts)


def _does_something(place: str, neutral: Found, counts: NDArray[np.int64]) -> Check:
    """Of a component that declares nothing: what a neutral one gives is not what must be seen."""
    is_neutral, observed = neutral
    there = counts[counts > 0]
    level = there.max() < 1.1 * there.min()  # then there may be nothing to do
    claim = "it makes a difference (none is declared)"
    return Check(place, claim, None if is_neutral and level else not is_neutral, observed)


def _shown(watched: Sequence[dict[str, Any]], counts: NDArray[np.int64]) -> Shown:
    """Add up the stretches of a stage."""
    classes = len(counts)
    pull = np.sum([one["pull"] for one in watched], axis=0)  # (C + bins, 2)
    return Shown(
        counts,
        np.sum([one["drawn"] for one in watched], axis=0),
        _both([one["shown"] for one in watched]),
        _both([one["altered"] for one in watched]),
        sum(one["mixed"] for one in watched),
        pull[:classes, 0],
        pull[:classes, 1],
        pull[classes:],
    )


def _both(pairs: Sequence[Sequence[int]]) -> tuple[int, int]:
    return sum(one for one, _ in pairs), sum(two for _, two in pairs)


def _trained(
    stretches: Sequence[Stretch], recipe: Recipe, cut: str, watched: Sequence[dict[str, Any]]
) -> Check:
    """Compare the blocks that changed with those that were to be trained, stretch by stretch."""
    order = (*BLOCKS, HEAD)
    seen = {one["start"]: one for one in watched}
    wrong, said = [], []
    for stretch in stretches:
        one = seen.get(stretch.start)
        if one is None:
            wrong.append(f"nothing was seen from step {stretch.start} on")
            continue
        phase = recipe.phases[stretch.phase]
        first = stretch.stage.trains or (HEAD if phase.trains == HEAD else cut)
        for blocks, changed, what in (
            (one["blocks"], one["trained"], "the parameters"),
            (one["averaging"], one["averaged"], "the batch-norm statistics"),
        ):
            meant = {b for b in blocks if order.index(b) >= order.index(first)}
            if moved := sorted(set(changed) - meant, key=order.index):
                wrong.append(f"{what} of {', '.join(moved)} changed, though frozen")
            if still := sorted(meant - set(changed) - {HEAD}, key=order.index):
                wrong.append(f"{what} of {', '.join(still)} did not change")
        if HEAD not in one["trained"]:
            wrong.append("the parameters of head did not change")
        names = sorted(one["trained"], key=order.index)
        said.append(names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}" if names else "–")
    claim = "the blocks that change are those that are to be trained"
    return Check("trained", claim, not wrong, "; ".join(wrong or [", then ".join(said)]))


def _budget(budget: Budget, watched: Sequence[dict[str, Any]]) -> Check:
    steps, images = (sum(one[name] for one in watched) for name in ("steps", "images"))
    meant = (budget.steps, budget.steps * budget.batch_size)
    claim = f"{meant[0]:,} optimizer steps, {meant[1]:,} images: the budget of every strategy"
    return Check("budget", claim, (steps, images) == meant, f"{steps:,} steps, {images:,} images")

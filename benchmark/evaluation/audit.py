"""Did it take effect? What a strategy says it does against what its training was seen to do.

A place of a strategy that is neutral must be seen to do nothing, one that is not must be seen to do
what it declares, or, where it declares nothing, to do something. What a decision is for is looked
for in a `trial`, and its labels must be those that it gives when it is fitted anew. Of every
strategy it is checked as well that the blocks that changed are those that the recipe trains, and
that it took the steps and images of the common budget.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.evaluation.decision_trial import trial
from benchmark.model.backbone import HEAD
from benchmark.plan.recipes import Recipe
from benchmark.plan.schedule import Budget, StepRange, build_schedule
from benchmark.strategy import Argmax, Decision, Stage, Strategy
from benchmark.strategy.expectations import (
    CheckResult,
    DecisionIsArgmax,
    Expectation,
    ExpectClassSampling,
    GradientMatchesCrossEntropy,
    NoFeatureSynthetic,
    NoImageAugmented,
    NoImageMixed,
)
from benchmark.strategy.measurements import DecisionMeasurement, StageMeasurement

# place -> what is seen of a component that does nothing
_NEUTRAL: dict[str, Expectation[StageMeasurement]] = {
    "sampler": ExpectClassSampling(1.0),
    "augmentation": NoImageAugmented(),
    "mixing": NoImageMixed(),
    "synthesizer": NoFeatureSynthetic(),
    "loss": GradientMatchesCrossEntropy(),
}


@dataclass(frozen=True)
class Check:
    """One thing that had to be seen."""

    place: str  # of the strategy, trained_blocks or budget
    claim: str
    seen: bool | None  # None: it could not be told
    observed: str


def audit(
    strategy: Strategy,
    recipe: Recipe,
    blocks: Sequence[str],
    budget: Budget,
    stages_measured: Sequence[dict[str, Any]],
    decided: DecisionMeasurement,
) -> list[Check]:
    """Check one strategy on one seed.

    Parameters
    ----------
    strategy, recipe, budget
        What was asked for.
    blocks
        Names from the first block that the recipe may train on, the last is the head.
    watched
        `StageMonitor.to_json` of every stretch of the training.
    decided
        The validation labels of the strategy, and the outputs that its decision was fitted on.
    """
    checks = []
    stretches = build_schedule(strategy, budget)
    for number, stage in enumerate(strategy.stages):
        mine = [one for one in stretches if one.stage is stage]
        starts = {one.start for one in mine}
        before = (mine[0].start - mine[0].sampler_start) * budget.batch_size
        shown = _shown(
            [one for one in stages_measured if one["start"] in starts], decided.class_counts, before
        )
        of = f"stage {number + 1}: " if len(strategy.stages) > 1 else ""
        checks += [
            Check(one.place, of + one.claim, one.seen, one.observed)
            for one in _of_stage(stage, shown)
        ]
    checks += of_decision(strategy, decided)
    checks.append(_trained(stretches, recipe, blocks, stages_measured))
    checks.append(_budget(budget, stages_measured))
    return checks


def _of_stage(stage: Stage, shown: StageMeasurement) -> Iterator[Check]:
    for place, effect in _NEUTRAL.items():
        declared = [one for one in stage.expectations if one.component == place]
        if declared:
            yield from (Check(place, one.claim, *one.check(shown)) for one in declared)
        elif stage.is_neutral(place):
            yield Check(place, effect.claim, *effect.check(shown))
        else:
            yield _does_something(place, effect.check(shown), shown.class_counts)


def of_decision(strategy: Strategy, decided: DecisionMeasurement) -> Iterator[Check]:
    """Check the decision of a strategy: what it does in a trial, and what it did."""
    neutral = DecisionIsArgmax()
    place, moved = neutral.component, neutral.check(decided)
    if strategy.decision == Argmax() and not strategy.expectations:
        yield Check(place, neutral.claim, *moved)
        return
    try:
        tried = trial(strategy.decision, decided.class_counts, decided.outputs.features.shape[1])
    except Exception as error:  # a plug-in may ask for more than the trial holds
        yield Check(place, "it can be tried", None, f"{type(error).__name__}: {error}")
    else:
        yield from (Check(place, one.claim, *one.check(tried)) for one in strategy.expectations)
        if not strategy.expectations:
            seen = neutral.check(tried) if moved[0] else moved
            yield _does_something(place, seen, decided.class_counts)
    yield _as_fitted(strategy.decision, decided)


def _as_fitted(decision: Decision, decided: DecisionMeasurement) -> Check:
    """Compare the labels with those of the decision, fitted once more to the same outputs."""
    rule = decision.fit(decided.outputs, decided.class_counts)
    other = int((np.asarray(rule(decided.outputs.without_labels())) != decided.predicted).sum())
    of = f"of {len(decided.predicted)} validation labels"
    before, after = decided.macro_f1
    said = f"{other} {of} are not; it moved {int(decided.changed.sum())}, "
    said += f"macro-F1 from {before:.3f} to {after:.3f}"
    return Check("decision", "the labels are those of the decision", other == 0, said)


def _does_something(place: str, neutral: CheckResult, counts: NDArray[np.int64]) -> Check:
    """Of a component that declares nothing: what a neutral one gives is not what must be seen."""
    is_neutral, observed = neutral
    there = counts[counts > 0]
    level = there.max() < 1.1 * there.min()  # then there may be nothing to do
    claim = "it makes a difference (none is declared)"
    return Check(place, claim, None if is_neutral and level else not is_neutral, observed)


def _shown(
    stages_measured: Sequence[dict[str, Any]], counts: NDArray[np.int64], before: int
) -> StageMeasurement:
    """Add up the stretches of a stage."""
    return StageMeasurement(
        counts,
        np.sum([one["drawn"] for one in stages_measured], axis=0),
        np.sum([one["synthetic"] for one in stages_measured], axis=0),
        _both([one["shown"] for one in stages_measured]),
        _both([one["augmented"] for one in stages_measured]),
        sum(one["mixed"] for one in stages_measured),
        np.sum([one["gradient_norm"] for one in stages_measured], axis=0),
        before,
    )


def _both(pairs: Sequence[Sequence[int]]) -> tuple[int, int]:
    return sum(one for one, _ in pairs), sum(two for _, two in pairs)


def _trained(
    stretches: Sequence[StepRange],
    recipe: Recipe,
    order: Sequence[str],
    stages_measured: Sequence[dict[str, Any]],
) -> Check:
    """Compare the blocks that changed with those that were to be trained, stretch by stretch."""
    seen = {one["start"]: one for one in stages_measured}
    wrong: list[str] = []
    said: dict[str, list[str]] = {"parameters": [], "batch-norm statistics": []}
    for stretch in stretches:
        one = seen.get(stretch.start)
        if one is None:
            wrong.append(f"nothing was seen from step {stretch.start} on")
            continue
        phase = recipe.phases[stretch.phase]
        first = stretch.stage.train_from or (HEAD if phase.train_from == HEAD else order[0])
        for blocks, changed, what in (
            (one["blocks"], one["trained"], "parameters"),
            (one["averaging"], one["averaged"], "batch-norm statistics"),
        ):
            meant = {b for b in blocks if order.index(b) >= order.index(first)}
            if moved := sorted(set(changed) - meant, key=order.index):
                wrong.append(f"the {what} of {', '.join(moved)} changed, though frozen")
            if still := sorted(meant - set(changed) - {HEAD}, key=order.index):
                wrong.append(f"the {what} of {', '.join(still)} did not change")
            said[what].append(_span(sorted(changed, key=order.index)))
        if HEAD not in one["trained"]:
            wrong.append("the parameters of head did not change")
    claim = "the blocks that change are those that are to be trained"
    changes = [f"{what}: {', then '.join(spans)}" for what, spans in said.items()]
    return Check("trained", claim, not wrong, "; ".join(wrong or changes))


def _span(blocks: Sequence[str]) -> str:
    if len(blocks) < 2:
        return blocks[0] if blocks else "none"
    return f"{blocks[0]} to {blocks[-1]}"


def _budget(budget: Budget, stages_measured: Sequence[dict[str, Any]]) -> Check:
    steps, images = (sum(one[name] for one in stages_measured) for name in ("steps", "images"))
    meant = (budget.steps, budget.steps * budget.batch_size)
    claim = f"{meant[0]:,} optimizer steps, {meant[1]:,} images: the budget of every strategy"
    return Check("budget", claim, (steps, images) == meant, f"{steps:,} steps, {images:,} images")

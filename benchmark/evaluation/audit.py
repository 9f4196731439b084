"""Implementation audit: what a strategy declares against what was measured in its training.

A neutral component of a strategy must have no measurable effect. Any other component must have the
effect that it declares or, where it declares nothing, some effect. A decision is tested on a
synthetic network, and its labels must be those that it gives when it is fitted again. Every
strategy is checked as well for two things: the blocks that changed are those that the recipe
trains, and the training took the steps and images of the common budget.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.evaluation.metrics.class_counts import Labels
from benchmark.evaluation.synthetic_network import decide_on_synthetic_network
from benchmark.model.backbone import HEAD
from benchmark.plan.recipes import Recipe
from benchmark.plan.schedule import Budget, StepRange, build_schedule
from benchmark.strategy import Argmax, Decision, ExpectClassSampling, Stage, Strategy
from benchmark.strategy.expectations import inputs
from benchmark.strategy.expectations.decision import DecisionIsArgmax
from benchmark.strategy.expectations.loss import GradientMatchesCrossEntropy
from benchmark.strategy.measurements import (
    CheckResult,
    DecisionMeasurement,
    Expectation,
    StageMeasurement,
)

# component of a stage -> what a neutral one must measure
_NEUTRAL: dict[str, Expectation[StageMeasurement]] = {
    "sampler": ExpectClassSampling(1.0),
    "augmentation": inputs.NoImageAugmented(),
    "mixing": inputs.NoImageMixed(),
    "synthesizer": inputs.NoFeatureSynthetic(),
    "loss": GradientMatchesCrossEntropy(),
}


@dataclass(frozen=True)
class AuditCheck:
    """One expectation, compared with what was measured; both in words."""

    component: str  # of the strategy; or "trained_blocks", "budget"
    expectation: str
    passed: bool | None  # None where the measurement can't decide
    observed: str


def audit(
    strategy: Strategy,
    recipe: Recipe,
    blocks: Sequence[str],
    budget: Budget,
    measured: Sequence[dict[str, Any]],
    decision: DecisionMeasurement,
) -> list[AuditCheck]:
    """Check one strategy on one seed.

    `blocks` are the names of those that the recipe may train, in order; the last is the head.
    `measured` is `StepRangeMonitor.to_json` of every step range of the training, `decision` the
    validation labels of the strategy and the outputs that its decision was fitted to.
    """
    checks = []
    step_ranges = build_schedule(strategy, budget)
    for number, stage in enumerate(strategy.stages, start=1):
        own = [steps for steps in step_ranges if steps.stage is stage]
        starts = {steps.start for steps in own}
        drawn_before = (own[0].start - own[0].sampler_start) * budget.batch_size
        ranges = [values for values in measured if values["start"] in starts]
        measurement = _sum_ranges(ranges, decision.class_counts, drawn_before)
        prefix = f"stage {number}: " if len(strategy.stages) > 1 else ""
        of_stage = _check_stage(stage, measurement)
        checks += [replace(each, expectation=prefix + each.expectation) for each in of_stage]
    trained = _check_trained_blocks(step_ranges, recipe, blocks, measured)
    return [
        *checks,
        *check_decision(strategy, decision),
        trained,
        _check_budget(budget, step_ranges, measured),
    ]


def _check_stage(stage: Stage, measurement: StageMeasurement) -> Iterator[AuditCheck]:
    for component, neutral in _NEUTRAL.items():
        declared = [each for each in stage.expectations if each.component == component]
        if declared:
            yield from (
                AuditCheck(component, each.claim, *each.check(measurement)) for each in declared
            )
        elif stage.is_neutral(component):
            yield AuditCheck(component, neutral.claim, *neutral.check(measurement))
        else:
            yield _has_effect(component, neutral.check(measurement), measurement.class_counts)


def check_decision(strategy: Strategy, measurement: DecisionMeasurement) -> Iterator[AuditCheck]:
    """Check the decision of a strategy: its labels on a synthetic network, and those of the run."""
    neutral = DecisionIsArgmax()
    component, in_run = neutral.component, neutral.check(measurement)
    if strategy.decision == Argmax() and not strategy.expectations:
        yield AuditCheck(component, neutral.claim, *in_run)
        return
    counts = measurement.class_counts
    try:
        width = measurement.outputs.features.shape[1]
        synthetic = decide_on_synthetic_network(strategy.decision, counts, width)
    except Exception as error:  # a plug-in may need more than this network has
        yield AuditCheck(
            component,
            "it can be fitted to a synthetic network",
            None,
            f"{type(error).__name__}: {error}",
        )
    else:
        for each in strategy.expectations:
            yield AuditCheck(component, each.claim, *each.check(synthetic))
        if not strategy.expectations:
            is_argmax, _ = in_run
            yield _has_effect(component, neutral.check(synthetic) if is_argmax else in_run, counts)
    yield _check_refit(strategy.decision, measurement)


def _check_refit(decision: Decision, measurement: DecisionMeasurement) -> AuditCheck:
    """Compare the labels with those of the decision, fitted once more to the same outputs."""
    rule = decision.fit(measurement.outputs, measurement.class_counts)
    refitted = np.asarray(rule(measurement.outputs.without_labels()))
    different = int((refitted != measurement.predicted).sum())
    before, after = measurement.macro_f1
    return AuditCheck(
        "decision",
        "the recorded labels are those of the decision, fitted again",
        different == 0,
        f"{different} of {len(measurement.predicted)} validation labels differ; "
        f"it changed {int(measurement.changed.sum())}, macro-F1 from {before:.3f} to {after:.3f}",
    )


def _has_effect(component: str, neutral: CheckResult, counts: Labels) -> AuditCheck:
    """Check a component without expectations: it must not measure what a neutral one does."""
    is_neutral, observed = neutral
    present = counts[counts > 0]
    balanced = present.max() < 1.1 * present.min()  # then there may be nothing to do
    passed = None if is_neutral and balanced else not is_neutral
    return AuditCheck(
        component, "it has some effect (no expectation is declared)", passed, observed
    )


def _sum_ranges(
    measured: Sequence[dict[str, Any]], counts: Labels, drawn_before: int
) -> StageMeasurement:
    """Sum the measurements of the step ranges of one stage."""

    def total(name: str) -> NDArray[Any]:
        return np.sum([values[name] for values in measured], axis=0)

    images, repeats = total("images_shown").tolist()
    augmented, augmented_repeats = total("augmented").tolist()
    return StageMeasurement(
        counts,
        total("drawn"),
        total("synthetic"),
        (images, repeats),
        (augmented, augmented_repeats),
        int(total("mixed")),
        total("gradient_norm"),
        drawn_before,
    )


def _check_trained_blocks(
    step_ranges: Sequence[StepRange],
    recipe: Recipe,
    order: Sequence[str],
    measured: Sequence[dict[str, Any]],
) -> AuditCheck:
    """Compare the blocks that changed with those that should train, for every step range."""
    by_start = {values["start"]: values for values in measured}
    faults: list[str] = []
    changes: dict[str, list[str]] = {"parameters": [], "batch-norm statistics": []}
    for steps in step_ranges:
        values = by_start.get(steps.start)
        if values is None:
            faults.append(f"nothing was measured from step {steps.start} on")
            continue
        phase = recipe.phases[steps.phase]
        first = steps.stage.train_from or (HEAD if phase.train_from == HEAD else order[0])
        for blocks, changed, kind in (
            (values["blocks"], values["changed_parameters"], "parameters"),
            (values["batch_norm_blocks"], values["changed_batch_norm"], "batch-norm statistics"),
        ):
            expected = {b for b in blocks if order.index(b) >= order.index(first)}
            if unexpected := sorted(set(changed) - expected, key=order.index):
                faults.append(f"the {kind} of {', '.join(unexpected)} changed, though frozen")
            if unchanged := sorted(expected - set(changed) - {HEAD}, key=order.index):
                faults.append(f"the {kind} of {', '.join(unchanged)} did not change")
            changes[kind].append(_format_blocks(sorted(changed, key=order.index)))
        if HEAD not in values["changed_parameters"]:
            faults.append("the parameters of head did not change")
    return AuditCheck(
        "trained_blocks",
        "the blocks that change are those that are to be trained",
        not faults,
        "; ".join(faults or [f"{kind}: {', then '.join(c)}" for kind, c in changes.items()]),
    )


def _format_blocks(blocks: Sequence[str]) -> str:
    return " to ".join(dict.fromkeys([*blocks[:1], *blocks[-1:]])) or "none"


def _check_budget(
    budget: Budget, step_ranges: Sequence[StepRange], measured: Sequence[dict[str, Any]]
) -> AuditCheck:
    steps, images = (sum(values[name] for values in measured) for name in ("steps", "images"))
    declared = step_ranges[-1].end
    expected = (declared, declared * budget.batch_size)
    extra = declared - budget.steps
    more = f", and {extra:,} declared steps after it" if extra else ""
    return AuditCheck(
        "budget",
        f"{expected[0]:,} optimizer steps, {expected[1]:,} images: the budget of every strategy"
        f"{more}",
        (steps, images) == expected,
        f"{steps:,} steps, {images:,} images",
    )

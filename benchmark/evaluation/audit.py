"""Implementation audit: what a strategy declares against what was measured in its training.

A neutral component of a strategy must have no measurable effect. Any other component must have the
effect that it declares or, where it declares nothing, some effect. A declared strength is checked
in size. An augmentation is tested on synthetic images and a decision on a synthetic network; its
labels must be those that it gives when it is fitted again. Every strategy is checked as well for
what holds for all: images of a class are drawn equally often and batches are mixed, the gradient is
that of the strategy's loss, the blocks that changed are those that the recipe trains, and the
training took the steps and images of the common budget.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

from benchmark.evaluation.audit_check import AuditCheck, has_effect
from benchmark.evaluation.decision_audit import check_decision, check_head
from benchmark.evaluation.stage_measurement import measure_stage
from benchmark.model.backbone import HEAD
from benchmark.plan.recipes import Recipe
from benchmark.plan.schedule import Budget, StepRange, build_schedule
from benchmark.strategy import (
    DecisionMeasurement,
    Expectation,
    ExpectClassSampling,
    ExpectLoss,
    ExpectSameLoss,
    Stage,
    StageMeasurement,
    Strategy,
)
from benchmark.strategy.expectations import inputs, mixing, selection, synthesis
from benchmark.strategy.expectations.draws import (
    BatchesMixed,
    ImagesDrawnEqually,
    ImagesDrawnUnequally,
)
from benchmark.strategy.expectations.loss import GradientMatchesCrossEntropy
from benchmark.strategy.expectations.loss_formula import FormulaOnSyntheticLogits

# component of a stage -> what a neutral one must measure
_NEUTRAL: dict[str, Expectation[StageMeasurement]] = {
    "selection": selection.NoImageLeftOut(),
    "sampler": ExpectClassSampling(1.0),
    "augmentation": inputs.NoImageAugmented(),
    "mixing": mixing.NoImageMixed(),
    "synthesizer": synthesis.NoFeatureSynthetic(),
    "loss": GradientMatchesCrossEntropy(),
}


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
    checks: list[AuditCheck] = []
    declared_anywhere = {each.component for stage in strategy.stages for each in stage.expectations}
    step_ranges = build_schedule(strategy, budget)
    by_start = {values["start"]: values for values in measured}
    for number, stage in enumerate(strategy.stages, start=1):
        own = [steps for steps in step_ranges if steps.stage is stage]
        counts, first = decision.class_counts, strategy.stages[0]
        measurement = measure_stage(stage, own, budget, by_start, counts, len(blocks) > 1, first)
        prefix = f"stage {number}: " if len(strategy.stages) > 1 else ""
        of_stage = _check_stage(stage, measurement, declared_anywhere)
        checks += [replace(each, expectation=prefix + each.expectation) for each in of_stage]
    trained = _check_trained_blocks(step_ranges, recipe, blocks, measured)
    return [
        *checks,
        *check_head(strategy, decision),
        *check_decision(strategy, decision),
        trained,
        _check_budget(budget, step_ranges, measured),
    ]


def _check_stage(
    stage: Stage, measurement: StageMeasurement, declared_anywhere: Collection[str]
) -> Iterator[AuditCheck]:
    """Check a stage of a strategy whose stages declare what some components do."""
    for component, neutral in _NEUTRAL.items():
        declared = [each for each in stage.expectations if each.component == component]
        if not declared and stage.is_neutral(component):
            declared = [neutral]
        elif not declared and component in declared_anywhere:
            yield AuditCheck(
                component,
                "what it does is declared in this stage too, or it does nothing here",
                False,
                f"another stage declares its {component}, this one has one without a declaration",
            )
        elif not declared:
            yield has_effect(component, neutral.check(measurement), measurement.class_counts)
        for each in (*declared, *_always(component, stage)):
            yield AuditCheck(component, each.claim, *each.check(measurement))
    for each in stage.expectations:
        if each.component == "schedule":
            yield AuditCheck(each.component, each.claim, *each.check(measurement))


def _always(component: str, stage: Stage) -> Iterator[Expectation[StageMeasurement]]:
    """Yield what is expected of a component whatever it declares."""
    if component == "sampler":
        if not any(isinstance(each, ImagesDrawnUnequally) for each in stage.expectations):
            yield ImagesDrawnEqually()
        yield BatchesMixed()
    if component == "augmentation" and not stage.is_neutral(component):
        yield inputs.ImagesRecognisable()
    if component == "loss" and not stage.is_neutral(component):
        yield ExpectSameLoss(stage.loss)
        for each in stage.expectations:
            if isinstance(each, ExpectLoss):
                yield FormulaOnSyntheticLogits(stage.loss, each)


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

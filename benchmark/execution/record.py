"""Compute and write the record of one strategy and seed from the stored outputs of its network.

No network is trained or run for it: when the code behind a record changes, it is computed again.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.evaluation.audit import audit
from benchmark.evaluation.diagnosis import Evidence, diagnose
from benchmark.evaluation.ensemble_audit import MemberMeasurement, audit_ensemble
from benchmark.evaluation.posthoc import posthoc_scores
from benchmark.evaluation.stage_measurement import left_out_images, total_gradient_norm
from benchmark.evaluation.training_fit import (
    TrainingFit,
    WrongLabelFit,
    training_fit,
    wrong_label_fit,
)
from benchmark.execution import record_schema as schema
from benchmark.execution.cross_fitted import confidence_in, cross_fitted, validation_metrics
from benchmark.execution.outputs import OUTPUT_SPLITS, OutputsManifest, OutputStore
from benchmark.execution.probability_scores import score_probabilities
from benchmark.execution.run_folder import RunFolder
from benchmark.execution.strategy_code import failure_of
from benchmark.plan.recipes import Recipe
from benchmark.plan.schedule import Budget
from benchmark.storage.atomic import digest
from benchmark.storage.number_columns import Floats, Integers
from benchmark.strategy import Decision, Outputs
from benchmark.strategy.fingerprint import fingerprint, package_hash
from benchmark.strategy.measurements import DecisionMeasurement
from benchmark.strategy.protocols import Rule
from benchmark.strategy.registry import StrategySpec
from benchmark.strategy.rules import CalibratedRule, LeastExpectedCost, calibrated
from benchmark.system.isolation import is_failure_of_code
from benchmark.system.own_copy import own_copy

# packages whose change may change a record
RECORD_PACKAGES = ("evaluation", "strategy", "plan", "execution")


@dataclasses.dataclass(frozen=True)
class SeedContext:
    """What the records of all strategies of one seed are computed with."""

    recipe: Recipe
    trainable: tuple[str, ...]  # blocks from the first that the recipe may train, and the head
    budget: Budget
    train_counts: NDArray[np.int64]  # (C,) before any resampling
    posthoc: dict[str, Decision]  # fitted to every network, see `posthoc_decisions`
    # right labels of the training images of the outputs, (M,); None: those given are
    right_labels: NDArray[np.int64] | None = None
    # which training images have a wrong label, (N,) in the order of their classes; None: none has
    wrong_images: NDArray[np.bool_] | None = None


def write_record(
    folder: RunFolder, spec: StrategySpec, seed: int, key: str, context: SeedContext
) -> bool:
    """Write the record of a strategy from its network `key`, unless it is up to date.

    Returns
    -------
    bool
        Whether all went well. An exception of the decision is recorded as the strategy's failure.
    """
    fingerprint = _fingerprint_or_none(spec, key, context)
    try:
        stored = folder.read_record(spec.name, seed)
    except ValueError:  # damaged, or of another version
        stored = None
    if fingerprint and stored and stored.fingerprint == fingerprint:
        if isinstance(stored, schema.Record):
            return True
        if not stored.by_machine:  # it would fail again, see --retry-failed
            return False

    def compute() -> None:
        store = OutputStore(folder)
        outputs, training = store.load(key)
        networks = [store.load(member) for member in training.members]
        networks = networks or [(outputs, training)]
        folder.write_record(_compute(outputs, training, networks, spec, seed, context, fingerprint))

    failure = failure_of(compute)
    if failure:
        write_failure(folder, spec.name, seed, key, failure, fingerprint)
    return failure is None


def write_failure(
    folder: RunFolder,
    strategy: str,
    seed: int,
    key: str,
    error: schema.ErrorInfo,
    fingerprint: str = "",
) -> None:
    """Write the record of a strategy that failed."""
    folder.write_record(
        schema.FailedRecord(
            strategy=strategy, seed=seed, network=key, fingerprint=fingerprint, **vars(error)
        )
    )


def _fingerprint_or_none(spec: StrategySpec, key: str, context: SeedContext) -> str:
    """Return a fingerprint, '' if it can't be had: the record is computed again then."""
    try:
        return _fingerprint(spec, key, context)
    except BaseException as error:  # the source of a notebook can't be read in another process
        if not is_failure_of_code(error):
            raise
        return ""


def _fingerprint(spec: StrategySpec, key: str, context: SeedContext) -> str:
    strategy = spec.strategy
    evaluated = fingerprint([strategy.decision, strategy.declared(), context.posthoc])
    return digest([key, evaluated, *map(package_hash, RECORD_PACKAGES)])


def _compute(
    outputs: Mapping[str, Outputs],
    training: OutputsManifest,
    networks: list[tuple[dict[str, Outputs], OutputsManifest]],  # of an ensemble; else its own
    spec: StrategySpec,
    seed: int,
    context: SeedContext,
    fingerprint: str,
) -> schema.Record:
    """Fit the decision to the validation outputs, apply it to both splits, and measure."""
    counts = context.train_counts
    spec = own_copy(spec)  # of another seed's, too
    # copies: a decision may change what it is given
    rule = spec.strategy.decision.fit(outputs["val"].copy(), counts.copy())
    last = rule.rule if isinstance(rule, CalibratedRule) else rule
    predicted, confidence = {}, {}
    corrected = {split: calibrated(rule, outputs[split]) for split in outputs}
    for split in OUTPUT_SPLITS:
        predicted[split] = chosen = _decide(rule, outputs[split], len(counts))
        confidence[split] = confidence_in(corrected[split], chosen)
    on_validation, held_out = cross_fitted(spec.strategy.decision, outputs["val"], counts)
    of_validation = validation_metrics(on_validation, held_out, counts)
    test = score_probabilities(corrected["test"], predicted["test"], counts)
    return schema.Record(
        strategy=spec.name,
        seed=seed,
        network=training.key,
        parameters=spec.parameters,
        decision=dataclasses.asdict(rule) if dataclasses.is_dataclass(rule) else repr(rule),
        metrics={"val": of_validation, "test": test.metrics},
        costs=last.cost if isinstance(last, LeastExpectedCost) else None,
        is_calibrated=hasattr(rule, "calibrated"),
        training_fit=_training_fit(outputs["train"], corrected["train"], rule, counts),
        wrong_labels=_wrong_label_fit(outputs["train"], rule, context),
        left_out=_left_out(spec, training, context),
        cross_fitted=on_validation,
        one_against_rest=test.one_against_rest,
        reliability=test.reliability,
        budget=_budget_used(training, context),
        audit=_audit(spec, outputs, predicted["val"], networks, context),
        posthoc=posthoc_scores(context.posthoc, outputs["val"], outputs["test"], counts),
        diagnoses=_diagnoses(outputs, predicted["test"], training.curve, counts),
        curve=training.curve,
        losses=training.losses,
        predicted={split: Integers(chosen) for split, chosen in predicted.items()},
        confidence={split: Floats(values) for split, values in confidence.items()},
        fingerprint=fingerprint,
    )


def _budget_used(training: OutputsManifest, context: SeedContext) -> schema.BudgetUsed:
    return schema.BudgetUsed(
        steps=training.steps,
        batch_size=context.budget.batch_size,
        micro_batch=training.micro_batch,
        images_seen=sum(training.drawn),
        distinct_images=training.distinct_images,
        augmented_images=training.augmented_images,
        seconds=training.seconds,
    )


def _audit(
    spec: StrategySpec,
    outputs: Mapping[str, Outputs],
    predicted: NDArray[np.int64],
    networks: list[tuple[dict[str, Outputs], OutputsManifest]],
    context: SeedContext,
) -> schema.AuditRecord:
    """Check the training and the decision; sum what was measured by class."""
    measured = [each for _, training in networks for each in training.measured_step_ranges]
    measurement = DecisionMeasurement(context.train_counts, outputs["val"], predicted)
    strategy, recipe, trainable = spec.strategy, context.recipe, context.trainable
    if strategy.members:
        members = [MemberMeasurement(t.measured_step_ranges, o["val"]) for o, t in networks]
        checks = audit_ensemble(strategy, recipe, trainable, context.budget, members, measurement)
    else:
        checks = audit(strategy, recipe, trainable, context.budget, measured, measurement)
    # (C, bins, 2) -> (C, 2): the loss's gradient and that of cross-entropy
    norms = total_gradient_norm(measured).sum(1)
    mean_logit = outputs["test"].logits.mean(0, dtype=np.float64)
    # a constant added to all logits of an image changes nothing, so it is taken out
    mean_logit -= mean_logit.mean()
    return schema.AuditRecord(
        checks=tuple(checks),
        drawn=tuple(np.sum([training.drawn for _, training in networks], axis=0).tolist()),
        gradient=tuple(norms[:, 0].tolist()),
        cross_entropy_gradient=tuple(norms[:, 1].tolist()),
        mean_logit=tuple(mean_logit.tolist()),
    )


def _diagnoses(
    outputs: Mapping[str, Outputs],
    predicted: NDArray[np.int64],
    curve: tuple[schema.CurvePoint, ...],
    counts: NDArray[np.int64],
) -> tuple[schema.DiagnosisRecord, ...]:
    points = [point.val_loss_by_class for point in curve]
    losses = np.array(points, float) if points else None  # (T, C), None becomes NaN
    evidence = Evidence(
        outputs["val"], outputs["test"], predicted, counts, losses, outputs["train"]
    )
    return tuple(
        schema.DiagnosisRecord(d.index, d.recall, d.never_predicted, d.confuser, d.signals, d.cause)
        for d in diagnose(evidence)
    )


def _training_fit(
    train: Outputs, corrected: Outputs, rule: Rule, counts: NDArray[np.int64]
) -> TrainingFit:
    predicted = _decide(rule, train, len(counts))
    log_p_of_label = corrected.log_probability_of(train.labels)
    return training_fit(train.labels, predicted, log_p_of_label, counts)


def _wrong_label_fit(train: Outputs, rule: Rule, context: SeedContext) -> WrongLabelFit | None:
    if context.right_labels is None:
        return None
    counts = context.train_counts
    predicted = _decide(rule, train, len(counts))
    return wrong_label_fit(train.labels, context.right_labels, predicted, counts)


def _left_out(
    spec: StrategySpec, training: OutputsManifest, context: SeedContext
) -> schema.LeftOutImages | None:
    if all(stage.is_neutral("selection") for stage in spec.strategy.stages):
        return None
    counts, wrong = context.train_counts, context.wrong_images
    left_out = left_out_images(training.measured_step_ranges, int(counts.sum()))  # (N,)
    of_class = np.repeat(np.arange(len(counts)), counts)[left_out]
    return schema.LeftOutImages(
        tuple(np.bincount(of_class, minlength=len(counts)).tolist()),
        None if wrong is None else int((wrong & left_out).sum()),
        None if wrong is None else int(wrong.sum()),
    )


def _decide(rule: Rule, outputs: Outputs, classes: int) -> NDArray[np.int64]:
    """Return the labels (N,) that a fitted decision gives; it sees no true ones."""
    chosen = np.asarray(rule(outputs.without_labels().copy()))
    _check_labels(chosen, len(outputs.labels), classes)
    return chosen


def _check_labels(predicted: NDArray[Any], images: int, classes: int) -> None:
    allowed = f"a decision must return one label from 0 to {classes - 1} for each image"
    if predicted.shape != (images,) or not np.issubdtype(predicted.dtype, np.integer):
        raise ValueError(
            f"{allowed}; for {images} images it gave shape {predicted.shape} of {predicted.dtype}"
        )
    if images and not 0 <= predicted.min() <= predicted.max() < classes:
        raise ValueError(f"{allowed}; it gave {predicted.min()} to {predicted.max()}")

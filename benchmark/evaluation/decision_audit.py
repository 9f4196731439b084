"""The audit of a decision and a head: on the outputs of the network, and on synthetic ones."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from benchmark.evaluation.audit_check import AuditCheck, has_effect
from benchmark.evaluation.synthetic_network import (
    decide_on_random_network,
    decide_on_sure_network,
    decide_on_synthetic_network,
)
from benchmark.strategy import Argmax, Calibration, Decision, LinearHead, Strategy
from benchmark.strategy.calibrated import parts
from benchmark.strategy.expectations.decision import (
    DecisionIsArgmax,
    ExpectLeastCost,
    ExpectPriorCorrection,
    ExpectTauNormalisation,
    RaisesFittedMacroF1,
)
from benchmark.strategy.expectations.head import (
    CosinesOfSyntheticFeatures,
    EachClassHasLogits,
    ExpectCosineHead,
    HeadIsLinear,
    LogitsHaveNoLimit,
)
from benchmark.strategy.measurements import DecisionMeasurement, Expectation
from benchmark.strategy.protocols import Rule
from benchmark.strategy.rules import CalibratedRule, calibrated

_UNEQUAL = 2  # largest class over smallest: of nearly equal ones that look alike, no fit is better
_TWICE = 0.75  # of the log class sizes, by which a decision takes out more than is there


def check_decision(strategy: Strategy, measurement: DecisionMeasurement) -> Iterator[AuditCheck]:
    """Check the decision of a strategy: its labels on a synthetic network, and those of the run.

    Of a decision on calibrated outputs, the calibration is checked alone, and what is declared of
    the decision on the outputs that it is fitted to.
    """
    calibration, own = parts(strategy.decision)
    declared = [each for each in strategy.expectations if each.component == "decision"]
    neutral = DecisionIsArgmax()
    if calibration is None and own == Argmax() and not declared:
        yield AuditCheck("decision", neutral.claim, *neutral.check(measurement))
        return
    counts = measurement.class_counts
    # copies: a decision may change what it is given
    rule = strategy.decision.fit(measurement.outputs.copy(), counts.copy())
    in_run = replace(measurement, outputs=calibrated(rule, measurement.outputs))
    if calibration is not None:
        yield from _check_calibration(strategy, calibration, measurement)
    if own == Argmax() and not declared:
        yield AuditCheck("decision", f"{neutral.claim}, calibrated", *neutral.check(in_run))
    else:
        yield from _check_labels(own, declared, in_run)
    yield _check_refit(rule, measurement)
    last = rule.rule if isinstance(rule, CalibratedRule) else rule
    yield from _check_prior_left(last, in_run)


def _check_calibration(
    strategy: Strategy, calibration: Calibration, measurement: DecisionMeasurement
) -> Iterator[AuditCheck]:
    """Check probabilities on a synthetic network that is too sure."""
    declared = [each for each in strategy.expectations if each.component == "calibration"]
    counts, width = measurement.class_counts, measurement.outputs.features.shape[1]
    sure = decide_on_sure_network(calibration, counts, width)
    for each in declared:
        yield AuditCheck(each.component, each.claim, *each.check(sure))
    if not declared:
        gap = np.abs(sure.calibrated.log_probabilities - sure.outputs.log_probabilities).max()
        observed = f"log-probabilities of a synthetic network differ by {gap:.2g} at most"
        claim = "it has some effect (no expectation is declared)"
        yield AuditCheck("calibration", claim, bool(gap > 0), observed)


def _check_labels(
    decision: Decision,
    declared: list[Expectation[DecisionMeasurement]],
    in_run: DecisionMeasurement,
) -> Iterator[AuditCheck]:
    """Check what a decision declares of its labels; some effect, where it declares nothing."""
    neutral, counts = DecisionIsArgmax(), in_run.class_counts
    width = in_run.outputs.features.shape[1]
    try:
        synthetic = decide_on_synthetic_network(decision, counts, width)
    except Exception as error:  # a plug-in may need more than this network has
        claim = "it can be fitted to a synthetic network"
        yield AuditCheck("decision", claim, None, f"{type(error).__name__}: {error}")
        return
    unequal = counts.max() >= _UNEQUAL * counts[counts > 0].min()
    for each in declared:
        yield AuditCheck(each.component, each.claim, *each.check(synthetic))
        if unequal and isinstance(each, RaisesFittedMacroF1):
            alike = decide_on_synthetic_network(decision, counts, width, overlapping=True)
            claim = f"{each.claim}; also where its smallest class looks like the largest"
            yield AuditCheck(each.component, claim, *each.check(alike))
        if isinstance(each, ExpectPriorCorrection | ExpectTauNormalisation | ExpectLeastCost):
            random = decide_on_random_network(decision, counts, width)
            yield AuditCheck(each.component, "the same, with random features", *each.check(random))
    if not declared:
        is_argmax, _ = changed = neutral.check(in_run)
        yield has_effect("decision", neutral.check(synthetic) if is_argmax else changed, counts)


def check_head(strategy: Strategy, measurement: DecisionMeasurement) -> Iterator[AuditCheck]:
    """Check the head of a strategy: the logits of its network against features and weights."""
    declared: list[Expectation[DecisionMeasurement]]
    declared = [each for each in strategy.expectations if each.component == "head"]
    if not declared and strategy.head == LinearHead():
        declared = [HeadIsLinear()]
    if strategy.head != LinearHead():
        declared += [EachClassHasLogits(), LogitsHaveNoLimit(strategy.head)]
    cosines = [each for each in declared if isinstance(each, ExpectCosineHead)]
    declared += [CosinesOfSyntheticFeatures(strategy.head, each.scale) for each in cosines]
    for each in declared:
        yield AuditCheck(each.component, each.claim, *each.check(measurement))


def _check_prior_left(rule: Rule, measurement: DecisionMeasurement) -> Iterator[AuditCheck]:
    """Say where offsets take a class prior out of a network that its training left without one.

    Both are regressed on the log of the class sizes. Such a stack is no error, as somebody asked
    for it, but it pulls twice the same way (Menon et al. 2021, arXiv 2007.07314, section 5.3).
    """
    offset, prior = getattr(rule, "offset", None), measurement.outputs.effective_prior
    size = np.log(np.maximum(measurement.class_counts, 1))
    size -= size.mean()
    if offset is None or prior is None or not size.any():
        return
    both = np.stack([-np.asarray(offset), np.log(prior)])  # (2, C)
    taken, left = (both @ size / (size @ size)).round(2) + 0.0  # no minus before a zero
    yield AuditCheck(
        "decision",
        "it takes no class prior out of a network that was trained without",
        None if taken > left + _TWICE else True,
        f"it takes out {taken:.2f} times the log of the class sizes; the training left {left:.2f}",
    )


def _check_refit(rule: Rule, measurement: DecisionMeasurement) -> AuditCheck:
    """Compare the labels with those of the decision, fitted once more to the same outputs."""
    refitted = np.asarray(rule(measurement.outputs.without_labels().copy()))
    different = int((refitted != measurement.predicted).sum())
    before, after = measurement.macro_f1
    return AuditCheck(
        "decision",
        "the recorded labels are those of the decision, fitted again",
        different == 0,
        f"{different} of {len(measurement.predicted)} validation labels differ; "
        f"it changed {int(measurement.changed.sum())}, macro-F1 from {before:.3f} to {after:.3f}",
    )

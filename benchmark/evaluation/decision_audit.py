"""The audit of a decision and a head: on the outputs of the network, and on synthetic ones."""

from collections.abc import Iterator

import numpy as np

from benchmark.evaluation.audit_check import AuditCheck, has_effect
from benchmark.evaluation.synthetic_network import (
    decide_on_random_network,
    decide_on_synthetic_network,
)
from benchmark.strategy import Argmax, LinearHead, Strategy
from benchmark.strategy.expectations.decision import (
    DecisionIsArgmax,
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

_UNEQUAL = 2  # largest class over smallest: of nearly equal ones that look alike, no fit is better
_TWICE = 0.75  # of the log class sizes, by which a decision takes out more than is there


def check_decision(strategy: Strategy, measurement: DecisionMeasurement) -> Iterator[AuditCheck]:
    """Check the decision of a strategy: its labels on a synthetic network, and those of the run."""
    neutral = DecisionIsArgmax()
    component, in_run = neutral.component, neutral.check(measurement)
    declared = [each for each in strategy.expectations if each.component == component]
    if strategy.decision == Argmax() and not declared:
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
        unequal = counts.max() >= _UNEQUAL * counts[counts > 0].min()
        for each in declared:
            yield AuditCheck(component, each.claim, *each.check(synthetic))
            if unequal and isinstance(each, RaisesFittedMacroF1):
                alike = decide_on_synthetic_network(
                    strategy.decision, counts, width, overlapping=True
                )
                claim = f"{each.claim}; also where its smallest class looks like the largest"
                yield AuditCheck(component, claim, *each.check(alike))
            if isinstance(each, ExpectPriorCorrection | ExpectTauNormalisation):
                random = decide_on_random_network(strategy.decision, counts, width)
                yield AuditCheck(component, "the same, with random features", *each.check(random))
        if not declared:
            is_argmax, _ = in_run
            yield has_effect(component, neutral.check(synthetic) if is_argmax else in_run, counts)
    # copies: a decision may change what it is given
    rule = strategy.decision.fit(measurement.outputs.copy(), counts.copy())
    yield _check_refit(rule, measurement)
    yield from _check_prior_left(rule, measurement)


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

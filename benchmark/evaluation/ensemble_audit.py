"""The audit of an ensemble: that of each network, and whether its outputs are their mean."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from benchmark.evaluation.audit import audit
from benchmark.evaluation.audit_check import AuditCheck
from benchmark.evaluation.decision_audit import check_decision
from benchmark.plan.recipes import Recipe
from benchmark.plan.schedule import Budget
from benchmark.strategy import DecisionMeasurement, Outputs, Strategy

_EQUAL = 1e-6  # of probabilities


@dataclass(frozen=True)
class MemberMeasurement:
    """What was measured of one network of an ensemble."""

    measured: Sequence[dict[str, Any]]  # `StepRangeMonitor.to_json` of every step range
    outputs: Outputs  # for the validation images


def audit_ensemble(
    strategy: Strategy,
    recipe: Recipe,
    blocks: Sequence[str],
    budget: Budget,
    members: Sequence[MemberMeasurement],
    decision: DecisionMeasurement,
) -> list[AuditCheck]:
    """Check an ensemble on one seed; for what is given see `audit`.

    Each network is checked as if it stood alone, since it may have no row of its own.
    """
    checks = list[AuditCheck]()
    for member, own in zip(strategy.members, members, strict=True):
        argmax = own.outputs.log_probabilities.argmax(1)
        alone = DecisionMeasurement(decision.class_counts, own.outputs, argmax)
        of_member = audit(member.strategy, recipe, blocks, budget, own.measured, alone)
        checks += [
            replace(each, expectation=f"{member.name}: {each.expectation}")
            for each in of_member
            if each.component != "decision"
        ]
    return [*checks, *_check_mean(members, decision), *check_decision(strategy, decision)]


def _check_mean(
    members: Sequence[MemberMeasurement], decision: DecisionMeasurement
) -> Iterator[AuditCheck]:
    """Compare probabilities with the geometric mean of the members', worked out anew."""
    outputs = decision.outputs
    claim = "its probabilities are the geometric mean of those of its networks"
    if any(not np.array_equal(own.outputs.labels, outputs.labels) for own in members):
        yield AuditCheck("members", claim, False, "their images are not the same, or in order")
        return
    each = [np.exp(own.outputs.log_probabilities).clip(min=1e-300) for own in members]
    mean = np.prod([p ** (1 / len(each)) for p in each], axis=0)
    difference = np.exp(outputs.log_probabilities) - mean / mean.sum(1, keepdims=True)
    largest = float(np.abs(difference).max(initial=0))
    observed = f"those of {len(each)} networks; probabilities differ by {largest:.0e} at most"
    yield AuditCheck("members", claim, largest < _EQUAL, observed)

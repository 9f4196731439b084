"""The result of one check of the audit."""

from dataclasses import dataclass

from benchmark.evaluation.metrics.class_counts import Labels
from benchmark.strategy.measurements import CheckResult


@dataclass(frozen=True)
class AuditCheck:
    """One expectation, compared with what was measured; both in words."""

    component: str  # of the strategy; or "trained_blocks", "budget"
    expectation: str
    passed: bool | None  # None where the measurement can't decide
    observed: str


def has_effect(component: str, neutral: CheckResult, counts: Labels) -> AuditCheck:
    """Check a component without expectations: it must not measure what a neutral one does."""
    is_neutral, observed = neutral
    present = counts[counts > 0]
    balanced = present.max() < 1.1 * present.min()  # then there may be nothing to do
    passed = None if is_neutral and balanced else not is_neutral
    return AuditCheck(
        component, "it has some effect (no expectation is declared)", passed, observed
    )

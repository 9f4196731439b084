"""Offsets that take a prior out of a network are compared with what its training left there."""

import re

import numpy as np
import pytest

from benchmark.evaluation.decision_audit import check_decision
from benchmark.strategy import DecisionMeasurement, Outputs, find

COUNTS = np.array([300, 60, 12])
NATURAL, UNIFORM = COUNTS / COUNTS.sum(), np.full(3, 1 / 3)
CLAIM = "it takes no class prior out of a network that was trained without"


def check_of(name, prior):
    labels = np.repeat(np.arange(3), COUNTS // 3)
    rng = np.random.default_rng(0)
    logits = 2.0 * np.eye(3)[labels] + rng.normal(size=(len(labels), 3)) + np.log(NATURAL)
    outputs = Outputs(logits.astype(np.float32), np.zeros((len(labels), 2)), labels, None, prior)
    strategy = find(name)
    predicted = strategy.decision.fit(outputs, COUNTS)(outputs)
    measurement = DecisionMeasurement(COUNTS, outputs, predicted)
    return [c for c in check_decision(strategy, measurement) if c.expectation == CLAIM]


@pytest.mark.parametrize(
    ("name", "prior", "passed", "observed"),
    [
        ("prior_correction", NATURAL, True, "takes out 1.00 times .*; the training left 1.00"),
        ("prior_correction", UNIFORM, None, "takes out 1.00 times .*; the training left 0.00"),
        ("prior_correction:tau=0.5", UNIFORM, True, "takes out 0.50"),
        ("threshold_moving", UNIFORM, True, "the training left 0.00"),
    ],
)
def test_a_network_that_was_trained_without_a_prior_is_not_corrected_unnoticed(
    name, prior, passed, observed
):
    (check,) = check_of(name, prior)
    assert check.passed is passed, "somebody asked for the stack, so it is no failure"
    assert re.search(observed, check.observed)


def test_nothing_is_said_where_the_prior_is_unknown_or_the_decision_has_no_offsets():
    assert check_of("prior_correction", None) == []
    assert check_of("no_change", UNIFORM) == []

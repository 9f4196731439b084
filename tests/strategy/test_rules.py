"""Fitted rules are the formulas of their papers, and work on numbers alone."""

import dataclasses
import json

import numpy as np
import pytest

from benchmark.evaluation.metrics.registry import evaluate
from benchmark.strategy import (
    CalibratedRule,
    DividedLogits,
    LeastExpectedCost,
    OffsetArgmax,
    Outputs,
    ScaledLogits,
)
from benchmark.strategy.rules import calibrated

LOGITS = np.array([[2, 1, 0], [0, 3, 1], [1, 0, 1.5]], np.float32)
OUTPUTS = Outputs(LOGITS, np.zeros((3, 2)), np.arange(3), None, np.array([0.5, 0.3, 0.2]))


def softmax(logits):
    """By hand, in double precision."""
    powers = np.exp(np.asarray(logits, float))
    return powers / powers.sum(1, keepdims=True)


def test_a_temperature_divides_logits_and_the_prior_that_they_hold():
    rule = DividedLogits(2.0)
    corrected = calibrated(rule, OUTPUTS)
    expected = softmax(LOGITS.astype(float) / 2)
    np.testing.assert_allclose(np.exp(corrected.log_probabilities), expected, atol=1e-12)
    root = np.sqrt([0.5, 0.3, 0.2])
    np.testing.assert_allclose(corrected.effective_prior, root / root.sum(), atol=1e-12)
    assert rule(OUTPUTS).tolist() == LOGITS.argmax(1).tolist()


def test_a_temperature_changes_no_order_of_the_classes_of_an_image():
    """So top-k accuracy stays; AUROC and average precision rank images, whose order may change."""
    rng, labels = np.random.default_rng(0), np.arange(60) % 6
    outputs = Outputs(rng.normal(size=(60, 6)), np.zeros((60, 1)), labels)
    counts, before = np.full(6, 10), outputs.log_probabilities
    after = calibrated(DividedLogits(0.3), outputs).log_probabilities
    plain, sharper = (evaluate(labels, p.argmax(1), p, counts) for p in (before, after))
    for name in ("top_3_accuracy", "top_5_accuracy", "macro_f1", "accuracy"):
        assert plain[name] == sharper[name]
    assert plain["macro_auroc"] != sharper["macro_auroc"]


def test_scales_and_biases_are_those_of_classes():
    rule = ScaledLogits((1.0, 0.5, 2.0), (0.0, 2.0, -1.0))
    by_hand = [[2, 2.5, -1], [0, 3.5, 1], [1, 2, 2]]
    corrected = calibrated(rule, OUTPUTS)
    np.testing.assert_allclose(np.exp(corrected.log_probabilities), softmax(by_hand), atol=1e-12)
    assert rule(OUTPUTS).tolist() == [1, 1, 1]
    assert corrected.effective_prior is None, "they are fitted to the shares of validation"


def test_the_least_expected_cost_is_worked_out_by_hand():
    """To miss the third class costs 10: it is chosen from a probability of a tenth on or so."""
    costs = ((0, 1, 1), (1, 0, 1), (10, 10, 0))
    p = np.array([[0.8, 0.15, 0.05], [0.7, 0.1, 0.2], [0.46, 0.45, 0.09]])
    expected = [  # of each decision
        [0.15 + 0.5, 0.8 + 0.5, 0.95],
        [0.1 + 2, 0.7 + 2, 0.8],
        [0.45 + 0.9, 0.46 + 0.9, 0.91],
    ]
    outputs = Outputs(np.log(p), np.zeros((3, 1)), np.arange(3))
    assert LeastExpectedCost(costs)(outputs).tolist() == np.argmin(expected, axis=1).tolist()
    assert np.argmin(expected, axis=1).tolist() == [0, 2, 2]


def test_a_rule_on_top_decides_on_corrected_outputs():
    rule = CalibratedRule(ScaledLogits((1.0,) * 3, (0.0, 0.0, 5.0)), OffsetArgmax((0, 0, -5.0)))
    assert rule(OUTPUTS).tolist() == LOGITS.argmax(1).tolist()
    assert calibrated(rule, OUTPUTS).logits[0].tolist() == [2, 1, 5]


def test_labels_are_hidden_and_come_back():
    class Peeping:
        def calibrated(self, outputs):
            assert (outputs.labels == -1).all()
            outputs.logits[:] = 0
            return outputs

    corrected = calibrated(Peeping(), OUTPUTS)
    assert corrected.labels.tolist() == [0, 1, 2]
    assert not corrected.logits.any()
    assert OUTPUTS.logits.any(), "it was given a copy"
    assert calibrated(OffsetArgmax((0.0,) * 3), OUTPUTS) is OUTPUTS


def test_another_shape_is_refused_in_words():
    class Short:
        def calibrated(self, outputs):
            return outputs.subset(np.array([True, False, False]))

    with pytest.raises(ValueError, match=r"logits \(3, 3\), got \(1, 3\); replace"):
        calibrated(Short(), OUTPUTS)
    Short.calibrated = lambda self, outputs: outputs.logits
    with pytest.raises(ValueError, match="got ndarray"):
        calibrated(Short(), OUTPUTS)


@pytest.mark.parametrize(
    "rule",
    [
        DividedLogits(2.0),
        ScaledLogits((1.0,), (0.0,)),
        LeastExpectedCost(((0.0, 1.0), (2.0, 0.0))),
        CalibratedRule(DividedLogits(2.0), OffsetArgmax((0.0, 1.0))),
    ],
)
def test_rules_are_numbers(rule):
    assert json.loads(json.dumps(dataclasses.asdict(rule)))

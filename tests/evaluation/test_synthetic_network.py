"""The synthetic network has learnt the prior, and a decision can certainly improve it."""

import numpy as np
import pytest

from benchmark.evaluation.synthetic_network import (
    decide_on_random_network,
    decide_on_synthetic_network,
)
from benchmark.strategy import Argmax, ExpectPriorCorrection, find
from benchmark.strategy.registry import groups
from tests.evaluation.planted.outsider import PRIOR_SUBTRACTED

COUNTS = np.array([404, 203, 100, 40, 11, 0])


def test_all_is_right_without_the_prior_and_with_it_the_rare_are_not():
    measurement = decide_on_synthetic_network(Argmax(), COUNTS, width=5)
    logits, labels = measurement.outputs.logits, measurement.outputs.labels
    prior = np.log(np.maximum(COUNTS, 1) / COUNTS.sum())
    assert ((logits - prior).argmax(1) == labels).all()
    right = [(measurement.argmax == labels)[labels == c].mean() for c in range(5)]
    assert right[0] == 1
    assert right == sorted(right, reverse=True)
    assert right[-1] < 0.5
    assert not (labels == 5).any(), "a class without images has none here"


@pytest.mark.parametrize("width", [4, 6, 40])
def test_the_head_gives_the_logits_with_rows_as_long_as_classes_are_large(width):
    outputs = decide_on_synthetic_network(Argmax(), COUNTS, width).outputs
    bias = np.log(np.maximum(COUNTS, 1)) / 2
    np.testing.assert_allclose(outputs.features @ outputs.head.T + bias, outputs.logits, atol=1e-5)
    norms = np.linalg.norm(outputs.head, axis=1)
    assert (np.diff(norms[:5]) < 0).all()


def test_where_classes_look_alike_accuracy_and_macro_f1_want_different_things():
    measurement = decide_on_synthetic_network(Argmax(), COUNTS, width=5, overlapping=True)
    logits, labels = measurement.outputs.logits, measurement.outputs.labels
    prior = np.log(np.maximum(COUNTS, 1) / COUNTS.sum())
    corrected = (logits - prior).argmax(1)
    assert (corrected[labels == 4] == 4).all()
    assert (measurement.argmax[labels == 4] == 0).all()
    pair = np.isin(labels, [0, 4])
    assert (corrected == labels)[pair].mean() < (measurement.argmax == labels)[pair].mean()
    assert measurement.macro_f1_of(corrected) > measurement.macro_f1_of(measurement.argmax)


@pytest.mark.parametrize("network", [decide_on_synthetic_network, decide_on_random_network])
def test_it_is_the_same_every_time(network):
    first, second = (network(Argmax(), COUNTS, width=5).outputs for _ in range(2))
    assert (first.logits == second.logits).all()
    assert (first.features == second.features).all()


def test_on_random_features_another_formula_gives_other_labels():
    expected = ExpectPriorCorrection(1.0)
    for network, wrong in ((decide_on_synthetic_network, True), (decide_on_random_network, False)):
        right = find("prior_correction").decision
        assert expected.check(network(right, COUNTS[:5], 4)).passed is True
        assert expected.check(network(PRIOR_SUBTRACTED, COUNTS[:5], 4)).passed is wrong


@pytest.mark.parametrize("counts", [[404, 11], [3, 1], [40_000] * 3 + [1], [5, 5, 4]])
def test_built_in_decisions_can_be_tried_on_any_class_sizes(counts):
    for name in groups()["every"]:
        for network in (decide_on_synthetic_network, decide_on_random_network):
            measurement = network(find(name).decision, np.array(counts), width=3)
            assert len(measurement.predicted) == len(measurement.outputs.labels)

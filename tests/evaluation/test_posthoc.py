"""Decisions that need no training are found by what they are, and fitted to any network."""

from dataclasses import replace

import numpy as np
import pytest

from benchmark.evaluation.metrics.classification import macro_f1
from benchmark.evaluation.posthoc import posthoc_decisions, posthoc_scores
from benchmark.strategy import Outputs, find

COUNTS = np.array([300, 60, 12])


@pytest.fixture
def outputs():
    """A network that has learnt the prior: its rare class is found, but not chosen."""
    rng = np.random.default_rng(0)
    made = []
    for counts in (COUNTS // 3, COUNTS // 2):
        labels = np.repeat(np.arange(3), counts)
        logits = 2.0 * np.eye(3)[labels] + rng.normal(size=(len(labels), 3))
        logits += np.log(COUNTS / COUNTS.sum())
        made.append(Outputs(logits.astype(np.float32), np.zeros((len(labels), 2)), labels))
    return made


def test_those_that_only_decide_are_free():
    free = posthoc_decisions()
    assert set(free) == {"threshold_moving", "prior_correction", "tau_norm"}
    assert free["threshold_moving"] == find("threshold_moving").decision


def test_numbers_are_those_of_the_decision_on_the_test_images(outputs):
    validation, test = outputs
    found = posthoc_scores(posthoc_decisions(), validation, test, COUNTS)
    by_hand = (test.logits - np.log(COUNTS)).argmax(1)
    numbers = found["prior_correction"]
    assert numbers["macro_f1"] == macro_f1(test.labels, by_hand, 3)
    assert numbers["accuracy"] == (by_hand == test.labels).mean()
    assert numbers["never_predicted"] == 0
    assert numbers["balanced_accuracy"] > np.mean(
        [(test.logits.argmax(1) == c)[test.labels == c].mean() for c in range(3)]
    )


def test_it_never_sees_a_test_label(outputs):
    validation, test = outputs
    wrong = Outputs(test.logits, test.features, test.labels[::-1].copy())
    rule = posthoc_decisions()["threshold_moving"].fit(validation, COUNTS)
    np.testing.assert_array_equal(rule(test), rule(wrong))


def test_a_decision_that_fails_takes_no_others_along(outputs):
    class Broken:
        def fit(self, validation, counts):
            raise RuntimeError("no")

    decisions = {"broken": Broken(), **posthoc_decisions()}
    found = list(posthoc_scores(decisions, *outputs, COUNTS))
    assert found == ["threshold_moving", "prior_correction"], "there is no head to normalise"
    with_head = [replace(one, head=np.ones((3, 2))) for one in outputs]
    assert list(posthoc_scores(decisions, *with_head, COUNTS)) == list(posthoc_decisions())

"""Decisions that need no training: which they are, and their fit to any network."""

from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from benchmark.evaluation import posthoc
from benchmark.evaluation.metrics.classification import macro_f1
from benchmark.evaluation.posthoc import posthoc_decisions, posthoc_scores
from benchmark.strategy import Outputs, find

COUNTS = np.array([300, 60, 12])


@pytest.fixture
def outputs():
    """A network that has learnt the prior: the argmax does not give its rare class."""
    rng = np.random.default_rng(0)
    splits = []
    for counts in (COUNTS // 3, COUNTS // 2):
        labels = np.repeat(np.arange(3), counts)
        logits = 2.0 * np.eye(3)[labels] + rng.normal(size=(len(labels), 3))
        logits += np.log(COUNTS / COUNTS.sum())
        splits.append(Outputs(logits.astype(np.float32), np.zeros((len(labels), 2)), labels))
    return splits


def test_strategies_that_only_decide_are_posthoc():
    decisions = posthoc_decisions()
    assert set(decisions) == {"threshold_moving", "prior_correction", "tau_norm"}
    assert decisions["threshold_moving"] == find("threshold_moving").decision


def test_metrics_are_those_of_the_decision_on_the_test_images(outputs):
    validation, test = outputs
    scores = posthoc_scores(posthoc_decisions(), validation, test, COUNTS)
    by_hand = (test.logits - np.log(COUNTS)).argmax(1)
    metrics = scores["prior_correction"]
    assert metrics["macro_f1"] == macro_f1(test.labels, by_hand, 3)
    assert metrics["accuracy"] == (by_hand == test.labels).mean()
    assert metrics["never_predicted"] == 0
    assert metrics["balanced_accuracy"] > np.mean(
        [(test.logits.argmax(1) == c)[test.labels == c].mean() for c in range(3)]
    )


def test_it_never_sees_a_test_label(outputs):
    validation, test = outputs
    wrong = Outputs(test.logits, test.features, test.labels[::-1].copy())
    rule = posthoc_decisions()["threshold_moving"].fit(validation, COUNTS)
    np.testing.assert_array_equal(rule(test), rule(wrong))


def test_decisions_of_users_alone_are_isolated(outputs, monkeypatch):
    entered = []

    @contextmanager
    def note():
        entered.append(1)
        yield

    monkeypatch.setattr(posthoc, "isolated", note)
    decisions = posthoc_decisions()
    posthoc_scores(decisions, *outputs, COUNTS)
    assert not entered
    posthoc_scores({"mine": decisions["prior_correction"]}, *outputs, COUNTS)
    assert entered == [1]


def test_a_decision_that_fails_leaves_the_others(outputs):
    class Broken:
        def fit(self, validation, counts):
            raise RuntimeError("no")

    decisions = {"broken": Broken(), **posthoc_decisions()}
    names = list(posthoc_scores(decisions, *outputs, COUNTS))
    assert names == ["threshold_moving", "prior_correction"], "there is no head to normalise"
    with_head = [replace(split, head=np.ones((3, 2))) for split in outputs]
    assert list(posthoc_scores(decisions, *with_head, COUNTS)) == list(posthoc_decisions())

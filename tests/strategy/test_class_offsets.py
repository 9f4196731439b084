"""Offsets for macro-F1: the quick scores are the plain ones, and equal ones go by log-loss."""

import tracemalloc

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.metrics import f1_score, log_loss

from benchmark.strategy import Outputs, chunks, class_offsets
from benchmark.strategy.class_offsets import fit_class_by_class, fit_strength, macro_f1
from benchmark.strategy.moved_scores import MovedScores

COUNTS = np.array([60, 25, 10, 5, 0])
LABELS = np.repeat(np.arange(5), COUNTS)
DIRECTION = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])


def outputs(evidence=1.5, prior=1.0, seed=0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(100, 5)) + evidence * np.eye(5)[LABELS] - prior * DIRECTION
    return Outputs(logits.astype(np.float32), np.zeros((100, 2)), LABELS)


def plain_macro_f1(predicted):
    return f1_score(LABELS, predicted, labels=range(5), average="macro", zero_division=0)


def moved_from(log_p, offset):
    moved = MovedScores(log_p, offset)
    moved.begin_sweep()
    return moved


@pytest.mark.parametrize("k", range(5))
def test_scores_of_all_steps_are_those_of_each(k):
    log_p, steps = outputs().log_probabilities, class_offsets._STEPS
    scores = class_offsets._scores_of_steps(LABELS, moved_from(log_p, np.zeros(5)), k)
    each = [(log_p + step * np.eye(5)[k]).argmax(1) for step in steps]
    np.testing.assert_allclose(scores, [plain_macro_f1(predicted) for predicted in each])


@pytest.mark.parametrize("k", range(4))
def test_of_equal_scores_the_step_of_the_lowest_log_loss_is_taken(k):
    log_p, steps = outputs().log_probabilities, class_offsets._STEPS
    probabilities = [np.exp(log_softmax(log_p + step * np.eye(5)[k], axis=1)) for step in steps]
    losses = np.array([log_loss(LABELS, p, labels=range(5)) for p in probabilities])
    rng, moved = np.random.default_rng(k), moved_from(log_p, np.zeros(5))
    for _ in range(20):
        best = np.flatnonzero(rng.random(len(steps)) < 0.3)
        if len(best):
            taken = class_offsets._most_probable(best, k == LABELS, moved, k)
            assert taken == best[losses[best].argmin()]


def test_many_classes_are_fitted_without_all_scores_for_each(monkeypatch):
    """A move reads all scores of the few images whose highest it may change; no more is copied."""
    rng, classes, images = np.random.default_rng(0), 300, 900
    labels = rng.integers(0, classes, images)
    logits = rng.normal(size=(images, classes)) + 4 * np.eye(classes)[labels]
    many = Outputs(logits.astype(np.float32), np.zeros((images, 2)), labels)
    monkeypatch.setattr(chunks, "CHUNK", 2**14)
    size, read = many.log_probabilities.nbytes, []

    def find_highest(self, images, original=MovedScores._find_highest):
        read.append(len(images))
        return original(self, images)

    monkeypatch.setattr(MovedScores, "_find_highest", find_highest)
    tracemalloc.start()
    moved = fit_class_by_class(many, rng.normal(size=classes))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.8 * size
    assert sum(read) < 20 * images  # by all scores for each class it would be 900
    predicted = (many.log_probabilities + moved).argmax(1)
    assert macro_f1(labels, predicted, classes) > macro_f1(labels, logits.argmax(1), classes)


def test_macro_f1_ranks_as_scikit_learn_does():
    rng = np.random.default_rng(1)
    guesses = [rng.integers(0, 5, 100) for _ in range(5)]
    assert [macro_f1(LABELS, g, 5) for g in guesses] == pytest.approx(
        [plain_macro_f1(g) for g in guesses]
    )


def test_what_is_right_already_is_left_alone():
    """All strengths and steps score 1, and the log-loss is lowest where nothing is moved."""
    probable = np.log(0.999 * np.eye(5)[LABELS] + 0.001 / 5)
    calibrated = Outputs(probable.astype(np.float32), np.zeros((100, 2)), LABELS)
    assert fit_strength(calibrated, DIRECTION) == 0
    moved = fit_class_by_class(calibrated, np.zeros(5))
    assert ((probable + moved).argmax(1) == LABELS).all()
    assert moved[4] == 0, "there is no image to fit it to"


def test_the_strength_takes_out_what_the_network_has_learnt_too_much():
    """Logits with the prior in them twice need a correction, those without any need none."""
    assert fit_strength(outputs(prior=2.0), DIRECTION) >= 1
    assert fit_strength(outputs(prior=0.0, evidence=4.0), DIRECTION) <= 0.3


def test_moving_class_by_class_raises_macro_f1():
    given = outputs()
    before = plain_macro_f1(given.logits.argmax(1))
    moved = fit_class_by_class(given, np.zeros(5))
    assert plain_macro_f1((given.log_probabilities + moved).argmax(1)) > before + 0.05

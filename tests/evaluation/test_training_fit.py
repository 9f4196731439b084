"""Scores on training images, estimated from a sample of each class."""

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.metrics import accuracy_score, f1_score, log_loss

from benchmark.evaluation.training_fit import WrongLabelFit, training_fit, wrong_label_fit


def test_of_all_images_the_scores_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2, 3], [40, 20, 5, 1])
    log_p = log_softmax(rng.normal(size=(66, 5)) + 2 * np.eye(5)[labels], axis=1)
    predicted = log_p.argmax(1)
    log_p_of_label = log_p[np.arange(66), labels]
    fit = training_fit(labels, predicted, log_p_of_label, np.array([40, 20, 5, 1, 0]))
    assert fit.images == 66
    assert fit.accuracy == pytest.approx(accuracy_score(labels, predicted))
    expected = f1_score(labels, predicted, labels=range(5), average="macro", zero_division=0)
    assert fit.macro_f1 == pytest.approx(expected)
    assert fit.log_loss == pytest.approx(log_loss(labels, np.exp(log_p), labels=range(5)))


def test_a_sampled_image_counts_for_those_that_it_was_sampled_from():
    # class 0: 900 images, 9 in the sample, 2 of them wrong; class 1: all of its 100 right
    labels = np.repeat([0, 1], [9, 100])
    predicted = labels.copy()
    predicted[:2] = 1
    log_p = np.log(np.where(np.eye(2)[predicted], 0.8, 0.2))
    log_p_of_label = log_p[np.arange(109), labels]
    fit = training_fit(labels, predicted, log_p_of_label, np.array([900, 100]))
    assert fit.accuracy == pytest.approx(0.8)
    assert fit.macro_f1 == pytest.approx((2 * 700 / 1600 + 2 * 100 / 400) / 2)
    assert fit.log_loss == pytest.approx(-0.8 * np.log(0.8) - 0.2 * np.log(0.2))


def test_wrong_labels_are_learnt_or_seen_through():
    right = np.repeat([0, 1, 2], [6, 4, 2])
    labels = right.copy()
    labels[[0, 1, 6, 7]] = [1, 2, 0, 2]
    predicted = right.copy()
    predicted[[0, 1]] = [1, 1]  # as given; as neither
    # of class 0 the sample has half of the images, of 1 and 2 all of them
    fit = wrong_label_fit(labels, right, predicted, np.array([10, 3, 4]))
    assert fit == WrongLabelFit(4, as_given=pytest.approx(1 / 5), as_right=pytest.approx(3 / 5))
    assert wrong_label_fit(right, right, predicted, np.array([6, 4, 2])) is None

"""Scales of logits against hand-worked cases, scikit-learn and SciPy."""

import warnings

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

from benchmark.strategy.calibration import (
    HIGHEST,
    LOWEST,
    fit_scale_and_bias,
    fit_temperature,
)


def sure_network(images=200, classes=4, seed=0, scale=3.0):
    """Logits of a network that errs at times and is too sure."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, images)
    logits = scale * (rng.normal(size=(images, classes)) + 1.5 * np.eye(classes)[labels])
    return logits.astype(np.float32), labels


def log_loss(logits, labels):
    return -log_softmax(logits.astype(float), axis=1)[np.arange(len(labels)), labels].mean()


def test_a_temperature_worked_out_by_hand():
    """Three of four are right, all by the same margin: p = 3/4 = 1 / (1 + exp(-margin / T))."""
    logits = np.array([[4, 0]] * 4, np.float32)
    temperature = fit_temperature(logits, np.array([0, 0, 0, 1]))
    assert temperature == pytest.approx(4 / np.log(3), abs=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_of_two_classes_it_is_a_logistic_regression_without_intercept(seed):
    logits, labels = sure_network(classes=2, seed=seed)
    margins = np.diff(logits.astype(float), axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of arguments that are named otherwise from 1.8 on
        model = LogisticRegression(
            C=np.inf, fit_intercept=False, tol=1e-14, solver="newton-cholesky", max_iter=1000
        ).fit(margins, labels)
    assert 1 / fit_temperature(logits, labels) == pytest.approx(model.coef_.item(), abs=1e-10)


def test_it_is_the_least_of_all_temperatures():
    logits, labels = sure_network()
    least = log_loss(logits / fit_temperature(logits, labels), labels)
    assert all(least < log_loss(logits / t, labels) for t in np.geomspace(LOWEST, HIGHEST, 500))


def test_temperatures_are_bounded_where_there_is_no_least_loss():
    logits = np.array([[1, 0], [0, 1]], np.float32)
    assert fit_temperature(logits, np.array([0, 1])) == LOWEST, "all images are right"
    assert fit_temperature(logits, np.array([1, 0])) == HIGHEST, "all images are wrong"
    assert fit_temperature(logits[:0], np.array([], int)) == 1, "no image"
    assert fit_temperature(0 * logits, np.array([1, 0])) in (HIGHEST, LOWEST, 1), "all the same"


def test_logits_that_are_no_numbers_are_refused_in_words():
    logits, labels = sure_network()
    logits[3, 1] = np.inf
    for fit in (fit_temperature, lambda z, y: fit_scale_and_bias(z, y, 1.0, 1.0)):
        with pytest.raises(ValueError, match=r"not finite.*training diverged"):
            fit(logits, labels)


def penalised(parameters, logits, labels, weight, centre):
    scale, bias = parameters.reshape(2, -1)
    away = np.concatenate([scale - centre, bias])
    return len(labels) * log_loss(logits * scale + bias, labels) + weight / 2 * away @ away


@pytest.mark.parametrize("weight", [0.1, 1.0, 10.0])
def test_scales_and_biases_are_where_scipy_finds_the_least_loss(weight):
    logits, labels = sure_network(images=80, classes=3)
    start = np.repeat([0.4, 0.0], 3)
    fitted = np.concatenate(fit_scale_and_bias(logits, labels, weight, 0.4))
    arguments = (logits.astype(float), labels, weight, 0.4)
    least = minimize(penalised, start, arguments, method="BFGS", options={"gtol": 1e-9})
    np.testing.assert_allclose(fitted, least.x, atol=1e-5)
    assert penalised(fitted, *arguments) <= least.fun + 1e-10


@pytest.mark.parametrize("weight", [0.01, 1.0])
def test_of_two_classes_it_is_a_penalised_logistic_regression(weight):
    """Its features are z_1, -z_0, 1 and -1; with a centre of 0 all its coefficients are shrunk."""
    logits, labels = sure_network(classes=2)
    z, ones = logits.astype(float), np.ones(len(labels))
    features = np.stack([-z[:, 0], z[:, 1], -ones, ones], axis=1)
    model = LogisticRegression(
        C=1 / weight, fit_intercept=False, tol=1e-14, solver="newton-cholesky", max_iter=1000
    ).fit(features, labels)
    scale, bias = fit_scale_and_bias(logits, labels, weight, 0.0)
    np.testing.assert_allclose([*scale, *bias], model.coef_[0], atol=1e-10)


def test_the_slope_at_the_end_is_that_of_the_prior():
    """Hand-worked first-order conditions, for each class and both of its parameters."""
    logits, labels = sure_network(images=1000, classes=17)
    scale, bias = fit_scale_and_bias(logits, labels, 1.0, 0.3)
    p = np.exp(log_softmax(logits.astype(float) * scale + bias, axis=1))
    slope = p - np.eye(17)[labels]
    np.testing.assert_allclose(slope.sum(0) + bias, 0, atol=1e-10)
    np.testing.assert_allclose((slope * logits).sum(0) + scale - 0.3, 0, atol=1e-10)


def test_with_hardly_a_prior_mean_probabilities_are_the_shares_of_the_classes():
    logits, labels = sure_network(images=300)
    scale, bias = fit_scale_and_bias(logits, labels, 1e-9, 1.0)
    p = np.exp(log_softmax(logits.astype(float) * scale + bias, axis=1))
    np.testing.assert_allclose(p.mean(0), np.bincount(labels) / 300, atol=1e-9)


def test_without_images_scales_and_biases_are_those_of_the_prior():
    logits, labels = sure_network(images=0)
    scale, bias = fit_scale_and_bias(logits, labels, 1.0, 0.7)
    np.testing.assert_array_equal([*scale, *bias], [0.7] * 4 + [0.0] * 4)


@pytest.mark.parametrize("images", [1, 2, 5])
def test_few_images_and_classes_without_any_give_finite_numbers(images):
    logits, _ = sure_network(images=images, classes=6)
    labels = np.zeros(images, int)
    scale, bias = fit_scale_and_bias(logits, labels, 1.0, 1.0)
    assert np.isfinite([scale, bias]).all()
    assert bias[0] > bias[1:].max(), "the others have no image"


def test_classes_that_are_told_apart_without_error_give_finite_numbers():
    labels = np.repeat([0, 1, 2], 10)
    scale, bias = fit_scale_and_bias(10 * np.eye(3)[labels], labels, 1.0, 4.0)
    assert np.isfinite([scale, bias]).all()
    assert np.abs(np.concatenate([scale - 4, bias])).max() < 0.1

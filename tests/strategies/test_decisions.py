"""Decisions are the corrections of their papers."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from benchmark.strategy import Outputs, find
from strategies.threshold_moving import ThresholdMoving

COUNTS = np.array([90, 9, 1])


def outputs(images=300, seed=0, head=None):
    """Outputs of a network that favours large classes."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(3, images, p=[0.7, 0.2, 0.1])
    logits = rng.normal(size=(images, 3)) + 1.5 * np.eye(3)[labels] + np.log(COUNTS / 100)
    features = rng.normal(size=(images, 5))
    return Outputs(logits.astype(np.float32), features, labels, head)


def predict(name, fitted):
    return find(name).decision.fit(fitted, COUNTS)(fitted)


@pytest.mark.parametrize("tau", [0.0, 0.5, 1.0, 2.0])
def test_prior_correction(tau):
    """Menon et al. 2021, eq. 9: argmax f_c - tau log pi_c."""
    validation = outputs()
    expected = (validation.logits - tau * np.log(COUNTS / COUNTS.sum())).argmax(1)
    np.testing.assert_array_equal(predict(f"prior_correction:tau={tau}", validation), expected)


def test_prior_correction_divides_probabilities_by_priors():
    """Buda et al. 2018, section 3.1.3."""
    validation = outputs()
    expected = (np.exp(validation.log_probabilities) / (COUNTS / 100)).argmax(1)
    np.testing.assert_array_equal(predict("prior_correction", validation), expected)


def test_prior_correction_uses_no_validation_image():
    first, second = (find("prior_correction").decision.fit(outputs(seed=s), COUNTS) for s in (0, 1))
    assert first == second


@pytest.mark.parametrize("tau", [0.5, 1.0])
def test_tau_norm(tau):
    """Kang et al. 2020, eq. 4 and 5: rows divided by their norm to the tau, no bias."""
    head = np.random.default_rng(2).normal(size=(3, 5)) * [[5.0], [2.0], [0.1]]
    validation = outputs(head=head)
    rows = [row / np.sqrt((row**2).sum()) ** tau for row in head]
    expected = [int(np.argmax([row @ x for row in rows])) for x in validation.features]
    np.testing.assert_array_equal(predict(f"tau_norm:tau={tau}", validation), expected)


def test_tau_norm_of_0_leaves_the_classifier_without_its_bias():
    head = np.random.default_rng(2).normal(size=(3, 5))
    validation = outputs(head=head)
    np.testing.assert_array_equal(
        predict("tau_norm:tau=0", validation), (validation.features @ head.T).argmax(1)
    )


def test_tau_norm_needs_a_linear_head():
    with pytest.raises(ValueError, match="head is one linear layer"):
        predict("tau_norm", outputs())


def test_threshold_moving_raises_macro_f1_where_it_is_fitted():
    validation = outputs()
    before, after = (
        f1_score(validation.labels, labels, average="macro", labels=range(3), zero_division=0)
        for labels in (validation.logits.argmax(1), predict("threshold_moving", validation))
    )
    assert after > before + 0.05


def test_offsets_of_few_images_are_shrunk_towards_the_prior_correction():
    """m_c / (m_c + prior_weight) of the fitted value, the rest prior correction."""
    validation = outputs()
    fitted, prior_only, shrunk = (
        np.array(ThresholdMoving(weight).fit(validation, COUNTS).offset) for weight in (0, 1e9, 10)
    )
    images = np.bincount(validation.labels, minlength=3)
    trust = images / (images + 10)
    np.testing.assert_allclose(shrunk, trust * fitted + (1 - trust) * prior_only)
    prior = -np.log(COUNTS / COUNTS.sum())
    strength = np.polyfit(prior, prior_only, 1)
    np.testing.assert_allclose(prior_only, np.polyval(strength, prior), atol=1e-6)
    assert 0 <= strength[0] <= 1.5


def test_thresholds_are_fitted_without_test_images():
    rule = find("threshold_moving").decision.fit(outputs(), COUNTS)
    other = outputs(seed=3)
    expected = (other.log_probabilities + np.array(rule.offset)).argmax(1)
    np.testing.assert_array_equal(rule(other), expected)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("prior_correction:tau=-1", "tau must be 0 or more, got -1"),
        ("tau_norm:tau=-1", "tau must be 0 or more, got -1"),
        ("threshold_moving:prior_weight=-1", "prior_weight=-1.0 is below 0"),
    ],
)
def test_wrong_parameters_are_explained(spec, message):
    with pytest.raises(ValueError, match=message):
        find(spec)

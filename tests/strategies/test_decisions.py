"""Decisions are the corrections of their papers."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import f1_score

from benchmark.strategy import Outputs, find
from strategies.threshold_moving import ClassByClass, OneStrength

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
    with pytest.raises(ValueError, match="this head is not one linear layer"):
        predict("tau_norm", outputs())


def test_threshold_moving_raises_macro_f1_where_it_is_fitted():
    validation = outputs()
    before, after = (
        f1_score(validation.labels, labels, average="macro", labels=range(3), zero_division=0)
        for labels in (validation.logits.argmax(1), predict("threshold_moving", validation))
    )
    assert after > before + 0.05


def offsets(rule, validation):
    return np.array(rule.fit(validation, COUNTS).offset)


def test_offsets_of_few_images_are_shrunk_towards_the_prior_correction():
    """m_c / (m_c + prior_weight) of the fitted value, the rest prior correction."""
    validation = outputs()
    fitted, shrunk = (offsets(ClassByClass(weight), validation) for weight in (0, 10))
    prior_only = offsets(OneStrength(), validation)
    images = np.bincount(validation.labels, minlength=3)
    trust = images / (images + 10)
    np.testing.assert_allclose(shrunk, trust * fitted + (1 - trust) * prior_only)
    prior = -np.log(COUNTS / COUNTS.sum())
    strength = np.polyfit(prior, prior_only, 1)
    np.testing.assert_allclose(prior_only, np.polyval(strength, prior), atol=1e-6)
    assert 0 < strength[0] <= 1.5


def test_the_prior_that_is_taken_out_is_the_one_that_the_training_left():
    uniform, other = np.full(3, 1 / 3), np.array([0.2, 0.7, 0.1])
    balanced, moved = (replace(outputs(), effective_prior=prior) for prior in (uniform, other))
    assert not offsets(OneStrength(), balanced).any(), "after balanced draws there is none"
    direction = -np.log(other) + np.log(other).mean()
    fitted = offsets(OneStrength(), moved)
    np.testing.assert_allclose(fitted, fitted @ direction / (direction @ direction) * direction)


@pytest.mark.parametrize("prior", [None, np.full(3, 1 / 3)])
def test_a_network_that_is_right_on_validation_is_left_alone(prior):
    """Ties used to go to the full prior correction, which cost up to .026 of macro-F1."""
    labels = outputs().labels
    logits = np.random.default_rng(1).normal(size=(300, 3)) + 9 * np.eye(3)[labels]
    sure = Outputs(logits.astype(np.float32), np.zeros((300, 2)), labels, None, prior)
    assert (logits.argmax(1) == labels).all()
    assert find("threshold_moving").decision.fit(sure, COUNTS).offset == (0.0, 0.0, 0.0)


def test_it_hardly_ever_hurts_a_network_of_balanced_draws():
    """On 30 simulated data sets of few validation images: cross-fitted, or left alone."""
    gains = []
    for seed in range(30):
        rng, means = np.random.default_rng(seed), 2.5 * np.eye(5)
        sizes = {"validation": [40, 20, 10, 4, 2], "test": [400, 200, 100, 60, 60]}
        labels = {split: np.repeat(np.arange(5), n) for split, n in sizes.items()}
        x = {s: means[y] + rng.normal(size=(len(y), 5)) for s, y in labels.items()}
        validation, test = (  # the log likelihoods, but for a constant: no prior is in them
            Outputs((x[s] @ means.T).astype(np.float32), x[s], y, None, np.full(5, 0.2))
            for s, y in labels.items()
        )
        rule = find("threshold_moving").decision.fit(validation, np.array([320, 160, 80, 32, 16]))
        before, after = (
            f1_score(test.labels, predicted, average="macro")
            for predicted in (test.logits.argmax(1), rule(test))
        )
        gains.append(after - before)
    assert np.mean(gains) > 0
    assert np.mean(np.array(gains) < -0.005) <= 0.3


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

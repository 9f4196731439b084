"""Decisions are the corrections that their papers define."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from benchmark.strategy import Outputs, find
from strategies.threshold_moving import MoveThresholds

COUNTS = np.array([90, 9, 1])


def outputs(images=300, seed=0, head=None):
    """A network that leans to the prior."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(3, images, p=[0.7, 0.2, 0.1])
    logits = rng.normal(size=(images, 3)) + 1.5 * np.eye(3)[labels] + np.log(COUNTS / 100)
    features = rng.normal(size=(images, 5))
    return Outputs(logits.astype(np.float32), features, labels, head)


def decided(name, seen):
    return find(name).decision.fit(seen, COUNTS)(seen)


@pytest.mark.parametrize("tau", [0.0, 0.5, 1.0, 2.0])
def test_prior_correction(tau):
    """Menon et al. 2021, eq. 9: argmax f_c - tau log pi_c."""
    seen = outputs()
    expected = (seen.logits - tau * np.log(COUNTS / COUNTS.sum())).argmax(1)
    np.testing.assert_array_equal(decided(f"prior_correction:tau={tau}", seen), expected)


def test_prior_correction_divides_probabilities_by_priors():
    """Buda et al. 2018, section 3.1.3."""
    seen = outputs()
    expected = (np.exp(seen.log_probabilities) / (COUNTS / 100)).argmax(1)
    np.testing.assert_array_equal(decided("prior_correction", seen), expected)


def test_prior_correction_looks_at_no_validation_image():
    one, two = (find("prior_correction").decision.fit(outputs(seed=s), COUNTS) for s in (0, 1))
    assert one == two


@pytest.mark.parametrize("tau", [0.5, 1.0])
def test_tau_norm(tau):
    """Kang et al. 2020, eq. 4 and 5: rows divided by their norm to the tau, no bias."""
    head = np.random.default_rng(2).normal(size=(3, 5)) * [[5.0], [2.0], [0.1]]
    seen = outputs(head=head)
    rows = [row / np.sqrt((row**2).sum()) ** tau for row in head]
    expected = [int(np.argmax([row @ x for row in rows])) for x in seen.features]
    np.testing.assert_array_equal(decided(f"tau_norm:tau={tau}", seen), expected)


def test_tau_norm_of_0_leaves_the_classifier_without_its_bias():
    head = np.random.default_rng(2).normal(size=(3, 5))
    seen = outputs(head=head)
    np.testing.assert_array_equal(
        decided("tau_norm:tau=0", seen), (seen.features @ head.T).argmax(1)
    )


def test_tau_norm_asks_for_a_linear_head():
    with pytest.raises(ValueError, match="head is one linear layer"):
        decided("tau_norm", outputs())


def test_threshold_moving_raises_macro_f1_where_it_is_fitted():
    seen = outputs()
    before, after = (
        f1_score(seen.labels, labels, average="macro", labels=range(3), zero_division=0)
        for labels in (seen.logits.argmax(1), decided("threshold_moving", seen))
    )
    assert after > before + 0.05


def test_offsets_of_few_images_are_shrunk_towards_the_prior_correction():
    """m_c / (m_c + prior_weight) of the fitted value, the rest prior correction."""
    seen = outputs()
    free, bound, between = (
        np.array(MoveThresholds(weight).fit(seen, COUNTS).offset) for weight in (0, 1e9, 10)
    )
    seen_of = np.bincount(seen.labels, minlength=3)
    trust = seen_of / (seen_of + 10)
    np.testing.assert_allclose(between, trust * free + (1 - trust) * bound)
    prior = -np.log(COUNTS / COUNTS.sum())
    strength = np.polyfit(prior, bound, 1)
    np.testing.assert_allclose(bound, np.polyval(strength, prior), atol=1e-6)
    assert 0 <= strength[0] <= 1.5


def test_thresholds_are_fitted_without_test_images():
    rule = find("threshold_moving").decision.fit(outputs(), COUNTS)
    other = outputs(seed=3)
    expected = (other.log_probabilities + np.array(rule.offset)).argmax(1)
    np.testing.assert_array_equal(rule(other), expected)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("prior_correction:tau=-1", "tau must be 0 or more, got -1"),
        ("tau_norm:tau=-1", "tau must be 0 or more, got -1"),
        ("threshold_moving:prior_weight=-1", "prior_weight=-1.0 is below 0"),
    ],
)
def test_what_is_not_allowed_is_said(asked, says):
    with pytest.raises(ValueError, match=says):
        find(asked)

"""The outputs of a network, as a decision sees them."""

import numpy as np
import pytest
from scipy.special import log_softmax

from benchmark.strategy import Outputs


@pytest.fixture
def outputs():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(5, 3)).astype(np.float32)
    return Outputs(logits, rng.normal(size=(5, 4)), np.array([0, 1, 2, 1, 0]), np.eye(3, 4))


def test_log_probabilities_are_the_log_softmax(outputs):
    expected = log_softmax(outputs.logits.astype(float), axis=1)
    np.testing.assert_allclose(outputs.log_probabilities, expected)


def test_a_subset_has_the_images_of_the_mask(outputs):
    subset = outputs.subset(outputs.labels == 1)
    np.testing.assert_array_equal(subset.logits, outputs.logits[[1, 3]])
    np.testing.assert_array_equal(subset.features, outputs.features[[1, 3]])
    assert subset.labels.tolist() == [1, 1]
    assert subset.head is outputs.head


def test_the_prior_stays_with_every_part():
    prior = np.array([0.5, 0.3, 0.2])
    whole = Outputs(np.zeros((4, 3)), np.zeros((4, 2)), np.zeros(4, int), None, prior)
    assert whole.subset(np.array([True, False, True, False])).effective_prior is prior
    assert whole.without_labels().effective_prior is prior


def test_labels_can_be_hidden(outputs):
    hidden = outputs.without_labels()
    assert hidden.labels.tolist() == [-1] * 5
    assert hidden.logits is outputs.logits
    assert outputs.labels.tolist() == [0, 1, 2, 1, 0]

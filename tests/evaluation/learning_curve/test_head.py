"""The head against scikit-learn's, and its whitened features."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from benchmark.evaluation.learning_curve.head import fit


def draw(images, classes=4, features=12, seed=0):
    rng = np.random.default_rng(seed)
    means = np.random.default_rng(7).normal(size=(classes, features)) * 1.5
    labels = rng.choice(classes, images, p=np.arange(1, classes + 1) / sum(range(classes + 1)))
    spread = np.geomspace(3, 1, features)  # of covariances like the identity little would be kept
    x = (means[labels] + rng.normal(size=(images, features))) * spread
    return x.astype(np.float32), labels


def test_it_decides_like_the_discriminant_of_scikit_learn():
    x, y = draw(2000)
    head = fit(x, y, 4)
    test = draw(500, seed=1)[0]
    theirs = LinearDiscriminantAnalysis(solver="lsqr").fit(x, y).predict_proba(test)
    scores = head.scores(head.whiten(test))
    ours = np.exp(scores - scores.max(1, keepdims=True))
    np.testing.assert_allclose(ours / ours.sum(1, keepdims=True), theirs, atol=0.1)
    assert (ours.argmax(1) == theirs.argmax(1)).mean() > 0.99


def test_images_lie_around_their_mean_with_the_identity_as_covariance():
    x, y = draw(3000)
    head = fit(x, y, 4)
    residuals = head.features - head.means[y]
    np.testing.assert_allclose(residuals.T @ residuals / (3000 - 4), np.eye(12), atol=0.05)
    np.testing.assert_allclose(head.whiten(x), head.features, atol=1e-8)


def test_few_images_get_few_directions():
    x, y = draw(60, features=50)
    assert fit(x, y, 4).features.shape == (60, 10)


def test_the_same_images_give_the_same_numbers():
    x, y = draw(300, features=90)
    first, second = fit(x, y, 4), fit(x, y, 4)
    np.testing.assert_array_equal(first.means, second.means)


def test_a_class_without_images_is_never_predicted():
    x, y = draw(100)
    head = fit(x, y, 6)
    assert head.scores(head.whiten(x)).argmax(1).max() < 4


def test_a_sample_of_the_images_keeps_the_prior_of_all():
    x, y = draw(400)
    counts = np.array([5, 5, 5, 400])
    change = fit(x, y, 4, counts).scores(np.zeros((1, 12))) - fit(x, y, 4).scores(np.zeros((1, 12)))
    expected = np.log(counts) - np.log(np.bincount(y))
    np.testing.assert_allclose(change[0], expected)


@pytest.mark.parametrize("images", [2, 3, 5])
def test_a_handful_of_images_is_enough(images):
    x = draw(images)[0]
    head = fit(x, np.arange(images) % 2, 2)
    assert np.isfinite(head.scores(head.whiten(x))).all()


def test_features_that_are_all_the_same_have_scores():
    head = fit(np.ones((10, 5), np.float32), np.arange(10) % 2, 2)
    assert np.isfinite(head.scores(head.whiten(np.ones((3, 5))))).all()

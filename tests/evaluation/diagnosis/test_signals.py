"""Single signals against numbers by hand or by another implementation."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import roc_auc_score

from benchmark.evaluation.diagnosis import signals
from benchmark.evaluation.diagnosis.inputs import DiagnosisInput
from benchmark.evaluation.diagnosis.signals import SIGNALS, Evidence, auc, measure
from benchmark.strategy.outputs import Outputs


def inputs(logits, labels, counts, features=None, **more):
    """Return the same images for validation and test, decided by the largest logit."""
    logits = np.asarray(logits, np.float32)
    labels = np.asarray(labels)
    if features is None:
        features = np.random.default_rng(0).normal(size=(len(labels), 4)).astype(np.float16)
    one = Outputs(logits, features, labels)
    return DiagnosisInput(one, one, logits.argmax(1), np.asarray(counts), **more)


def drawn_from_softmax(true_logits, seed=0):
    rng = np.random.default_rng(seed)
    cumulated = softmax(true_logits, axis=1).cumsum(1)
    drawn = (rng.random((len(true_logits), 1)) > cumulated).sum(1)
    return np.minimum(drawn, true_logits.shape[1] - 1)


def of_known_likelihood(counts, seed):
    """Images of classes of these sizes, and log p(image | class) up to what classes share (N, C).

    Features are normal around a mean a class, so the likelihood is known and the class sizes are
    the prior.
    """
    rng = np.random.default_rng(seed)
    means = rng.normal(size=(len(counts), 8)) * 0.8
    labels = np.repeat(np.arange(len(counts)), counts)
    features = means[labels] + rng.normal(size=(len(labels), 8))
    return labels, features @ means.T - (means**2).sum(1) / 2


def test_auc_counts_ties_half():
    rng = np.random.default_rng(0)
    positive, negative = rng.integers(0, 5, 30).astype(float), rng.integers(0, 4, 50).astype(float)
    expected = roc_auc_score([1] * 30 + [0] * 50, np.r_[positive, negative])
    assert auc(positive, negative) == pytest.approx(expected)
    assert np.isnan(auc(positive, negative[:0]))


@pytest.mark.parametrize("factor", [0.25, 1.0, 4.0])
def test_the_scale_undoes_what_logits_were_multiplied_by(factor):
    true = np.random.default_rng(1).normal(size=(4000, 4)) * 2
    evidence = Evidence(inputs(true / factor, drawn_from_softmax(true), [100, 100, 100, 50]))
    assert evidence.fitted[0] == pytest.approx(factor, rel=0.06)


def test_the_prior_is_found_missing_where_training_was_balanced():
    counts = np.array([800, 150, 40, 10])
    labels, likelihoods = of_known_likelihood(8 * counts, seed=2)
    balanced = Evidence(inputs(likelihoods, labels, counts))
    plain = Evidence(inputs(likelihoods + np.log(counts / 1000), labels, counts))
    assert balanced.fitted[1] == pytest.approx(1, abs=0.1)
    assert plain.fitted[1] == pytest.approx(0, abs=0.1)
    # freed of the prior that they hold, both say the same
    for evidence in (balanced, plain):
        said = evidence.balanced[: len(labels)].argmax(1)
        assert np.mean(said == likelihoods.argmax(1)) > 0.98


def test_a_test_set_of_equal_classes_fits_the_same():
    """Even where images of each class are equally many, the prior is that of training."""
    counts = np.array([800, 150, 40, 10])
    labels, likelihoods = of_known_likelihood(100 * counts, seed=3)
    few = np.concatenate([np.flatnonzero(labels == c)[:1000] for c in range(4)])
    logits = likelihoods + np.log(counts / 1000)
    even = Evidence(inputs(logits[few], labels[few], counts))
    assert even.fitted == pytest.approx((1, 0), abs=0.25)
    assert even.mcfadden_r2 == pytest.approx(
        Evidence(inputs(logits, labels, counts)).mcfadden_r2, abs=0.1
    )


def test_prior_correction_by_hand():
    # pi = .9, .1: log odds 2.2, so class 1 wins where its logit is less than that behind
    logits = [[0, -1.0], [0, -2.0], [0, -3.0], [0, 1.0], [0, -2.0], [0, -5.0]]
    got, confuser = measure(Evidence(inputs(logits, [1, 1, 1, 1, 0, 0], [90, 10])), 1)
    assert confuser == 0
    assert got["corrected_recall"] == pytest.approx(3 / 4)
    assert got["argmax_recall"] == pytest.approx(1 / 4)
    assert got["head_cost"] == pytest.approx(1 / 2)
    assert got["evidence_images"] == 8


def test_the_confuser_is_the_likeliest_class_without_the_prior():
    # class 0 is the largest and takes all; freed of the prior the images look like class 1
    logits = np.array([[3.0, 2.5, 0.0]] * 6 + [[9.0, 0, 0]] * 12 + [[0, 6.0, 0]] * 2)
    labels = [2] * 6 + [0] * 12 + [1] * 2
    got, confuser = measure(Evidence(inputs(logits, labels, [900, 30, 30])), 2)
    assert confuser == 1
    assert got["confuser_share"] > 0.9
    assert got["confuser_entropy"] == 0


def test_a_class_that_takes_all_images_is_no_confuser():
    # class 3 takes half of everyone's images, class 1 a quarter of those of class 2 alone
    said = np.array([[0, 0, 3, 3], [1, 1, 3, 3], [1, 2, 3, 3], [3, 3, 3, 3]]).repeat(8, axis=1)
    logits = 2 * np.eye(4)[said.ravel()]  # a class left out gives its images to all alike
    got, confuser = measure(Evidence(inputs(logits, np.arange(4).repeat(32), [32] * 4)), 2)
    assert confuser == 1
    assert got["confuser_share"] > got["confuser_elsewhere"] + 0.1
    assert got["confuser_images"] == 2 * 32


def test_with_two_classes_there_is_no_elsewhere():
    logits = np.eye(2)[[0, 1, 0, 0]]
    got, confuser = measure(Evidence(inputs(logits, [0, 0, 1, 1], [9, 9])), 1)
    assert (confuser, got["confuser_share"], got["confuser_elsewhere"]) == (0, 1, 0)


def test_scattered_images_have_the_largest_entropy():
    said = np.tile(np.arange(9), 40)
    labels = np.r_[[9] * 9, said[9:]]
    got, _ = measure(Evidence(inputs(np.eye(10)[said] * 9, labels, [390] * 9 + [90])), 9)
    assert got["confuser_entropy"] == pytest.approx(1)
    assert got["confuser_share"] == pytest.approx(1 / 9, rel=0.01)
    assert got["confident_other"] == 1


def test_how_far_the_validation_loss_fell():
    losses = np.array([[4, 4, np.nan], [2.0, 3.0, np.nan], [2.0, 2.0, np.nan], [1.0, 1.5, np.nan]])
    got = signals._of_losses(losses, 0)
    assert got["loss_fall"] == pytest.approx((1 / 2 + 1 / 4) / 2)
    assert got["own_loss_fall"] == pytest.approx(1 / 2)
    assert "own_loss_fall" not in signals._of_losses(losses, 2)
    assert signals._of_losses(losses[:1], 0) == {}
    assert signals._of_losses(None, 0) == {}


def test_the_head_by_hand():
    weight = np.array([[3.0, 4.0], [6.0, 8.0], [0.0, 5.0]])
    assert signals._of_head(weight, 1)["head_norm"] == pytest.approx(10 / 5)
    assert signals._of_head_pair(weight, 0, 2)["head_cosine"] == pytest.approx(
        np.dot([0, -5 / 3], [-3, -2 / 3]) / (5 / 3 * np.hypot(3, 2 / 3))
    )
    assert signals._of_head_pair(np.zeros((3, 2)), 0, 2) == {}


def test_all_signals_are_always_there():
    logits = np.random.default_rng(3).normal(size=(20, 3))
    full, _ = measure(Evidence(inputs(logits, np.arange(20) % 3, [9, 9, 9])), 0)
    assert set(full) == set(SIGNALS)
    none, confuser = measure(Evidence(inputs(logits, np.arange(20) % 2, [9, 9, 0])), 2)
    assert set(none) == set(SIGNALS)
    assert confuser is None

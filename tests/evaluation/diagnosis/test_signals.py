"""Single signals against numbers by hand or by another implementation."""

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import fisher_exact
from sklearn.metrics import roc_auc_score

from benchmark.evaluation.diagnosis.auc import auc
from benchmark.evaluation.diagnosis.evidence import Evidence
from benchmark.evaluation.diagnosis.signals import SIGNALS, loss_fall, measure
from benchmark.strategy.outputs import Outputs


def inputs(logits, labels, counts, features=None):
    """Return the same images for validation and test, decided by the largest logit."""
    logits = np.asarray(logits, np.float32)
    labels = np.asarray(labels)
    if features is None:
        features = np.random.default_rng(0).normal(size=(len(labels), 4)).astype(np.float16)
    outputs = Outputs(logits, features, labels)
    return Evidence(outputs, outputs, logits.argmax(1), np.asarray(counts))


def drawn_from_softmax(true_logits, seed=0):
    rng = np.random.default_rng(seed)
    cumulated = softmax(true_logits, axis=1).cumsum(1)
    drawn = (rng.random((len(true_logits), 1)) > cumulated).sum(1)
    return np.minimum(drawn, true_logits.shape[1] - 1)


def known_likelihood(counts, seed):
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
    evidence = inputs(true / factor, drawn_from_softmax(true), [100, 100, 100, 50])
    assert evidence.calibration[0] == pytest.approx(factor, rel=0.06)


def test_the_prior_is_found_missing_where_training_was_balanced():
    counts = np.array([800, 150, 40, 10])
    labels, likelihoods = known_likelihood(8 * counts, seed=2)
    balanced = inputs(likelihoods, labels, counts)
    plain = inputs(likelihoods + np.log(counts / 1000), labels, counts)
    assert balanced.calibration[1] == pytest.approx(1, abs=0.1)
    assert plain.calibration[1] == pytest.approx(0, abs=0.1)
    # without the prior that they contain, both predict the same
    for evidence in (balanced, plain):
        predicted = evidence.balanced_of(slice(len(labels))).argmax(1)
        assert np.mean(predicted == likelihoods.argmax(1)) > 0.98


def test_a_test_set_of_equal_classes_fits_the_same():
    """Even where images of each class are equally many, the prior is that of training."""
    counts = np.array([800, 150, 40, 10])
    labels, likelihoods = known_likelihood(100 * counts, seed=3)
    few = np.concatenate([np.flatnonzero(labels == c)[:1000] for c in range(4)])
    logits = likelihoods + np.log(counts / 1000)
    even = inputs(logits[few], labels[few], counts)
    assert even.calibration == pytest.approx((1, 0), abs=0.25)


def test_prior_correction_by_hand():
    # pi = .9, .1: log odds 2.2, so class 1 wins where its logit is behind by less than that
    logits = [[0, -1.0], [0, -2.0], [0, -3.0], [0, 1.0], [0, -2.0], [0, -5.0]]
    evidence = inputs(logits, [1, 1, 1, 1, 0, 0], [90, 10])
    assert evidence.recall(evidence.prior_corrected)[1] == pytest.approx(3 / 4)
    assert evidence.cost_of_large_classes(evidence.prior_corrected) == pytest.approx(1 / 2)
    ((signals, confuser),) = measure(evidence, [1])
    assert confuser == 0
    assert signals["prior_free_recall"] >= 3 / 4
    assert signals["argmax_recall"] == pytest.approx(1 / 4)
    assert signals["evidence_images"] == 8


def test_the_confuser_is_the_likeliest_class_without_the_prior():
    # class 0 is the largest and takes all; freed of the prior the images look like class 1
    logits = np.array([[3.0, 2.5, 0.0]] * 6 + [[9.0, 0, 0]] * 12 + [[0, 6.0, 0]] * 2)
    labels = [2] * 6 + [0] * 12 + [1] * 2
    ((signals, confuser),) = measure(inputs(logits, labels, [900, 30, 30]), [2])
    assert confuser == 1
    assert signals["confuser_share"] > 0.9


def test_a_class_that_takes_all_images_is_no_confuser():
    # class 3 takes half of everyone's images, class 1 a quarter of those of class 2 alone
    predicted = np.array([[0, 0, 3, 3], [1, 1, 3, 3], [1, 2, 3, 3], [3, 3, 3, 3]]).repeat(8, axis=1)
    logits = 2 * np.eye(4)[predicted.ravel()]  # a class left out gives its images to all alike
    ((signals, confuser),) = measure(inputs(logits, np.arange(4).repeat(32), [32] * 4), [2])
    assert confuser == 1
    assert signals["confuser_share"] > signals["confuser_share_of_others"] + 0.1
    assert signals["confuser_images"] == 2 * 32


def test_with_two_classes_there_is_no_elsewhere():
    logits = np.eye(2)[[0, 1, 0, 0]]
    ((signals, confuser),) = measure(inputs(logits, [0, 0, 1, 1], [9, 9]), [1])
    assert (confuser, signals["confuser_share"], signals["confuser_share_of_others"]) == (0, 1, 0)


def test_images_of_other_classes_are_given_to_these_as_surely_as_their_own():
    rng = np.random.default_rng(4)
    labels = np.repeat([0, 1, 2, 3], 60)
    true = np.concatenate([labels[:180], rng.integers(0, 3, 60)])  # class 3 is all wrong labels
    logits = 4 * np.eye(4)[true] + rng.normal(size=(240, 4))
    counts = [60, 60, 60, 60]
    ((wrong, _),) = measure(inputs(logits, labels, counts), [3])
    assert wrong["sureness_auc"] == pytest.approx(0.5, abs=0.06)
    logits[180:] = rng.normal(size=(60, 4))  # or its images lie between the classes
    ((between, _),) = measure(inputs(logits, labels, counts), [3])
    assert between["sureness_auc"] < 0.2


def test_how_far_the_validation_loss_fell():
    losses = np.array([[4, 4, np.nan], [2.0, 3.0, np.nan], [2.0, 2.0, np.nan], [1.0, 1.5, np.nan]])
    assert loss_fall(losses) == pytest.approx((1 / 2 + 1 / 4) / 2)
    assert np.isnan(loss_fall(losses[:1]))
    assert np.isnan(loss_fall(np.full((4, 2), np.nan)))
    assert np.isnan(loss_fall(None))


def test_all_signals_are_always_there():
    logits = np.random.default_rng(3).normal(size=(20, 3))
    ((full, _),) = measure(inputs(logits, np.arange(20) % 3, [9, 9, 9]), [0])
    assert set(full) == set(SIGNALS)
    ((none, confuser),) = measure(inputs(logits, np.arange(20) % 2, [9, 9, 0]), [2])
    assert set(none) == set(SIGNALS)
    assert confuser is None


def split(labels, right, classes=4, seed=0):
    """Return outputs whose largest logit is that of the label where `right`, else of the next."""
    labels, rng = np.asarray(labels), np.random.default_rng(seed)
    chosen = np.where(right, labels, (labels + 1) % classes)
    logits = 3.0 * np.eye(classes)[chosen] + np.eye(classes)[(chosen + 1) % classes]
    features = rng.normal(size=(len(labels), 4)).astype(np.float16)
    return Outputs(logits.astype(np.float32), features, labels)


def test_recall_of_validation_images_and_whether_it_is_higher_by_chance():
    labels = np.repeat([0, 1, 2, 3], [6, 5, 4, 9])
    validation, test = split(labels, labels > 0), split(labels, labels == 0, seed=1)
    evidence = Evidence(validation, test, test.logits.argmax(1), np.full(4, 40))
    signals = [signals for signals, _ in measure(evidence, range(4))]
    assert [s["validation_recall"] for s in signals] == [0, 1, 1, 1]
    assert [s["argmax_recall"] for s in signals] == [1, 0, 0, 0]
    theirs = [
        fisher_exact([[hits, n - hits], [n - hits, hits]], alternative="greater").pvalue
        for hits, n in ((0, 6), (5, 5), (4, 4), (9, 9))
    ]
    np.testing.assert_allclose([s["split_p"] for s in signals], theirs)


def test_images_that_a_decision_moves_go_to_the_runner_up_or_not():
    labels = np.repeat([0, 1, 2, 3], 10)
    outputs = split(labels, np.full(40, True))
    for moved_to, share in (((labels + 1) % 4, 1), ((labels + 2) % 4, 0), (labels, np.nan)):
        evidence = Evidence(outputs, outputs, moved_to, np.full(4, 40))
        np.testing.assert_equal(measure(evidence, [2])[0][0]["moved_to_runner_up"], share)


def test_images_with_the_features_of_another_one_are_counted():
    labels = np.repeat([0, 1, 2, 3], 10)
    validation, test = (split(labels, np.full(40, True), seed=seed) for seed in (0, 1))
    test.features[labels == 2] = 0  # black images
    test.features[3] = validation.features[39]
    evidence = Evidence(validation, test, labels, np.full(4, 40))
    shares = [s["identical_images"] for s, _ in measure(evidence, range(4))]
    assert shares == [1 / 20, 0, 10 / 20, 1 / 20]

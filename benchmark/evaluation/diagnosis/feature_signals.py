"""Measurements of a class by probes on the features: they need no training of the network.

Training images set against validation and test images part causes that look alike on the latter
alone. An under-trained network does not recognise its training images either, an over-fitted one
recognises no others. Labels that are wrong in training alone, and images unlike those of
training, mislead any classifier that was fitted to the training images, a probe too.
"""

import numpy as np

from benchmark.evaluation.diagnosis import probe
from benchmark.evaluation.diagnosis.auc import auc
from benchmark.evaluation.diagnosis.evidence import Evidence, recall_by_class
from benchmark.evaluation.diagnosis.neighbourhood import evenly_spaced
from benchmark.evaluation.diagnosis.probe import Probe
from benchmark.evaluation.metrics.class_counts import Floats, Labels

PROBED = 40  # images of each class in a probe, of the class itself up to twice as many

PROBE_SIGNALS = (
    "probe_auc",  # the class against its rivals, each image scored by a probe without it
    "probe_confuser_auc",  # against its main confuser
    "probe_recall_of_others",  # mean recall of the rivals; by a probe of training images, if better
    "network_recall_of_others",  # and by the network
)
TRAINING_SIGNALS = (
    "train_recall",  # of the largest logit, on training images
    "train_recall_of_others",  # mean of the other classes
    "transfer_auc",  # as `probe_auc`, by a probe of training images and the other way round: mean
    "transfer_confuser_auc",  # against the main confuser, by the probe of training images
    "train_neighbours",  # of training among validation and test images, see `Neighbourhood`
    "test_neighbours",  # of training and validation images among test images
    "linear_confuser_auc",  # against the main confuser, images of both sides in one probe
    "products_confuser_auc",  # the same, by a probe of all products of two features
)


def measure_features(evidence: Evidence, classes: Labels) -> dict[str, float]:
    """Return PROBE_SIGNALS and TRAINING_SIGNALS of a class among its rivals.

    Parameters
    ----------
    classes
        The class itself, its main confuser, and further rivals, (K,). TRAINING_SIGNALS are nan
        where the class has no stored training images.
    """
    images, labels = _sample(evidence.labels, classes)
    fitted = probe.fit(evidence.features[images], labels)
    pair = labels < 2
    against_confuser = probe.fit(evidence.features[images[pair]], labels[pair])
    probe_recall = _recall(labels, fitted.scores.argmax(1))
    network_recall = _recall(labels, evidence.balanced_of(images)[:, classes].argmax(1))
    signals = dict.fromkeys(TRAINING_SIGNALS, np.nan) | {
        "probe_auc": fitted.auc(0),
        "probe_confuser_auc": against_confuser.auc(0),
        "probe_recall_of_others": float(probe_recall[1:].mean()),
        "network_recall_of_others": float(network_recall[1:].mean()),
    }
    if evidence.train is None or not (evidence.train.labels == classes[0]).any():
        return signals
    return signals | _by_training(evidence, classes, fitted, images)


def _by_training(
    evidence: Evidence, classes: Labels, other_probe: Probe, others: Labels
) -> dict[str, float]:
    """Return TRAINING_SIGNALS, and the recall of the rivals by the better probe.

    `other_probe` was fitted to the validation and test images at the positions `others`.
    """
    train, k = evidence.train, classes[0]
    assert train is not None
    recall = evidence.train_recall
    of_others = np.delete(recall, k)
    of_others = of_others[~np.isnan(of_others)]
    images, labels = _sample(train.labels, classes)
    features = evidence.train_features[images]
    forward = probe.fit(features, labels).score(evidence.features[others])
    backward = other_probe.score(features)
    other_labels = other_probe.labels
    aucs = [
        auc(scores[sides == 0, 0], scores[sides != 0, 0])
        for scores, sides in ((forward, other_labels), (backward, labels))
    ]
    against_confuser = np.nan
    if (labels == 1).any():
        difference = forward[:, 0] - forward[:, 1]
        against_confuser = auc(difference[other_labels == 0], difference[other_labels == 1])
    forward_recall = _recall(other_labels, forward.argmax(1))[1:].mean()
    own_recall = _recall(other_labels, other_probe.scores.argmax(1))[1:].mean()
    return {
        "train_recall": float(recall[k]),
        "train_recall_of_others": float(of_others.mean()) if len(of_others) else np.nan,
        "transfer_auc": float(np.mean(aucs)),
        "probe_recall_of_others": float(max(forward_recall, own_recall)),
        "transfer_confuser_auc": against_confuser,
        "train_neighbours": evidence.others_among_training.first_among_neighbours(k),
        "test_neighbours": evidence.test_among_others.first_among_neighbours(k),
        **_pooled_pair(evidence, classes[:2]),
    }


def _pooled_pair(evidence: Evidence, pair: Labels) -> dict[str, float]:
    """AUC of a class against its main confuser, by what is linear in the features and by products.

    Training images and the others serve together: products need many.
    """
    train = evidence.train
    assert train is not None
    stored, stored_labels = _sample(train.labels, pair, 2 * PROBED)
    images, labels = _sample(evidence.labels, pair, 2 * PROBED)
    features = np.concatenate([evidence.train_features[stored], evidence.features[images]])
    labels = np.concatenate([stored_labels, labels])
    return {
        "linear_confuser_auc": probe.fit(features, labels).auc(0),
        "products_confuser_auc": probe.fit_products(features, labels).auc(0),
    }


def _sample(labels: Labels, classes: Labels, of_others: int = PROBED) -> tuple[Labels, Labels]:
    """Return positions of some images of each class, and their labels as positions in `classes`."""
    most = [2 * PROBED, *[of_others] * (len(classes) - 1)]
    samples = [
        evenly_spaced(np.flatnonzero(labels == c), n) for c, n in zip(classes, most, strict=True)
    ]
    return np.concatenate(samples), np.repeat(np.arange(len(classes)), [len(s) for s in samples])


def _recall(labels: Labels, predicted: Labels) -> Floats:
    """Recall of each class that has images, (K,)."""
    recall = recall_by_class(labels, predicted, labels.max() + 1)
    return recall[~np.isnan(recall)]

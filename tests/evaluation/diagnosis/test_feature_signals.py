"""Training images against validation and test images, on features whose relation is known."""

from dataclasses import replace

import numpy as np
import pytest

from benchmark.evaluation.diagnosis.evidence import Evidence
from benchmark.evaluation.diagnosis.feature_signals import TRAINING_SIGNALS, measure_features
from benchmark.strategy.outputs import Outputs

CLASSES = np.array([3, 0, 1, 2])  # class 3 is looked at


def evidence(change=lambda features, labels: None, classes=4, images=30, width=8):
    """Return a right network on classes apart; `change` acts on features and labels of training."""
    rng = np.random.default_rng(0)
    means = 3 * rng.normal(size=(classes, width))

    def split(train=False):
        labels = np.repeat(np.arange(classes), images)
        features = means[labels] + rng.normal(size=(len(labels), width))
        if train:
            change(features, labels)
        logits = -((features[:, None] - means) ** 2).sum(2) / 2
        return Outputs(logits.astype(np.float32), features.astype(np.float16), labels)

    train, validation, test = split(train=True), split(), split()
    counts = np.bincount(train.labels, minlength=classes)
    return Evidence(validation, test, test.logits.argmax(1), counts, train=train)


def test_sides_that_are_alike():
    signals = measure_features(evidence(), CLASSES)
    assert signals["train_recall"] > 0.95
    assert signals["transfer_auc"] > 0.98
    assert signals["train_neighbours"] == pytest.approx(1, abs=0.35)
    assert signals["probe_recall_of_others"] > 0.9


def swap(_, labels):
    labels[labels >= 2] = 5 - labels[labels >= 2]


def test_training_labels_swapped_with_another_class():
    signals = measure_features(evidence(swap), CLASSES)
    assert signals["probe_auc"] > 0.98
    assert signals["transfer_auc"] < 0.75  # ranked behind one of three classes
    swapped = measure_features(evidence(swap), np.array([3, 2, 0, 1]))
    assert swapped["probe_confuser_auc"] > 0.98
    assert swapped["transfer_confuser_auc"] < 0.05
    assert signals["train_recall"] < 0.05
    assert signals["train_neighbours"] > 0.8  # whatever their labels


def wrong(_, labels):
    rng = np.random.default_rng(1)
    labels[labels == 3] = rng.integers(0, 3, (labels == 3).sum())
    labels[rng.permutation(np.flatnonzero(np.arange(len(labels)) < 90))[:30]] = 3


def test_wrong_training_labels():
    signals = measure_features(evidence(wrong), CLASSES)
    assert signals["probe_auc"] > 0.98
    assert signals["transfer_auc"] < 0.7
    assert signals["train_neighbours"] > 0.8


def shift(features, labels):
    features[labels == 3] += 6


def test_training_images_unlike_the_others():
    signals = measure_features(evidence(shift), CLASSES)
    assert signals["train_neighbours"] < 0.1
    assert signals["probe_auc"] > 0.98


def test_a_shift_of_all_classes_is_seen_too():
    signals = measure_features(evidence(lambda features, _: np.add(features, 9, features)), CLASSES)
    assert signals["train_neighbours"] < 0.1


def test_a_class_around_another_one_differs_from_it_by_products_of_features():
    full = evidence()
    rng = np.random.default_rng(4)

    def around(split):
        features = split.features.astype(float)
        features[split.labels == 3] = features[split.labels == 0]
        features[split.labels == 3, 0] += 4 * rng.choice([-1, 1], 30)
        return replace(split, features=features.astype(np.float16))

    sides = {name: around(getattr(full, name)) for name in ("train", "validation", "test")}
    signals = measure_features(replace(full, **sides), CLASSES)
    assert signals["linear_confuser_auc"] < 0.65
    assert signals["products_confuser_auc"] > 0.85
    assert measure_features(full, CLASSES)["linear_confuser_auc"] > 0.98  # classes apart


def test_without_training_images_there_are_no_such_signals():
    full = evidence()
    for lacking in (
        replace(full, train=None),
        replace(full, train=full.train.subset(full.train.labels != 3)),
    ):
        signals = measure_features(lacking, CLASSES)
        assert all(np.isnan(signals[name]) for name in TRAINING_SIGNALS)
        assert signals["probe_auc"] > 0.98


@pytest.mark.parametrize("known", [[3], [3, 0], [3, 2]])
def test_rivals_without_training_images(known):
    full = evidence()
    train = full.train.subset(np.isin(full.train.labels, known))
    signals = measure_features(replace(full, train=train), CLASSES)
    assert signals["train_recall"] > 0.95
    assert np.isnan(signals["train_recall_of_others"]) == (known == [3])


def test_training_logits_of_another_shape_are_refused():
    full = evidence()
    short = replace(full.train, logits=full.train.logits[:, :3])
    with pytest.raises(ValueError, match=r"train logits has shape \(120, 3\).* be \(120, 4\)"):
        replace(full, train=short)

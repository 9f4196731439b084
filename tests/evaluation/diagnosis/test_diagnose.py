"""Diagnoses of whole networks: who gets diagnosis, and that odd ones get through."""

from dataclasses import replace

import numpy as np
import pytest

from benchmark.evaluation.diagnosis import Evidence, diagnose
from benchmark.strategy.outputs import Outputs


def network(classes=4, images=20, width=6, seed=0, ignored=(3,)):
    """Return a network that is right but for the classes `ignored`, whose images go to class 0."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), images)
    means = rng.normal(size=(classes, width)) * 4

    def split():
        features = means[labels] + rng.normal(size=(len(labels), width))
        logits = rng.normal(size=(len(labels), classes)) + 6 * np.eye(classes)[labels]
        for c in ignored:
            logits[:, c] -= 9
        return Outputs(logits.astype(np.float32), features.astype(np.float16), labels)

    train, validation, test = split(), split(), split()
    counts = np.full(classes, 400)
    counts[list(ignored)] = 30
    return Evidence(validation, test, test.logits.argmax(1), counts, train=train)


def without(inputs, k, *splits):
    """Return it without the images of class k."""
    for split in splits:
        rest = getattr(inputs, split).labels != k
        old = getattr(inputs, split)
        if split == "test":
            inputs = replace(
                inputs,
                test=Outputs(old.logits[rest], old.features[rest], old.labels[rest]),
                predicted=inputs.predicted[rest],
            )
        else:
            new = Outputs(old.logits[rest], old.features[rest], old.labels[rest])
            inputs = replace(inputs, validation=new)
    return inputs


def test_a_class_behind_by_its_prior_alone():
    (diagnosis,) = diagnose(network())
    assert (diagnosis.index, diagnosis.recall, diagnosis.never_predicted) == (3, 0.0, True)
    assert diagnosis.cause == "prior bias"
    assert diagnosis.suggestions[0] == "decision"
    sentence = diagnosis.explanation(["a", "b", "c", "d"])
    assert "of its images are recognised" in sentence
    assert "{" not in sentence


def test_the_sentence_has_the_confuser_by_its_name():
    inputs = network()
    other = network(seed=0, images=40)  # other images of the same classes
    # class 3 looks just like class 1, to network and probe
    for side in ("train", "validation", "test"):
        split, more = getattr(inputs, side), getattr(other, side)
        twins, donors = split.labels == 3, np.flatnonzero(more.labels == 1)[-20:]
        split.features[twins] = more.features[donors]
        split.logits[twins] = more.logits[donors]
    (diagnosis,) = diagnose(replace(inputs, predicted=inputs.test.logits.argmax(1)))
    assert (diagnosis.cause, diagnosis.confuser) == ("confusable", 1)
    assert "can't be told from those of hub caps (AUC ." in diagnosis.explanation(
        ["a", "hub caps", "c", "d"]
    )


def test_a_decision_that_takes_a_class_away():
    inputs = network(ignored=())
    (diagnosis,) = diagnose(
        replace(inputs, predicted=np.where(inputs.predicted == 2, 1, inputs.predicted))
    )
    assert (diagnosis.index, diagnosis.cause, diagnosis.suggestions) == (
        2,
        "prior bias",
        ("decision",),
    )
    assert "the decision for .00" in diagnosis.explanation("abcd")


def test_a_class_that_is_rarely_recognised_is_diagnosed_too():
    inputs = network()
    predicted = inputs.predicted.copy()
    mine = np.flatnonzero(inputs.test.labels == 3)
    predicted[mine[:2]] = 3  # 2 of 20
    (diagnosis,) = diagnose(replace(inputs, predicted=predicted))
    assert (diagnosis.recall, diagnosis.never_predicted) == (0.1, False)
    predicted[mine[2]] = 3
    assert diagnose(replace(inputs, predicted=predicted)) == []


def test_few_training_images_are_reason_enough():
    inputs = network()
    (diagnosis,) = diagnose(replace(inputs, train_counts=np.array([400, 400, 400, 4])))
    assert diagnosis.cause == "too few images"
    assert diagnosis.explanation("abcd").startswith("It has 4 training images")


def test_without_outputs_of_training_images_a_diagnosis_says_what_it_lacks():
    (diagnosis,) = diagnose(replace(network(), train=None))
    assert diagnosis.cause == "undetermined"
    assert "an earlier version trained it" in diagnosis.explanation("abcd")
    # few images are few in any version; and so is a record that knows fewer signals
    few = replace(network(), train=None, train_counts=np.array([400, 400, 400, 4]))
    assert [d.cause for d in diagnose(few)] == ["too few images"]
    old = replace(diagnosis, signals={"recall": 0.0, "train_images": 30.0, "evidence_images": 40.0})
    assert "an earlier version trained it" in old.explanation("abcd")


def test_classes_without_images():
    inputs = without(network(), 3, "test")
    (diagnosis,) = diagnose(inputs)
    assert np.isnan(diagnosis.recall)
    assert diagnosis.never_predicted
    (diagnosis,) = diagnose(without(inputs, 3, "validation"))
    assert (diagnosis.cause, diagnosis.confuser) == ("undetermined", None)
    assert diagnosis.explanation("abcd").startswith(
        "It has 0 validation and test images, fewer than 6"
    )
    (diagnosis,) = diagnose(
        replace(without(inputs, 3, "validation"), train_counts=np.array([9, 9, 9, 0]))
    )
    assert diagnosis.cause == "too few images"


@pytest.mark.parametrize("classes", [2, 3, 17])
@pytest.mark.parametrize("width", [1, 300])
def test_any_number_of_classes_and_features(classes, width):
    inputs = network(classes, 15, width, ignored=(classes - 1,))
    inputs = replace(inputs, class_losses=np.full((4, classes), np.nan))
    (diagnosis,) = diagnose(inputs)
    assert diagnosis.index == classes - 1
    assert np.isnan(diagnosis.signals["loss_fall"])


def test_many_classes_of_few_images():
    inputs = network(300, 3, 16, ignored=range(250, 300))
    assert [d.index for d in diagnose(inputs)] == list(range(250, 300))


def test_numbers_out_of_range_and_features_that_say_nothing():
    inputs = network()
    inputs.validation.features[:, 0] = np.inf
    inputs.test.features[0, 1] = np.nan
    inputs.test.features[:, 2:] = inputs.validation.features[:, 2:] = 1
    inputs.test.logits[0, 0] = np.inf
    (diagnosis,) = diagnose(inputs)
    assert diagnosis.explanation("abcd")
    assert all(np.isfinite(v) for k, v in diagnosis.signals.items() if "auc" in k)


def test_diagnoses_are_reproducible():
    inputs = network(9, 120, 40, ignored=(7, 8))
    np.testing.assert_equal(
        [d.signals for d in diagnose(inputs)], [d.signals for d in diagnose(inputs)]
    )


def test_shapes_that_do_not_fit_are_refused():
    inputs = network()
    with pytest.raises(ValueError, match=r"predicted has shape \(3,\).* must be \(80,\)"):
        replace(inputs, predicted=inputs.predicted[:3])
    with pytest.raises(ValueError, match="logits has shape"):
        replace(inputs, train_counts=np.array([1, 2]))
    with pytest.raises(ValueError, match="class_losses"):
        replace(inputs, class_losses=np.zeros((2, 3)))

"""Diagnoses of whole networks: who gets one, and that odd ones get through."""

from dataclasses import replace

import numpy as np
import pytest

from benchmark.evaluation.diagnosis import DiagnosisInput, diagnose
from benchmark.strategy.outputs import Outputs


def made(classes=4, images=20, width=6, seed=0, ignored=(3,)):
    """Return a network that is right but for the classes `ignored`, whose images go to class 0."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), images)
    means = rng.normal(size=(classes, width)) * 4

    def part():
        features = means[labels] + rng.normal(size=(len(labels), width))
        logits = rng.normal(size=(len(labels), classes)) + 6 * np.eye(classes)[labels]
        for c in ignored:
            logits[:, c] -= 9
        return Outputs(logits.astype(np.float32), features.astype(np.float16), labels)

    validation, test = part(), part()
    counts = np.full(classes, 400)
    counts[list(ignored)] = 30
    return DiagnosisInput(validation, test, test.logits.argmax(1), counts)


def without(inputs, k, *parts):
    """Return it without the images of class k."""
    for part in parts:
        kept = getattr(inputs, part).labels != k
        old = getattr(inputs, part)
        if part == "test":
            inputs = replace(
                inputs,
                test=Outputs(old.logits[kept], old.features[kept], old.labels[kept]),
                predicted=inputs.predicted[kept],
            )
        else:
            new = Outputs(old.logits[kept], old.features[kept], old.labels[kept])
            inputs = replace(inputs, validation=new)
    return inputs


def test_a_class_behind_by_its_prior_alone():
    (one,) = diagnose(made())
    assert (one.index, one.recall, one.never) == (3, 0.0, True)
    assert one.cause == "prior bias"
    assert one.try_next[0] == "decision"
    sentence = one.sentence(["a", "b", "c", "d"])
    assert "of its images are found" in sentence
    assert "{" not in sentence


def test_the_sentence_has_the_confuser_by_its_name():
    inputs = made()
    other = made(seed=0, images=40)  # other images of the same classes
    # class 3 looks just like class 1, to network and probe
    for part, more in ((inputs.validation, other.validation), (inputs.test, other.test)):
        twins, of_1 = part.labels == 3, np.flatnonzero(more.labels == 1)[-20:]
        part.features[twins] = more.features[of_1]
        part.logits[twins] = more.logits[of_1]
    (one,) = diagnose(replace(inputs, predicted=inputs.test.logits.argmax(1)))
    assert (one.cause, one.confuser) == ("confusable", 1)
    assert "can't be told from those of hub caps (AUC ." in one.sentence(
        ["a", "hub caps", "c", "d"]
    )


def test_a_decision_that_takes_a_class_away():
    inputs = made(ignored=())
    (one,) = diagnose(
        replace(inputs, predicted=np.where(inputs.predicted == 2, 1, inputs.predicted))
    )
    assert (one.index, one.cause, one.try_next) == (2, "prior bias", ("decision",))
    assert "the decision for .00" in one.sentence("abcd")


def test_rarely_is_as_bad_as_never():
    inputs = made()
    predicted = inputs.predicted.copy()
    mine = np.flatnonzero(inputs.test.labels == 3)
    predicted[mine[:2]] = 3  # 2 of 20
    (one,) = diagnose(replace(inputs, predicted=predicted))
    assert (one.recall, one.never) == (0.1, False)
    predicted[mine[2]] = 3
    assert diagnose(replace(inputs, predicted=predicted)) == []


def test_few_training_images_are_reason_enough():
    inputs = made()
    (one,) = diagnose(replace(inputs, train_counts=np.array([400, 400, 400, 4])))
    assert one.cause == "too few images"
    assert one.sentence("abcd").startswith("It has 4 training images")


def test_classes_without_images():
    inputs = without(made(), 3, "test")
    (one,) = diagnose(inputs)
    assert np.isnan(one.recall)
    assert one.never
    (one,) = diagnose(without(inputs, 3, "validation"))
    assert (one.cause, one.confuser) == ("undetermined", None)
    assert one.sentence("abcd").startswith("It has 0 validation and test images, fewer than 6")
    (one,) = diagnose(
        replace(without(inputs, 3, "validation"), train_counts=np.array([9, 9, 9, 0]))
    )
    assert one.cause == "too few images"


@pytest.mark.parametrize("classes", [2, 3, 17])
@pytest.mark.parametrize("width", [1, 300])
def test_any_number_of_classes_and_features(classes, width):
    inputs = made(classes, 15, width, ignored=(classes - 1,))
    weight = np.random.default_rng(0).normal(size=(classes, width))
    losses = np.full((4, classes), np.nan)
    inputs = replace(inputs, head_weight=weight, class_losses=losses)
    (one,) = diagnose(inputs)
    assert one.index == classes - 1
    assert np.isfinite(one.signals["head_norm"])
    assert np.isnan(one.signals["loss_fall"])


def test_many_classes_of_few_images():
    inputs = made(300, 3, 16, ignored=range(250, 300))
    assert [one.index for one in diagnose(inputs)] == list(range(250, 300))


def test_numbers_out_of_range_and_features_that_say_nothing():
    inputs = made()
    inputs.validation.features[:, 0] = np.inf
    inputs.test.features[0, 1] = np.nan
    inputs.test.features[:, 2:] = inputs.validation.features[:, 2:] = 1
    inputs.test.logits[0, 0] = np.inf
    (one,) = diagnose(inputs)
    assert one.sentence("abcd")
    assert all(np.isfinite(v) for k, v in one.signals.items() if "auc" in k)


def test_it_says_the_same_each_time():
    inputs = made(9, 120, 40, ignored=(7, 8))
    np.testing.assert_equal(
        [one.signals for one in diagnose(inputs)], [one.signals for one in diagnose(inputs)]
    )


def test_parts_that_do_not_fit_are_refused():
    inputs = made()
    with pytest.raises(ValueError, match=r"predicted has shape \(3,\).* must be \(80,\)"):
        replace(inputs, predicted=inputs.predicted[:3])
    with pytest.raises(ValueError, match="logits has shape"):
        replace(inputs, train_counts=np.array([1, 2]))
    with pytest.raises(ValueError, match="head_weight"):
        replace(inputs, head_weight=np.zeros((4, 5)))
    with pytest.raises(ValueError, match="class_losses"):
        replace(inputs, class_losses=np.zeros((2, 3)))

"""Metrics against libraries and hand-worked cases, on a fixed class list."""

import json
import math
import warnings
from pathlib import Path

import numpy as np
import pytest
from imblearn.metrics import sensitivity_score
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    confusion_matrix,
    f1_score,
    log_loss,
)
from sklearn.utils.class_weight import compute_sample_weight

from benchmark.evaluation.metrics import (
    calibration_error,
    class_scores,
    classwise_calibration_error,
    macro_f1,
    never_predicted,
    pooled_reliability,
    reliability,
    scores,
    shot_groups,
)


def test_a_class_that_is_never_predicted_counts_as_zero():
    labels, predicted = np.array([0, 0, 1, 2]), np.array([0, 0, 0, 2])
    assert macro_f1(labels, predicted, 3) == pytest.approx((0.8 + 0 + 1) / 3)
    assert never_predicted(predicted, 3).tolist() == [False, True, False]


def test_a_class_without_test_images_stays_in_the_list():
    labels, predicted = np.array([0, 0, 1]), np.array([0, 0, 1])
    assert macro_f1(labels, predicted, 4) == pytest.approx(0.5)
    assert np.isnan(class_scores(labels, predicted, 4)["recall"][2:]).all()


def test_never_predicted_and_zero_recall_are_different_numbers():
    labels, predicted = np.array([0, 1, 2, 2]), np.array([1, 0, 2, 2])
    log_p = np.log(np.full((4, 3), 1 / 3))
    result = scores(labels, predicted, log_p, np.array([5, 4, 3]))
    assert result["never_predicted"] == 0
    assert result["zero_recall"] == 2
    assert result["worst_recall"] == 0
    assert result["g_mean"] == 0


def test_wilson_interval_of_none_in_ten():
    labels, predicted = np.zeros(10, int), np.ones(10, int)
    one = class_scores(labels, predicted, 2)
    assert one["recall_low"][0] == 0
    assert one["recall_high"][0] == pytest.approx(0.278, abs=5e-4)  # published: .278
    assert np.isnan(one["recall_high"][1])


@pytest.mark.parametrize("seed", range(50))
def test_against_the_confusion_matrix(seed):
    rng = np.random.default_rng(seed)
    classes, n = int(rng.integers(2, 12)), int(rng.integers(5, 200))
    labels = rng.integers(0, rng.integers(1, classes + 1), n)
    predicted = rng.integers(0, rng.integers(1, classes + 1), n)
    matrix = confusion_matrix(labels, predicted, labels=range(classes))
    hits, truth, called = np.diag(matrix), matrix.sum(1), matrix.sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        f1 = np.nan_to_num(2 * hits / (truth + called))
        recall = hits / truth
    log_p = np.log(rng.dirichlet(np.ones(classes), n))
    result = scores(labels, predicted, log_p, rng.integers(1, 99, classes))
    assert result["macro_f1"] == pytest.approx(f1.mean(), abs=1e-12)
    assert result["never_predicted"] == (called == 0).sum()
    assert result["zero_recall"] == ((hits == 0) & (truth > 0)).sum()
    assert result["balanced_accuracy"] == pytest.approx(
        balanced_accuracy_score(labels, predicted), abs=1e-12
    )
    assert result["worst_recall"] == np.nanmin(recall)
    expected = np.prod(recall[truth > 0]) ** (1 / (truth > 0).sum())
    assert result["g_mean"] == pytest.approx(expected, abs=1e-9)


def test_calibration_error_of_a_hand_worked_case():
    log_p = np.log([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.6, 0.4]])
    labels = np.array([0, 1, 0, 0])
    # |0.5 - 0.9| and |1 - 0.6|, each for half of the images
    assert calibration_error(labels, log_p) == pytest.approx(0.4)


def test_groups_are_thirds_by_training_size():
    labels = np.arange(6)
    predicted = np.array([0, 1, 0, 0, 4, 4])
    log_p = np.log(np.full((6, 6), 1 / 6))
    result = scores(labels, predicted, log_p, np.array([60, 50, 40, 30, 20, 10]))
    assert [result[f"{g}_recall"] for g in ("many", "medium", "few")] == [1.0, 0.0, 0.5]


def random_case(rng):
    """Labels, predictions and log-probabilities; classes may be absent, or never predicted."""
    classes, images = int(rng.integers(2, 12)), int(rng.integers(1, 60))
    there = rng.random(classes) < rng.uniform(0.2, 1)
    called = rng.random(classes) < rng.uniform(0.2, 1)
    there[rng.integers(classes)] = called[rng.integers(classes)] = True
    labels = rng.choice(np.flatnonzero(there), images)
    predicted = rng.choice(np.flatnonzero(called), images)
    p = rng.dirichlet(np.full(classes, rng.choice([0.3, 1.0, 5.0])), images)
    p = np.maximum(p, 1e-12)
    return labels, predicted, np.log(p / p.sum(1, keepdims=True)), classes


def gap_by_loop(probability, happened, weights, bins=15):
    """Sum over bins of |weighted probability - weighted frequency|, image by image."""
    gaps = [0.0] * bins
    for p, h, w in zip(probability, happened, weights, strict=True):
        gaps[min(int(p * bins), bins - 1)] += w * (float(h) - p)
    return sum(abs(gap) for gap in gaps)


def by_definition(labels, predicted, classes):
    """Numbers by class, and those made of them, counted image by image."""
    pairs = list(zip(labels.tolist(), predicted.tolist(), strict=True))
    hits = [sum(t == p == c for t, p in pairs) for c in range(classes)]
    truth = [sum(t == c for t, _ in pairs) for c in range(classes)]
    called = [sum(p == c for _, p in pairs) for c in range(classes)]
    there = [c for c in range(classes) if truth[c]]
    recall = [hits[c] / truth[c] for c in there]
    by_class = {
        "recall": [hits[c] / truth[c] if truth[c] else np.nan for c in range(classes)],
        "precision": [hits[c] / called[c] if called[c] else 0.0 for c in range(classes)],
        "support": truth,
        "predicted": called,
    }
    single = {
        "never_predicted": called.count(0),
        "zero_recall": recall.count(0.0),
        "worst_recall": min(recall),
        "g_mean": math.prod(recall) ** (1 / len(there)),
    }
    # the correlation of both as one-hot vectors (Gorodkin 2004), 0 where either is constant
    t, p = np.eye(classes)[labels], np.eye(classes)[predicted]
    t, p = t - t.mean(0), p - p.mean(0)
    both = (t**2).sum() * (p**2).sum()
    single["mcc"] = (t * p).sum() / math.sqrt(both) if both > 0 else 0.0
    return by_class, single


SCORED = Path(__file__).with_name("scored.json")  # the largest differences that were found


@pytest.mark.parametrize("cases", [60, pytest.param(1000, marks=pytest.mark.simulation)])
def test_scores_are_those_of_libraries_and_of_their_definition(cases):
    rng, apart = np.random.default_rng(cases), {}
    for _ in range(cases):
        labels, predicted, log_p, classes = random_case(rng)
        found = scores(labels, predicted, log_p, rng.integers(1, 99, classes))
        by_class, expected = by_definition(labels, predicted, classes)
        balanced = compute_sample_weight("balanced", labels)
        balanced /= balanced.sum()
        even = np.full(len(labels), 1 / len(labels))
        p = np.exp(log_p)
        top, right = p.max(1), p.argmax(1) == labels
        for name, weights in (("", even), ("_balanced", balanced)):
            how = {"labels": range(classes), "sample_weight": weights}
            expected[f"macro_f1{name}"] = f1_score(
                labels, predicted, average="macro", zero_division=0, **how
            )
            expected[f"log_loss{name}"] = log_loss(labels, p, **how)
            expected[f"ece{name}"] = gap_by_loop(top, right, weights)
        expected["accuracy"] = accuracy_score(labels, predicted)
        expected["classwise_ece"] = np.mean(
            [gap_by_loop(p[:, c], labels == c, even) for c in range(classes)]
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # classes that are predicted and not there
            expected["balanced_accuracy"] = balanced_accuracy_score(labels, predicted)
            recall = sensitivity_score(labels, predicted, labels=range(classes), average=None)
        there = np.array(by_class["support"]) > 0
        one = class_scores(labels, predicted, classes)
        np.testing.assert_allclose(one["recall"][there], recall[there], rtol=0, atol=1e-12)
        for name, values in by_class.items():
            np.testing.assert_allclose(one[name], values, rtol=0, atol=1e-12, err_msg=name)
        for name, value in expected.items():
            apart[name] = max(apart.get(name, 0.0), abs(found[name] - float(value)))
    assert max(apart.values()) <= 1e-12, apart
    if cases == 1000:
        kept = {
            "cases": cases,
            "largest difference": {k: float(f"{v:.1e}") for k, v in apart.items()},
        }
        SCORED.write_text(json.dumps(kept, indent=1) + "\n")


def test_balanced_scores_are_those_of_a_test_set_with_equal_classes():
    """Repeat the images of each class until all have equally many: 6 of one, 2 of the other."""
    labels = np.array([0, 0, 0, 0, 0, 0, 1, 1])
    predicted = np.array([0, 0, 0, 0, 1, 1, 1, 0])
    log_p = np.log(np.random.default_rng(0).dirichlet([1, 1, 1], 8))
    repeated = np.repeat(np.arange(8), [1, 1, 1, 1, 1, 1, 3, 3])
    counts = np.array([9, 9, 9])
    found = scores(labels, predicted, log_p, counts)
    even = scores(labels[repeated], predicted[repeated], log_p[repeated], counts)
    for name in ("macro_f1", "log_loss", "ece"):
        assert found[f"{name}_balanced"] == pytest.approx(even[name])
        assert found[f"{name}_balanced"] == pytest.approx(even[f"{name}_balanced"])
        assert found[name] != pytest.approx(even[name])
    assert found["balanced_accuracy"] == pytest.approx(even["accuracy"])


def test_classwise_calibration_error_of_a_hand_worked_case():
    log_p = np.log([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.6, 0.4]])
    labels = np.array([0, 1, 0, 0])
    # both classes mirror each other: |0.5 - 0.9| / 2 + |1 - 0.6| / 2, and the same from below
    assert classwise_calibration_error(labels, log_p) == pytest.approx(0.4)
    sure = np.log(np.array([[1, 1e-300], [1e-300, 1]]))
    assert classwise_calibration_error(np.array([0, 1]), sure) == pytest.approx(0, abs=1e-12)
    assert classwise_calibration_error(np.array([1, 0]), sure) == pytest.approx(1)


def test_calibration_of_classes_is_seen_where_the_top_label_hides_it():
    """Two classes that are second and third by turns, at .3 and .1: the top label says nothing."""
    log_p = np.log([[0.6, 0.3, 0.1]] * 10)
    labels = np.array([0] * 6 + [2] * 4)
    assert calibration_error(labels, log_p) == pytest.approx(0)
    assert classwise_calibration_error(labels, log_p) == pytest.approx(0.6 / 3)


@pytest.mark.parametrize(
    ("counts", "thirds"),
    [
        ([60, 50, 40, 30, 20, 10], [0, 0, 1, 1, 2, 2]),
        ([10, 20, 30, 40], [2, 1, 0, 0]),
        ([7, 7, 7, 7, 7, 7], [1] * 6),
        ([9, 5, 5, 5, 5, 1], [0, 1, 1, 1, 1, 2]),
        ([9, 9, 9, 1], [0, 0, 0, 2]),
        ([3, 1], [0, 1]),
    ],
)
def test_classes_of_one_size_are_in_one_third(counts, thirds):
    assert shot_groups(np.array(counts)).tolist() == thirds


def test_on_balanced_data_no_class_is_rare():
    labels = np.arange(6)
    log_p = np.log(np.full((6, 6), 1 / 6))
    result = scores(labels, labels, log_p, np.full(6, 40))
    assert result["medium_recall"] == 1
    assert np.isnan([result["many_recall"], result["few_recall"]]).all()


def test_thirds_without_ties_are_as_numpy_splits_them():
    rng = np.random.default_rng(0)
    for classes in range(1, 40):
        counts = rng.permutation(classes) + 1
        parts = np.array_split(np.argsort(-counts), 3)
        for place, part in enumerate(parts):
            assert set(np.flatnonzero(shot_groups(counts) == place)) == set(part)


def test_reliability_counts_by_the_class_that_is_called():
    log_p = np.log([[0.95, 0.03, 0.02], [0.92, 0.05, 0.03], [0.3, 0.1, 0.6], [0.2, 0.15, 0.65]])
    labels = np.array([0, 2, 2, 0])
    found = reliability(labels, log_p, np.array([90, 50, 10]))
    assert found["all_images"] == [0, 0, 0, 0, 0, 0, 2, 0, 0, 2]
    assert found["rare_images"] == [0, 0, 0, 0, 0, 0, 2, 0, 0, 0], "called class 2, not of it"
    assert found["other_images"] == [0, 0, 0, 0, 0, 0, 0, 0, 0, 2]
    assert found["rare_confidence"][6] == pytest.approx(0.625)
    assert found["rare_right"][6] == found["other_right"][9] == 0.5
    assert np.isnan(found["rare_right"][0])
    assert set(found) == {
        f"{who}_{what}"
        for who in ("all", "rare", "other")
        for what in ("images", "confidence", "right")
    }


def test_reliability_is_what_calibration_error_adds_up():
    rng = np.random.default_rng(1)
    for _ in range(50):
        labels, _, log_p, classes = random_case(rng)
        found = reliability(labels, log_p, rng.integers(1, 99, classes), bins=15)
        images, confidence, right = (
            np.array(found[f"all_{what}"], float) for what in ("images", "confidence", "right")
        )
        gap = np.nansum(images * np.abs(confidence - right)) / images.sum()
        assert gap == pytest.approx(calibration_error(labels, log_p), abs=1e-12)
        parts = np.add(found["rare_images"], found["other_images"])
        assert parts.tolist() == found["all_images"]


def test_reliability_of_seeds_is_that_of_all_their_images():
    rng = np.random.default_rng(2)
    log_p = np.log(rng.dirichlet([1, 1, 1], 90))
    labels, counts = rng.integers(0, 3, 90), np.array([30, 20, 10])
    parts = [reliability(labels[k::3], log_p[k::3], counts) for k in range(3)]
    whole = reliability(labels, log_p, counts)
    # as a record gives it back: what is not finite is null
    stored = json.loads(json.dumps(parts).replace("NaN", "null"))
    for seeds in (parts, stored):
        pooled = pooled_reliability(seeds)
        for name, values in whole.items():
            np.testing.assert_allclose(pooled[name], values, atol=1e-12)

"""All metrics against scikit-learn, imbalanced-learn and their definitions, on random cases."""

import json
import math
import warnings
from pathlib import Path

import numpy as np
import pytest
from imblearn.metrics import sensitivity_score
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    cohen_kappa_score,
    confusion_matrix,
    f1_score,
    log_loss,
    matthews_corrcoef,
    roc_auc_score,
    top_k_accuracy_score,
)
from sklearn.utils.class_weight import compute_sample_weight

from benchmark.evaluation.metrics.one_against_rest import one_against_rest
from benchmark.evaluation.metrics.registry import evaluate
from benchmark.evaluation.per_class import class_scores
from tests.evaluation.metrics.random_predictions import random_predictions


@pytest.mark.parametrize("seed", range(50))
def test_against_the_confusion_matrix(seed):
    rng = np.random.default_rng(seed)
    classes, n = int(rng.integers(2, 12)), int(rng.integers(5, 200))
    labels = rng.integers(0, rng.integers(1, classes + 1), n)
    predicted = rng.integers(0, rng.integers(1, classes + 1), n)
    matrix = confusion_matrix(labels, predicted, labels=range(classes))
    hits, truth, predicted_counts = np.diag(matrix), matrix.sum(1), matrix.sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        f1 = np.nan_to_num(2 * hits / (truth + predicted_counts))
        recall = hits / truth
    log_p = np.log(rng.dirichlet(np.ones(classes), n))
    metrics = evaluate(labels, predicted, log_p, rng.integers(1, 99, classes))
    assert metrics["macro_f1"] == pytest.approx(f1.mean(), abs=1e-12)
    assert metrics["never_predicted"] == (predicted_counts == 0).sum()
    assert metrics["zero_recall"] == ((hits == 0) & (truth > 0)).sum()
    assert metrics["balanced_accuracy"] == pytest.approx(
        balanced_accuracy_score(labels, predicted), abs=1e-12
    )
    assert metrics["worst_recall"] == np.nanmin(recall)
    expected = np.prod(recall[truth > 0]) ** (1 / (truth > 0).sum())
    assert metrics["g_mean"] == pytest.approx(expected, abs=1e-9)


def gap_by_loop(probability, outcome, weights, bins=15):
    """Sum over bins of |weighted probability - weighted frequency|, image by image."""
    gaps = [0.0] * bins
    for p, h, w in zip(probability, outcome, weights, strict=True):
        gaps[min(int(p * bins), bins - 1)] += w * (float(h) - p)
    return sum(abs(gap) for gap in gaps)


def by_definition(labels, predicted, classes):
    """Numbers by class, and those made of them, counted image by image."""
    pairs = list(zip(labels.tolist(), predicted.tolist(), strict=True))
    hits = [sum(t == p == c for t, p in pairs) for c in range(classes)]
    truth = [sum(t == c for t, _ in pairs) for c in range(classes)]
    predicted_counts = [sum(p == c for _, p in pairs) for c in range(classes)]
    present = [c for c in range(classes) if truth[c]]
    recall = [hits[c] / truth[c] for c in present]
    class_values = {
        "recall": [hits[c] / truth[c] if truth[c] else np.nan for c in range(classes)],
        "precision": [
            hits[c] / predicted_counts[c] if predicted_counts[c] else 0.0 for c in range(classes)
        ],
        "support": truth,
        "predicted": predicted_counts,
    }
    single = {
        "never_predicted": predicted_counts.count(0),
        "zero_recall": recall.count(0.0),
        "worst_recall": min(recall),
        "g_mean": math.prod(recall) ** (1 / len(present)),
    }
    # the correlation of both as one-hot vectors (Gorodkin 2004), 0 where either is constant
    t, p = np.eye(classes)[labels], np.eye(classes)[predicted]
    t, p = t - t.mean(0), p - p.mean(0)
    both = (t**2).sum() * (p**2).sum()
    single["mcc"] = (t * p).sum() / math.sqrt(both) if both > 0 else 0.0
    return class_values, single


def with_ties(rng, log_p):
    """Round some of the log-probabilities so that images and classes tie."""
    return np.log(np.round(np.exp(log_p), 1) + 1e-3) if rng.random() < 0.5 else log_p


def by_scikit_learn(labels, predicted, log_p, classes):
    """Metrics of the order of scores, NaN where a metric is not defined; and the classes' own."""
    auroc, precision = np.full(classes, np.nan), np.full(classes, np.nan)
    for c in range(classes):
        if 0 < (labels == c).sum() < len(labels):
            auroc[c] = roc_auc_score(labels == c, log_p[:, c])
            precision[c] = average_precision_score(labels == c, log_p[:, c])
    defined = np.isfinite(auroc)
    single = {
        "macro_auroc": auroc[defined].mean() if defined.any() else np.nan,
        "macro_average_precision": precision[defined].mean() if defined.any() else np.nan,
    }
    for k in (3, 5):
        single[f"top_{k}_accuracy"] = np.nan
        if classes > k:
            single[f"top_{k}_accuracy"] = top_k_accuracy_score(
                labels, log_p, k=k, labels=range(classes)
            )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one class alone
        single["mcc"] = matthews_corrcoef(labels, predicted)
        single["quadratic_kappa"] = cohen_kappa_score(
            labels, predicted, labels=range(classes), weights="quadratic"
        )
    present = np.unique(labels)
    single["macro_f1_present"] = f1_score(
        labels, predicted, labels=present, average="macro", zero_division=0
    )
    single["never_predicted_present"] = len(set(present) - set(predicted))
    return single, auroc, precision


@pytest.mark.parametrize("cases", [60, pytest.param(1000, marks=pytest.mark.simulation)])
def test_rankings_and_agreement_are_those_of_scikit_learn(cases):
    rng, differences = np.random.default_rng(cases), {}

    def compare(name, value, expected):
        np.testing.assert_array_equal(np.isnan(value), np.isnan(expected), err_msg=name)
        differences.setdefault(name, 0.0)
        if not np.isnan(expected).all():
            largest = float(np.nanmax(np.abs(np.subtract(value, expected))))
            differences[name] = max(differences[name], largest)

    for _ in range(cases):
        labels, predicted, log_p, classes = random_predictions(rng)
        log_p = with_ties(rng, log_p)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            metrics = evaluate(labels, predicted, log_p, rng.integers(1, 99, classes))
        expected, auroc, precision = by_scikit_learn(labels, predicted, log_p, classes)
        for name, value in expected.items():
            compare(name, metrics[name], value)
        ranked = one_against_rest(labels, log_p)
        compare("auroc by class", ranked.auroc, auroc)
        compare("average precision by class", ranked.average_precision, precision)
    assert max(differences.values()) <= 1e-12, differences
    if cases == 1000:
        write(RANKED, cases, differences)


def write(file, cases, differences):
    rounded = {name: float(f"{value:.1e}") for name, value in differences.items()}
    file.write_text(json.dumps({"cases": cases, "largest difference": rounded}, indent=1) + "\n")


SCORED, RANKED = (Path(__file__).with_name(f"{name}.json") for name in ("scored", "ranked"))


@pytest.mark.parametrize("cases", [60, pytest.param(1000, marks=pytest.mark.simulation)])
def test_scores_are_those_of_libraries_and_of_their_definition(cases):
    rng, differences = np.random.default_rng(cases), {}
    for _ in range(cases):
        labels, predicted, log_p, classes = random_predictions(rng)
        metrics = evaluate(labels, predicted, log_p, rng.integers(1, 99, classes))
        class_values, expected = by_definition(labels, predicted, classes)
        balanced = compute_sample_weight("balanced", labels)
        balanced /= balanced.sum()
        even = np.full(len(labels), 1 / len(labels))
        p = np.exp(log_p)
        top, right = p.max(1), p.argmax(1) == labels
        for name, weights in (("", even), ("_balanced", balanced)):
            options = {"labels": range(classes), "sample_weight": weights}
            expected[f"macro_f1{name}"] = f1_score(
                labels, predicted, average="macro", zero_division=0, **options
            )
            expected[f"log_loss{name}"] = log_loss(labels, p, **options)
            expected[f"ece{name}"] = gap_by_loop(top, right, weights)
        expected["accuracy"] = accuracy_score(labels, predicted)
        expected["classwise_ece"] = np.mean(
            [gap_by_loop(p[:, c], labels == c, even) for c in range(classes)]
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # classes that are predicted and not present
            expected["balanced_accuracy"] = balanced_accuracy_score(labels, predicted)
            recall = sensitivity_score(labels, predicted, labels=range(classes), average=None)
        present = np.array(class_values["support"]) > 0
        scores = class_scores(labels, predicted, classes)
        np.testing.assert_allclose(scores["recall"][present], recall[present], rtol=0, atol=1e-12)
        for name, values in class_values.items():
            np.testing.assert_allclose(scores[name], values, rtol=0, atol=1e-12, err_msg=name)
        for name, value in expected.items():
            differences[name] = max(differences.get(name, 0.0), abs(metrics[name] - float(value)))
    assert max(differences.values()) <= 1e-12, differences
    if cases == 1000:
        write(SCORED, cases, differences)

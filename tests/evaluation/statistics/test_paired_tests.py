"""Tests against the baseline: hand-worked cases, exactness, and their level under the null."""

from itertools import product

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score
from statsmodels.stats.multitest import multipletests

from benchmark.evaluation.metrics.class_counts import count_classes
from benchmark.evaluation.metrics.registry import interval_metrics
from benchmark.evaluation.statistics import paired_tests
from benchmark.evaluation.statistics.paired_tests import (
    ExchangedPair,
    holm,
    min_seeds,
    paired_permutation_test,
    sign_flip_test,
)
from benchmark.evaluation.statistics.sampling_variance import interval_scores

MACRO_F1, ACCURACY = (list(interval_metrics()).index(name) for name in ("macro_f1", "accuracy"))


def macro_f1(labels, predicted):
    return f1_score(labels, predicted, labels=range(4), average="macro", zero_division=0)


def test_differences_after_an_exchange_are_those_of_the_exchanged_predictions():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 30)
    a, b = rng.integers(0, 4, (2, 30))
    differ = np.flatnonzero(a != b)
    exchanged = rng.random((len(differ), 20)) < 0.5
    values = ExchangedPair.count(labels, a, b, 4).differences(exchanged)
    for row, value in zip(exchanged.T, values.T, strict=True):
        row_a, row_b = a.copy(), b.copy()
        row_a[differ[row]], row_b[differ[row]] = b[differ[row]], a[differ[row]]
        for metric, score in ((MACRO_F1, macro_f1), (ACCURACY, accuracy_score)):
            expected = score(labels, row_a) - score(labels, row_b)
            assert value[metric] == pytest.approx(expected, abs=1e-12)


def test_p_is_the_share_of_all_exchanges_that_differ_as_much():
    labels = np.array([0, 0, 0, 1, 1, 1, 2, 2])
    a = np.array([0, 0, 0, 1, 1, 2, 2, 2])
    b = np.array([0, 1, 0, 0, 1, 2, 0, 2])
    differ = int((a != b).sum())
    exchanges = np.array(list(product([False, True], repeat=differ)))
    exact = ExchangedPair.count(labels, a, b, 4).differences(exchanges.T)
    share = (np.abs(exact) >= np.abs(exact[:, :1]) - 1e-12).mean(1)
    values = paired_permutation_test([labels], [a], [b], 4, np.random.default_rng(1), 20_000)
    assert values == pytest.approx(share, abs=0.02)


def test_of_many_images_fewer_exchanges_are_drawn(monkeypatch):
    labels, a = np.zeros(50, int), np.zeros(50, int)
    b = np.where(np.arange(50) < 40, 1, 0)  # 40 differ, all for the worse
    smallest = []
    for most in (10**6, 30_000, 100):
        monkeypatch.setattr(paired_tests, "MOST_EXCHANGES", most)
        p = paired_permutation_test([labels], [a], [b], 2, np.random.default_rng(0), 2000)
        smallest.append(p[ACCURACY])
    # a share of 2,000; of 30,000 / 40, but at least FEWEST_DRAWS; and of these
    assert smallest == pytest.approx([1 / 2001, 1 / 1001, 1 / 1001])


def test_in_parts_differences_are_the_same(monkeypatch):
    rng = np.random.default_rng(0)
    labels, a, b = rng.integers(0, 5, (3, 60))
    exchanged = rng.random((int((a != b).sum()), 30)) < 0.5
    whole = ExchangedPair.count(labels, a, b, 5).differences(exchanged)
    monkeypatch.setattr(paired_tests, "_COUNTS_AT_ONCE", 20)
    parts = ExchangedPair.count(labels, a, b, 5).differences(exchanged)
    np.testing.assert_array_equal(parts, whole)


def test_classifiers_that_agree_do_not_differ():
    labels = np.array([0, 1, 2])
    p = paired_permutation_test([labels], [labels], [labels], 3, np.random.default_rng(0))
    assert (p == 1).all()


def test_p_counts_the_observed_difference_among_the_draws():
    """So that p is never 0: 1 / 100 where none of 99 draws is as large."""
    labels = np.arange(100) % 2
    rng = np.random.default_rng(0)
    p = paired_permutation_test([labels], [labels], [1 - labels], 2, rng, draws=99)
    assert (p == 0.01).all()


def test_signs_of_seeds_are_flipped_exactly():
    assert sign_flip_test(np.array([0.1, 0.2, 0.3])) == pytest.approx(0.25)
    assert sign_flip_test(np.linspace(0.1, 0.2, 8)) == pytest.approx(2 / 256)
    assert sign_flip_test(np.array([0.1, -0.1])) == pytest.approx(1.0)
    assert np.isnan(sign_flip_test(np.array([0.4]))), "one seed tests nothing"
    several = np.array([[0.1, 0.2, 0.3], [0.1, -0.1, 0.0]])
    assert sign_flip_test(several) == pytest.approx([0.25, 1.0])


def test_holm_multiplies_the_smallest_most_and_leaves_gaps():
    values = holm(np.array([0.01, np.nan, 0.04, 0.03]))
    np.testing.assert_allclose(values, [0.03, np.nan, 0.06, 0.06])
    assert np.isnan(holm(np.array([np.nan]))).all()
    assert holm(np.array([])).shape == (0,)


def test_holm_is_that_of_statsmodels():
    rng = np.random.default_rng(0)
    for n in (1, 2, 3, 7, 25, 40):
        p = rng.uniform(0, rng.choice([0.05, 1]), n).round(2)  # with ties
        np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1], rtol=1e-14)


def test_more_tests_need_more_seeds():
    for tests in (1, 2, 5, 6, 7, 100):
        n = min_seeds(tests)
        assert tests * sign_flip_test(np.ones(n) + np.arange(n) / 100) <= 0.05 or n > 13
        assert tests * 2 / 2 ** (n - 1) > 0.05


@pytest.mark.parametrize("kind", ["images", "seeds"])
def test_five_strategies_that_change_nothing_are_seldom_called_different(kind):
    """At 5 % for the family; 1,000 families are counted in test_simulations.py."""
    rng = np.random.default_rng(5)
    labels = np.repeat(np.arange(4), [60, 20, 10, 6])
    families, rejected = 60, 0
    for _ in range(families):
        predicted = np.where(
            rng.random((6, 8, len(labels))) < 0.6, labels, rng.integers(0, 4, (6, 8, len(labels)))
        )
        if kind == "images":
            baseline = predicted[0, 0]
            p = [
                paired_permutation_test([labels], [a[0]], [baseline], 4, rng, draws=400)[MACRO_F1]
                for a in predicted[1:]
            ]
        else:
            scores = np.array(
                [
                    [interval_scores(count_classes(labels, p, 4))[MACRO_F1] for p in by_seed]
                    for by_seed in predicted
                ]
            )  # (6, 8)
            p = [sign_flip_test(a - scores[0]) for a in scores[1:]]
        rejected += bool((holm(np.array(p)) <= 0.05).any())
    assert rejected / families <= 0.12  # 5 % within two standard errors and a half

"""The promises of the intervals and tests, counted over many made-up test sets: minutes.

`python -m pytest -m simulation` runs them and writes what came out into simulated.json beside this
file, where the last result is committed. Small versions of each run with the other tests.
"""

import json
from pathlib import Path

import joblib
import numpy as np
import pytest

from benchmark.statistics.bootstrap import bca, bootstrap, jackknife
from benchmark.statistics.cells import Cells
from benchmark.statistics.paired import holm, randomisation_test, sign_flip_test

pytestmark = pytest.mark.simulation
RESULT = Path(__file__).with_name("simulated.json")
TEST_SETS, FAMILIES, DRAWS = 1000, 1000, 1000
COMMON = [200, 150, 100, 80, 60, 50, 40, 40, 40]  # test images, beside 8 rare classes


def keep(name, numbers):
    """Write a result down among the others."""
    kept = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    kept[name] = numbers
    RESULT.write_text(json.dumps(dict(sorted(kept.items())), indent=1) + "\n")


def in_parallel(function, times):
    return joblib.Parallel(n_jobs=-1)(joblib.delayed(function)(seed) for seed in range(times))


def rates(counts, recall):
    """P(predicted | class), (C, C): errors fall on other classes in proportion to their size."""
    table = np.repeat(np.asarray(counts, float)[None], len(counts), 0)
    np.fill_diagonal(table, 0)
    table *= (1 - np.asarray(recall))[:, None] / table.sum(1, keepdims=True)
    return table + np.diag(recall)


def macro_f1(table):
    return float((2 * np.diag(table) / (table.sum(0) + table.sum(1))).mean())


def drawn_test_set(rng, counts, table):
    rows = [rng.choice(len(counts), n, p=p) for n, p in zip(counts, table, strict=True)]
    return np.repeat(np.arange(len(counts)), counts), np.concatenate(rows)


def holds(seed, counts, table):
    rng = np.random.default_rng(seed)
    labels, predicted = drawn_test_set(rng, counts, table)
    cells = Cells.of(labels, predicted[None], len(counts))
    low, high = bca(cells, cells.estimates, bootstrap(cells, rng, DRAWS), jackknife(cells))
    return low[0, 0] <= macro_f1(table * np.asarray(counts)[:, None]) <= high[0, 0]


@pytest.mark.parametrize("recall", [0.5, 0.1, 0.02])
@pytest.mark.parametrize("rare", [8, 30])
def test_intervals_of_macro_f1_cover_the_truth(rare, recall):
    counts = [*COMMON, *[rare] * 8]
    table = rates(counts, [0.85] * len(COMMON) + [recall] * 8)
    held = np.mean(in_parallel(lambda seed: holds(seed, counts, table), TEST_SETS))
    keep(f"coverage of macro-F1, 8 rare classes of {rare} test images, recall {recall}", held)
    if rare >= 30:
        assert held >= 0.93


def family(seed, what):
    """Return whether any of five strategies that change nothing is called different."""
    rng = np.random.default_rng(seed)
    counts = [*COMMON, *[12] * 8]
    table = rates(counts, [0.8] * len(COMMON) + [0.3] * 8)
    seeds = 8 if what == "seeds" else 1
    sets = [
        (labels, np.array([first, *[drawn_test_set(rng, counts, table)[1] for _ in range(5)]]))
        for labels, first in (drawn_test_set(rng, counts, table) for _ in range(seeds))
    ]
    if what == "images":
        ((labels, predicted),) = sets
        p = [
            randomisation_test([labels], [one], [predicted[0]], len(counts), rng, DRAWS)
            for one in predicted[1:]
        ]
    else:
        scores = np.stack([Cells.of(*one, len(counts)).estimates[0] for one in sets], 1)
        p = [sign_flip_test(one - scores[0]) for one in scores[1:]]
    return bool((holm(np.array(p)) <= 0.05).any())


@pytest.mark.parametrize("what", ["images", "seeds"])
def test_families_that_change_nothing_are_seldom_called_different(what):
    wrong = np.mean(in_parallel(lambda seed: family(seed, what), FAMILIES))
    keep(f"family-wise error of five strategies, test over {what}", wrong)
    assert wrong <= 0.06

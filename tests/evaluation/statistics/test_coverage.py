"""A small part of coverage.py: intervals hold the truth, and what changes nothing is not claimed.

`python -m tests.evaluation.statistics.coverage` counts the whole.
"""

import numpy as np
import pytest

from tests.evaluation.statistics.coverage import (
    TEST_SETS,
    coverage_of_one_seed,
    coverage_over_seeds,
    false_claims_of_one_seed,
    false_claims_over_seeds,
)


def standard_error(share, trials):
    return np.sqrt(share * (1 - share) / trials)


@pytest.mark.parametrize("few", [1, 2, 3, 5, 8, 30])
def test_one_seed_holds_the_truth_with_few_images(few):
    trials, counts = 50, TEST_SETS[f"9 common classes, 8 of {few}"]
    held, width = coverage_of_one_seed(np.random.default_rng(few), counts, (0.3, 0.5), 0.5, trials)
    assert (held >= 0.93 - 2.5 * standard_error(0.93, trials)).all()
    assert width > 0


def test_grouped_images_hold_the_truth():
    held, _ = coverage_of_one_seed(np.random.default_rng(0), (8,) * 8, (0.5, 0.5), 0.5, 50, 3)
    assert (held >= 0.93 - 2.5 * standard_error(0.93, 50)).all()


@pytest.mark.parametrize("given", [False, True])
def test_seeds_hold_the_truth(given):
    trials = 20
    held, width = coverage_over_seeds(np.random.default_rng(1), 400, (3, 8), trials, given)
    for rows in held.values():
        assert (rows >= 0.93 - 2.5 * standard_error(0.93, trials)).all()
    assert width > 0


def test_strategies_that_change_nothing_are_seldom_claimed():
    trials, counts = 15, TEST_SETS["50 to 1"]
    claimed, *_ = false_claims_of_one_seed(np.random.default_rng(2), counts, 0.5, 0.5, trials, 100)
    assert claimed <= 0.06 + 2.5 * standard_error(0.06, trials)
    shares = false_claims_over_seeds(np.random.default_rng(3), 400, (8,), 15, False)
    assert (shares[8][[0, 1, 3, 4]] <= 0.06 + 2.5 * standard_error(0.06, 15)).all()

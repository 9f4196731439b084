"""Reports are tested with few permutations: tests have tests of their own."""

from functools import partial

import pytest

from benchmark.analysis import confidence
from benchmark.evaluation.statistics.paired_tests import paired_permutation_test

DRAWS = 300


@pytest.fixture(scope="module", autouse=True)
def few_draws():
    """Draw 300 permutations instead of 10,000."""
    with pytest.MonkeyPatch.context() as patch:
        test = partial(paired_permutation_test, draws=DRAWS)
        patch.setattr(confidence, "paired_permutation_test", test)
        yield

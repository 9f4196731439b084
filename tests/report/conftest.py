"""Reports are tested with few bootstrap draws: intervals have tests of their own."""

from functools import partial

import pytest

from benchmark.analysis import confidence
from benchmark.evaluation.statistics.bootstrap import bootstrap
from benchmark.evaluation.statistics.paired_tests import paired_permutation_test

DRAWS = 300


@pytest.fixture(scope="module", autouse=True)
def few_draws():
    """Draw 300 test sets and permutations instead of 10,000."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(confidence, "bootstrap", partial(bootstrap, draws=DRAWS))
        test = partial(paired_permutation_test, draws=DRAWS)
        patch.setattr(confidence, "paired_permutation_test", test)
        yield

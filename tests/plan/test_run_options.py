"""What is compared and where results go."""

from pathlib import Path

import pytest

from benchmark.plan.run_options import RunOptions, require_baseline


def test_values_are_read_as_text_or_in_python():
    options = RunOptions(strategies=["a", "b"], plugin="x.py", out="results/x", cache_limit="2GB")
    assert options.strategies == ("a", "b")
    assert options.plugin == ("x.py",)
    assert options.out == Path("results/x")
    assert options.cache_limit == 2 * 10**9
    assert RunOptions(cache_limit=5, jobs="2", tune="3") == RunOptions(
        cache_limit="5", jobs=2, tune=3
    )


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"jobs": 0}, "jobs 0 is not allowed; allowed: 1 or more"),
        ({"tune": -1}, "tune -1 is not allowed; allowed: a number of trials, 1 or more"),
        ({"cache_limit": "lots"}, "cache limit: "),
    ],
)
def test_a_value_that_is_not_allowed_is_an_error(settings, error):
    with pytest.raises(ValueError, match=error):
        RunOptions(**settings)


def test_the_baseline_is_one_of_the_strategies():
    require_baseline("a", ["a", "b"], "asked for")
    with pytest.raises(ValueError, match=r"'c' is none of the strategies asked for; .* a, b"):
        require_baseline("c", ["a", "b"], "asked for")

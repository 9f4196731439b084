"""Few seeds are told with what they cost, and how many tell more."""

import pytest

from benchmark.report.sweep.few_seeds import ENOUGH_SEEDS, few_seeds_warning


def test_one_seed_tells_of_its_networks_alone():
    assert few_seeds_warning(1).startswith("One seed: all of this is about these networks")


@pytest.mark.parametrize(("seeds", "width"), [(2, "12.7"), (3, "4.3"), (4, "3.2")])
def test_few_seeds_are_told_with_students_t(seeds, width):
    """Quantiles of tables of Student's t: .975, with one degree of freedom less than seeds."""
    text = few_seeds_warning(seeds)
    assert f"{seeds} seeds: intervals over them are wide, {width} standard errors" in text
    assert "5 seeds tell more (2.8): `--seeds 5`" in text
    assert "8 seeds tell more (2.4): `--seeds 8`" in few_seeds_warning(seeds, 8)
    assert few_seeds_warning(seeds, 2) == text


def test_enough_seeds_have_no_warning():
    assert not few_seeds_warning(ENOUGH_SEEDS)
    assert not few_seeds_warning(0)

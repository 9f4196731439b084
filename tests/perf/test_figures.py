"""Statistics of a bench, on fabricated rows."""

import pytest

from tests.perf.figures import (
    GIB,
    difference,
    is_extrapolated,
    macro_f1,
    rise,
    script_seconds,
    targets,
)
from tests.perf.journal_rows import NAMES, full_rows, row


def target_named(measured, part):
    (target,) = [target for target in measured if part in target.name]
    return target


def test_scripts_of_a_round_add_up_or_are_extrapolated_from_their_median():
    rows = full_rows()
    assert script_seconds(rows, "plain", 0, NAMES) == 60
    assert script_seconds(rows, "tuned", 0, NAMES) == 24
    assert not is_extrapolated(rows, "plain", NAMES)
    assert is_extrapolated(rows, "tuned", NAMES)
    two = [row("plain", 10, 0, ("a",)), row("plain", 20, 0, ("b",))]
    assert script_seconds(two, "plain", 0, NAMES) == 45
    with pytest.raises(ValueError, match="no plain script was timed in round 1"):
        script_seconds(two, "plain", 1, NAMES)


def test_ratios_take_both_sides_of_one_round():
    measured = list(targets(full_rows(), NAMES, (0, 1), "cpu"))
    plain = target_named(measured, "one seed, against *plain*")
    assert plain.values == (10, 60)
    assert (plain.median, plain.bar, plain.reached) == (35, 5.0, True)
    assert target_named(measured, "one seed, against *tuned*").values == (4, 4.8)
    assert target_named(measured, "2 seeds, against *plain*").values == (10, 60)
    whole = target_named(measured, "one *plain* fine-tune")
    assert whole.values == (0.3, 0.05)
    assert whole.reached
    share = target_named(measured, "*bare*")
    assert share.values == (90, 100)
    assert (share.median, share.reached) == (95, True)
    assert target_named(measured, "peak resident").values == (1, 1, 1, 1)


def test_bars_differ_on_a_gpu_and_can_be_missed():
    rows = [row("plain", 10), row("harness", 11, strategies=NAMES)]
    for device, reached in (("cpu", True), ("cuda", False)):
        whole = target_named(targets(rows, NAMES, (0,), device), "one *plain* fine-tune")
        assert whole.reached is reached
    assert not target_named(targets(rows, NAMES, (0,), "cpu"), "against *plain*").reached


def test_memory_may_exceed_the_stores_in_memory_by_two_gib():
    heavy = row("harness", 5, strategies=NAMES)
    heavy["memory"] |= {"anonymous": 5 * GIB, "gpu": 8 * GIB}
    held = target_named(targets([heavy], NAMES, (0,), "cuda", 10 * GIB), "peak resident")
    assert (held.values, held.bar, held.reached) == ((5,), 2, False)
    heavy["result"]["cost"]["stores_in_memory"] = 3 * GIB
    measured = list(targets([heavy], NAMES, (0,), "cuda", 10 * GIB))
    assert target_named(measured, "peak resident").reached
    assert target_named(measured, "of the GPU").values == (80,)


def test_without_measurements_there_is_no_target():
    assert list(targets([row("plain", 10)], NAMES, (0,), "cpu")) == []
    only = list(targets([row("plain", 10, 0), row("harness", 5, 1)], NAMES, (0,), "cpu"))
    assert [target.name for target in only] == ["peak resident memory, without pages of files"]


def test_macro_f1_is_compared_on_the_same_strategy_and_seed():
    rows = full_rows()
    assert macro_f1(rows, "harness")["a", 1] == pytest.approx(0.6)
    gap = difference(macro_f1(rows, "harness"), macro_f1(rows, "plain"))
    assert gap == pytest.approx((0.1, 0, 6))
    assert difference({("a", 0): 0.2}, {("a", 0): 0.1}) is None
    error = difference({("a", 0): 0.1, ("a", 1): 0.3}, {("a", 0): 0.0, ("a", 1): 0.0})
    assert error == pytest.approx((0.2, 0.1, 2))


def test_rise_is_from_any_smaller_set_to_any_larger():
    assert rise([2, 1, 1.1]) == pytest.approx(0.1)
    assert rise([1, 1.2, 1.1]) == pytest.approx(0.2)
    assert rise([3, 2, 1]) == 0
    assert rise([5]) == 0

"""Arithmetic and page of a bench, on rows that were made up."""

import pytest

from tests.perf.figures import (
    GIB,
    by_script,
    difference,
    is_extrapolated,
    macro_f1,
    rise,
    targets,
)
from tests.perf.growth import render as render_growth
from tests.perf.growth import sizes_of
from tests.perf.inputs import BenchConfig
from tests.perf.page import render
from tests.perf.schedule import Job, jobs_of

NAMES = ("a", "b", "c")
SETTINGS = BenchConfig("data", "w", 96, NAMES, (0, 1), "cpu", "auto")
ABOUT = {
    "data": "toys",
    "images": 5000,
    "classes": 3,
    "split": [4000, 500, 500],
    "weights": "some",
    "batch_size": {"0": 64, "1": 64},
    "steps": {"0": 250, "1": 250},
    "precision": "bf16",
    "device": "cpu",
    "gpu_memory": None,
    "environment": {
        **{"device": "a CPU", "cores": 2, "python": "3", "torch": "2", "torchvision": "0"}
    },
}


def row(kind, seconds, number=0, strategies=("a",), seeds=(0,), **more):
    scores = {"macro_f1": 0.5, "seconds": {"head": 1.0, "half": 2.0}}
    if kind == "harness":
        scores = {
            "cost": {"seconds": {"training": seconds / 2}},
            "macro_f1": {f"{name} {seed}": 0.6 for name in strategies for seed in seeds},
        }
    return {
        "kind": kind,
        "round": number,
        "strategies": list(strategies),
        "seeds": list(seeds),
        "seconds": seconds,
        "load": 0.1,
        "others": 0.0,
        "begun": "2026-01-01 00:00:00",
        "memory": {"all": 3 * GIB, "anonymous": GIB, "files": 2 * GIB},
        "commit": "abc",
        "result": scores,
        **more,
    }


def full_rows():
    """Two rounds: plain 10 + 20 + 30 and 100 each, tuned one script of 8; harness 6 and 5."""
    bare = {
        "pairs": [{"harness": 9.0, "bare": 10.0}, {"harness": 10.0, "bare": 10.0}],
        **{"steps": 8, "threads": 1, "precision": "bfloat16"},
    }
    return [
        *(row("plain", s, 0, (name,)) for s, name in zip((10, 20, 30), NAMES, strict=True)),
        row("tuned", 8, 0, ("b",)),
        row("harness", 6, 0, NAMES),
        row("harness", 12, 0, NAMES, (0, 1)),
        *(row("plain", 100, 1, (name,), (1,)) for name in NAMES),
        row("tuned", 8, 1, ("c",)),
        row("harness", 5, 1, NAMES),
        row("harness", 10, 1, NAMES, (0, 1)),
        row("bare", 50, 0, NAMES, result=bare),
    ]


def named(found, part):
    (target,) = [one for one in found if part in one.what]
    return target


def test_scripts_of_a_round_add_up_or_are_extrapolated_from_their_median():
    rows = full_rows()
    assert by_script(rows, "plain", 0, NAMES) == 60
    assert by_script(rows, "tuned", 0, NAMES) == 24
    assert not is_extrapolated(rows, "plain", NAMES)
    assert is_extrapolated(rows, "tuned", NAMES)
    two = [row("plain", 10, 0, ("a",)), row("plain", 20, 0, ("b",))]
    assert by_script(two, "plain", 0, NAMES) == 45
    with pytest.raises(ValueError, match="no plain script was timed in round 1"):
        by_script(two, "plain", 1, NAMES)


def test_ratios_take_both_sides_of_one_round():
    found = list(targets(full_rows(), NAMES, (0, 1), "cpu"))
    plain = named(found, "one seed, against *plain*")
    assert plain.values == (10, 60)
    assert (plain.median, plain.bar, plain.reached) == (35, 5.0, True)
    assert named(found, "one seed, against *tuned*").values == (4, 4.8)
    assert named(found, "2 seeds, against *plain*").values == (10, 60)
    whole = named(found, "one *plain* fine-tune")
    assert whole.values == (0.3, 0.05)
    assert whole.reached
    share = named(found, "*bare*")
    assert share.values == (90, 100)
    assert (share.median, share.reached) == (95, True)
    assert named(found, "peak resident").values == (1, 1, 1, 1)


def test_bars_differ_on_a_gpu_and_can_be_missed():
    rows = [row("plain", 10), row("harness", 11, strategies=NAMES)]
    for device, reached in (("cpu", True), ("cuda", False)):
        whole = named(targets(rows, NAMES, (0,), device), "one *plain* fine-tune")
        assert whole.reached is reached
    assert not named(targets(rows, NAMES, (0,), "cpu"), "against *plain*").reached


def test_memory_may_exceed_the_stores_in_memory_by_two_gib():
    heavy = row("harness", 5, strategies=NAMES)
    heavy["memory"] |= {"anonymous": 5 * GIB, "gpu": 8 * GIB}
    held = named(targets([heavy], NAMES, (0,), "cuda", 10 * GIB), "peak resident")
    assert (held.values, held.bar, held.reached) == ((5,), 2, False)
    heavy["result"]["cost"]["stores_in_memory"] = 3 * GIB
    found = list(targets([heavy], NAMES, (0,), "cuda", 10 * GIB))
    assert named(found, "peak resident").reached
    assert named(found, "of the GPU").values == (80,)


def test_nothing_is_said_of_what_was_not_measured():
    assert list(targets([row("plain", 10)], NAMES, (0,), "cpu")) == []
    only = list(targets([row("plain", 10, 0), row("harness", 5, 1)], NAMES, (0,), "cpu"))
    assert [one.what for one in only] == ["peak resident memory, without pages of files"]


def test_macro_f1_is_compared_on_the_same_strategy_and_seed():
    rows = full_rows()
    assert macro_f1(rows, "harness")["a", 1] == pytest.approx(0.6)
    gap = difference(macro_f1(rows, "plain"), macro_f1(rows, "harness"))
    assert gap == pytest.approx((0.1, 0, 6))
    assert difference({("a", 0): 0.1}, {("a", 0): 0.2}) is None
    error = difference({("a", 0): 0.0, ("a", 1): 0.0}, {("a", 0): 0.1, ("a", 1): 0.3})
    assert error == pytest.approx((0.2, 0.1, 2))


def test_rise_is_that_from_any_smaller_set_to_any_larger():
    assert rise([2, 1, 1.1]) == pytest.approx(0.1)
    assert rise([1, 1.2, 1.1]) == pytest.approx(0.2)
    assert rise([3, 2, 1]) == 0
    assert rise([5]) == 0


def test_page_shows_ratios_with_bars_and_says_what_was_extrapolated():
    page = render(ABOUT, SETTINGS, full_rows())
    assert "| 3 strategies, one seed, against *plain* | 35.00 × | 10.00 × to 60.00 × (2) |" in page
    assert "≥ 5.00 × | yes |" in page
    assert "not every *tuned* script ran" in page
    assert "not every *plain* script ran" not in page
    assert "The bars were set for 6 strategies" in page
    assert "+0.100 ± 0.000" in page
    assert "Not to be relied on" not in page
    # 3 trainings x 250 steps x 64 images in a median of 5.5 seconds
    assert "| harness, 3 strategies, one seed | 5.5 | 5.0 to 6.0 | 2 | 8727 |" in page


def test_page_warns_of_a_busy_machine_and_of_missed_bars():
    rows = full_rows()
    rows[0]["others"] = 1.5
    for one in rows:
        one["seconds"] *= 1 if one["kind"] == "harness" else 0.01
    page = render(ABOUT, SETTINGS, rows)
    assert "**Not to be relied on:** during 1 of 13 runs" in page
    assert "| **no** |" in page


def test_page_can_be_written_after_each_measurement():
    rows = full_rows()
    for count in range(len(rows) + 1):
        assert render(ABOUT, SETTINGS, rows[:count]).startswith("# What it costs: toys, 96 px")


def test_rounds_go_through_strategies_then_seeds():
    jobs = list(jobs_of(NAMES, (0, 1), rounds=4, scripts=1))
    drawn = [(job.strategies[0], job.seeds[0]) for job in jobs if job.kind == "plain"]
    assert drawn == [("a", 0), ("b", 0), ("c", 0), ("a", 1)]
    assert [job.kind for job in jobs[:4]] == ["plain", "tuned", "harness", "harness"]
    assert jobs[-1].kind == "bare"
    every = [job for job in jobs_of(NAMES, (0, 1), 2, 3) if job.kind == "tuned"]
    assert [job.strategies[0] for job in every] == [*NAMES, *NAMES]
    assert {job.seeds for job in every if job.round == 1} == {(1,)}


def test_more_rounds_repeat_nothing_that_was_measured():
    fewer = set(jobs_of(NAMES, (0,), 2, 2))
    assert fewer < set(jobs_of(NAMES, (0,), 3, 2))
    job = Job("plain", 0, ("a",), (0,))
    assert job.is_in([row("plain", 1)])
    for other in (
        row("tuned", 1),
        row("plain", 1, 1),
        row("plain", 1, 0, ("b",)),
        row("plain", 1, 0, ("a",), (1,)),
    ):
        assert not job.is_in([other])


def growth_row(size, decoding):
    seconds = {"listing, splits, weights": 1.0 / size, "decoding": decoding}
    return {
        "size": size,
        "setting": {"image_size": 75, "batch_size": 64, "precision": "fp32"},
        "environment": {"device": "a CPU", "cores": 2, "torch": "2", "git_commit": "abc"},
        "others": 0.0,
        "memory": {"all": GIB, "anonymous": GIB, "files": GIB},
        "result": {"seconds": seconds},
    }


def test_growth_is_judged_by_its_largest_rise():
    flat = render_growth([growth_row(1000, 0.002), growth_row(4000, 0.0022)])
    assert "| decoding | 2 | 2.2 | 10 % | yes |" in flat
    steep = render_growth([growth_row(1000, 0.002), growth_row(4000, 0.003)])
    assert "| decoding | 2 | 3 | 50 % | **no** |" in steep
    assert sizes_of("1000,4000") == (1000, 4000)
    for wrong in ("many", "10", "1000,", "-1000"):
        with pytest.raises(ValueError, match="--growth takes sizes"):
            sizes_of(wrong)

"""The null row is the same strategy under another name, with networks of its own."""

from dataclasses import replace

import pytest

from benchmark.plan.null_row import neutral_strategy, replicate, with_null_row, without_null_row
from benchmark.plan.schedule import Budget
from benchmark.plan.segments import make_plan
from benchmark.strategy.registry import resolve, tunable

NAMES = "no_change,prior_correction,focal_loss:gamma=1,crt"
BUDGET = Budget(16, (20, 20))


def plan_of(specs, seeds=(0,)):
    return make_plan(specs, dict.fromkeys(seeds, BUDGET), {s: f"base {s}" for s in seeds})


def test_a_replicate_differs_in_name_and_text_alone():
    (spec,) = resolve("focal_loss:gamma=1")
    again = replicate(spec)
    assert (again.name, again.replicate_of) == ("focal_loss:gamma=1.0 again", spec.name)
    assert (again.strategy, again.parameters) == (spec.strategy, spec.parameters)


@pytest.mark.parametrize("original", ["no_change", "crt"])
def test_the_null_row_stands_below_its_original(original):
    specs = resolve(NAMES)
    rows = with_null_row(specs, original)
    names = [spec.name for spec in rows]
    assert names.index(f"{original} again") == names.index(original) + 1
    assert without_null_row(rows) == specs
    assert with_null_row(specs, None) == specs


def test_no_other_strategy_has_its_name():
    specs = resolve("no_change,crt")
    specs[1] = replace(specs[1], name="no_change again")
    with pytest.raises(ValueError, match="is the null row of no_change, and the name of"):
        with_null_row(specs, "no_change")
    assert with_null_row(specs, "no_change again")
    assert with_null_row(specs, None) == specs


@pytest.mark.parametrize("original", ["no_change", "prior_correction", "crt"])
def test_it_costs_one_network_a_seed_and_changes_no_other(original):
    specs, seeds = resolve(NAMES), (0, 1)
    alone, together = plan_of(specs, seeds), plan_of(with_null_row(specs, original), seeds)
    assert together.networks.items() > alone.networks.items()
    keys = [{segment.key for segment in plan.segments} for plan in (alone, together)]
    added = [segment for segment in together.segments if segment.key in keys[1] - keys[0]]
    assert keys[0] < keys[1]
    assert {segment.used_by for segment in added} == {(f"{original} again",)}
    assert {segment.seed for segment in added} == set(seeds)
    assert all(segment.is_replicate == (segment in added) for segment in together.segments)
    for seed in seeds:
        steps = sum(s.end - s.start for s in added if s.seed == seed)
        assert steps == BUDGET.steps


def test_its_steps_are_those_of_its_original():
    plan = plan_of(with_null_row(resolve("no_change"), "no_change"))
    original, again = plan.segments
    assert (again.step_ranges, again.head) == (original.step_ranges, original.head)
    assert again.key != original.key


def test_a_null_row_has_no_parameters_to_tune():
    (spec,) = resolve("class_weights")
    assert tunable(spec)
    assert not tunable(replicate(spec))


def test_the_neutral_strategy_is_the_one_that_changes_nothing():
    assert neutral_strategy(resolve("focal_loss,no_change")) == "no_change"
    assert neutral_strategy(resolve("focal_loss,prior_correction")) is None

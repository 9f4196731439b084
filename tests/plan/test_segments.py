"""The planner: equal beginnings are trained once, budgets are equal, cuts leave no trace."""

from dataclasses import dataclass

import pytest

from benchmark.plan.experiment import Phase
from benchmark.plan.segments import Budget, build_schedule, checkpoint_key, make_plan
from benchmark.strategy import CrossEntropy, Stage, Strategy
from benchmark.strategy.registry import StrategySpec, resolve


@dataclass(frozen=True)
class OtherLoss(CrossEntropy):
    weight: float = 1.0


PHASES = (Phase(2, "head", 1e-4), Phase(2, "rest", 1e-4))
BUDGET = Budget(16, (20, 20))


def asked(**strategies):
    return [StrategySpec(name, strategy, "", {}) for name, strategy in strategies.items()]


def plan_of(*seeds, **strategies):
    seeds = seeds or (0,)
    base_fingerprints = {seed: f"origin {seed}" for seed in seeds}
    return make_plan(asked(**strategies), dict.fromkeys(seeds, BUDGET), base_fingerprints)


def test_budget_counts_whole_steps_and_at_least_one():
    assert Budget.of(PHASES, 100, 16) == Budget(16, (12, 12))
    assert Budget.of((Phase(0.001, "head", 1.0),), 100, 16).steps == 1


def test_a_decision_trains_nothing():
    plan = make_plan(resolve("all"), {0: BUDGET, 1: BUDGET}, {0: "a", 1: "b"})
    assert len(plan.outputs) == 12
    assert len(plan.segments) == 10
    assert plan.outputs["no_change", 0] == plan.outputs["threshold_moving", 0]
    assert plan.outputs["no_change", 0] != plan.outputs["no_change", 1]


def test_every_path_has_the_whole_budget_and_no_gap():
    late = Strategy((Stage(0.8), Stage(0.2, loss=OtherLoss())))
    plan = plan_of(plain=Strategy(), late=late, other=Strategy((Stage(loss=OtherLoss()),)))
    by_key = {segment.key: segment for segment in plan.segments}
    for key in plan.outputs.values():
        end = BUDGET.steps
        while key is not None:
            segment = by_key[key]
            assert segment.end == end
            covered = sum(
                min(s.end, segment.end) - max(s.start, segment.start) for s in segment.stretches
            )
            assert covered == segment.end - segment.start
            key, end = segment.parent, segment.start
        assert end == 0


def test_a_common_beginning_is_trained_once():
    late = Strategy((Stage(0.8), Stage(0.2, loss=OtherLoss())))
    later_still = Strategy((Stage(0.8), Stage(0.2, loss=OtherLoss(2.0))))
    plan = plan_of(plain=Strategy(), late=late, later_still=later_still)
    assert [(s.start, s.end, len(s.used_by)) for s in plan.segments] == [
        (0, 32, 3),
        (32, 40, 1),
        (32, 40, 1),
        (32, 40, 1),
    ]
    assert [len(wave) for wave in plan.waves()] == [1, 3]


def test_where_a_training_is_cut_does_not_change_its_key():
    late = Strategy((Stage(0.8), Stage(0.2, loss=OtherLoss())))
    alone, together = plan_of(plain=Strategy()), plan_of(plain=Strategy(), late=late)
    assert alone.outputs["plain", 0] == together.outputs["plain", 0]
    split_without_difference = Strategy((Stage(0.5), Stage(0.5)))
    assert plan_of(plain=split_without_difference).outputs["plain", 0] == alone.outputs["plain", 0]


def test_what_matters_changes_the_key_and_what_does_not_does_not():
    def last_key(strategy, budget=BUDGET, base_fingerprint="o"):
        path = build_schedule(strategy, budget)
        return checkpoint_key(budget.steps, path, strategy.head, base_fingerprint)

    plain = last_key(Strategy())
    assert plain == last_key(Strategy())
    different = [
        last_key(Strategy(), Budget(16, (20, 21))),
        last_key(Strategy(), base_fingerprint="p"),
        last_key(Strategy((Stage(loss=OtherLoss()),))),
        last_key(Strategy((Stage(loss=OtherLoss(2.0)),))),
        last_key(Strategy((Stage(train_from="head"),))),
        last_key(Strategy((Stage(0.5), Stage(0.5, reset_head=True)))),
    ]
    assert len({plain, *different}) == len(different) + 1


def test_optimizer_begins_anew_only_with_a_phase_or_other_layers():
    strategy = Strategy((Stage(0.75), Stage(0.25, loss=OtherLoss())))
    assert [(s.start, s.fresh) for s in build_schedule(strategy, BUDGET)] == [
        (0, True),
        (20, True),
        (30, False),
    ]
    head_only = Strategy((Stage(0.75), Stage(0.25, train_from="head", reset_head=True)))
    assert build_schedule(head_only, BUDGET)[-1].fresh


def test_a_stream_goes_on_through_stages_with_the_same_sampler():
    @dataclass(frozen=True)
    class Backwards:
        def __call__(self, labels, rng):
            return range(len(labels))[::-1]

    same = Strategy((Stage(0.75), Stage(0.25, loss=OtherLoss())))
    other = Strategy((Stage(0.75), Stage(0.25, sampler=Backwards())))
    assert [s.sampler_start for s in build_schedule(same, BUDGET)] == [0, 0, 0]
    assert [s.sampler_start for s in build_schedule(other, BUDGET)] == [0, 0, 30]


def test_needed_leaves_out_what_is_stored_and_what_only_it_needed():
    late = Strategy((Stage(0.8), Stage(0.2, loss=OtherLoss())))
    plan = plan_of(plain=Strategy(), late=late)
    trunk, *ends = plan.segments
    done = set(plan.outputs.values())
    assert plan.needed(done, set()) == []
    assert plan.needed(set(), set()) == [trunk, *ends]
    assert plan.needed({ends[0].key}, {trunk.key}) == [ends[1]]
    assert plan.needed({ends[0].key}, set()) == [trunk, ends[1]]


def test_a_decision_must_be_fitted():
    with pytest.raises(ValueError, match="must have a method fit"):
        Strategy(decision=lambda outputs: outputs.labels)


def test_shares_must_add_up():
    with pytest.raises(ValueError, match=r"add up to 1, got 0\.9"):
        Strategy((Stage(0.4), Stage(0.5)))
    with pytest.raises(ValueError, match=r"share must be in \(0, 1\]"):
        Stage(0.0)


def test_a_short_stage_keeps_a_step():
    strategy = Strategy((Stage(0.99), Stage(0.01, loss=OtherLoss(), reset_head=True)))
    path = build_schedule(strategy, Budget(16, (4, 3)))
    assert [(s.start, s.end) for s in path] == [(0, 4), (4, 6), (6, 7)]
    assert path[-1].resets_head
    with pytest.raises(ValueError, match="3 stages do not fit into 2 steps"):
        build_schedule(Strategy((Stage(0.5), Stage(0.25), Stage(0.25))), Budget(16, (1, 1)))


def test_what_runs_images_through_the_frozen_layers_is_known_to_take_longer():
    plan = make_plan(resolve("all"), {0: BUDGET}, {0: "a"})
    assert [s.used_by for s in plan.segments if s.augments_images] == [
        ("augmentation_oversampling",)
    ]

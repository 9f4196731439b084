"""The planner: equal beginnings are trained once, budgets are equal, cuts leave no trace."""

from dataclasses import dataclass

from benchmark.plan.recipes import Phase
from benchmark.plan.schedule import Budget
from benchmark.plan.segments import make_plan
from benchmark.strategy import CrossEntropy, Stage, Strategy
from benchmark.strategy.registry import StrategySpec, resolve


@dataclass(frozen=True)
class OtherLoss(CrossEntropy):
    weight: float = 1.0


PHASES = (Phase(2, "head", 1e-4), Phase(2, "rest", 1e-4))
BUDGET = Budget(16, (20, 20))


def plan_of(*seeds, **strategies):
    seeds = seeds or (0,)
    base_fingerprints = {seed: f"base {seed}" for seed in seeds}
    specs = [StrategySpec(name, strategy, "", {}) for name, strategy in strategies.items()]
    return make_plan(specs, dict.fromkeys(seeds, BUDGET), base_fingerprints)


def test_a_decision_trains_nothing():
    plan = make_plan(resolve("all"), {0: BUDGET, 1: BUDGET}, {0: "a", 1: "b"})
    assert len(plan.networks) == 12
    assert len(plan.segments) == 10
    assert plan.networks["no_change", 0] == plan.networks["threshold_moving", 0]
    assert plan.networks["no_change", 0] != plan.networks["no_change", 1]


def test_every_network_has_the_whole_budget_and_no_gap():
    late = Strategy((Stage(0.8), Stage(0.2, loss=OtherLoss())))
    plan = plan_of(plain=Strategy(), late=late, other=Strategy((Stage(loss=OtherLoss()),)))
    by_key = {segment.key: segment for segment in plan.segments}
    for key in plan.networks.values():
        end = BUDGET.steps
        while key is not None:
            segment = by_key[key]
            assert segment.end == end
            covered = sum(
                min(s.end, segment.end) - max(s.start, segment.start) for s in segment.step_ranges
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
    assert alone.networks["plain", 0] == together.networks["plain", 0]
    halves = plan_of(plain=Strategy((Stage(0.5), Stage(0.5))))
    assert halves.networks["plain", 0] == alone.networks["plain", 0]


def test_needed_leaves_out_stored_segments_and_what_only_they_needed():
    late = Strategy((Stage(0.8), Stage(0.2, loss=OtherLoss())))
    plan = plan_of(plain=Strategy(), late=late)
    trunk, *ends = plan.segments
    done = set(plan.networks.values())
    assert plan.segments_to_train(done, set()) == []
    assert plan.segments_to_train(set(), set()) == [trunk, *ends]
    assert plan.segments_to_train({ends[0].key}, {trunk.key}) == [ends[1]]
    assert plan.segments_to_train({ends[0].key}, set()) == [trunk, ends[1]]


def test_a_training_that_goes_on_after_the_budget_shares_all_of_it():
    more = Strategy((Stage(), Stage(0, extra_epochs=2, reset_head=True)))
    budget = Budget(16, (20, 20), images=80)
    specs = [StrategySpec(n, s, "", {}) for n, s in (("plain", Strategy()), ("more", more))]
    plan = make_plan(specs, {0: budget}, {0: "base"})
    common, extra = plan.segments
    assert (common.start, common.end, extra.start, extra.end) == (0, 40, 40, 50)
    assert plan.networks == {("plain", 0): common.key, ("more", 0): extra.key}
    assert extra.parent == common.key
    assert common.is_final, "its outputs are those of one strategy"
    assert common.has_children, "its state is where the other goes on"
    assert plan.segments_to_train({common.key}, {common.key}) == [extra]
    assert plan.segments_to_train({common.key}, set()) == [common, extra]
    assert plan.segments_to_train({extra.key}, {common.key}) == [common], "it has no outputs yet"
    alone = make_plan(specs[1:], {0: budget}, {0: "base"})
    assert [(s.start, s.end, s.key) for s in alone.segments] == [(0, 50, extra.key)]


def test_segments_that_augment_images_are_known_as_they_take_longer():
    plan = make_plan(resolve("all"), {0: BUDGET}, {0: "a"})
    assert [s.used_by for s in plan.segments if s.recomputes_activations] == [
        ("augmentation_oversampling",)
    ]

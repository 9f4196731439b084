"""Stages over phases: every step is in one range, and keys hold what matters and nothing else."""

from dataclasses import dataclass

import pytest

from benchmark.plan.recipes import Phase
from benchmark.plan.schedule import Budget, build_schedule, checkpoint_key
from benchmark.strategy import CrossEntropy, LinearHead, Stage, Strategy


@dataclass(frozen=True)
class OtherLoss(CrossEntropy):
    weight: float = 1.0


@dataclass(frozen=True)
class OtherHead(LinearHead):
    """A head that is initialised in another way."""


PHASES = (Phase(2, "head", 1e-4), Phase(2, "rest", 1e-4))
BUDGET = Budget(16, (20, 20))


def test_budget_counts_whole_steps_and_at_least_one():
    assert Budget.from_phases(PHASES, 100, 16) == Budget(16, (12, 12))
    assert Budget.from_phases((Phase(0.001, "head", 1.0),), 100, 16).steps == 1


def test_the_key_changes_with_what_changes_the_network_and_with_nothing_else():
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
        last_key(Strategy((Stage(0.75), Stage(0.25, reset_head=True)))),  # inside a phase
        last_key(Strategy(head=OtherHead())),
    ]
    assert len({plain, *different}) == len(different) + 1


def test_the_optimizer_is_reset_only_at_a_new_phase_or_for_other_layers():
    strategy = Strategy((Stage(0.75), Stage(0.25, loss=OtherLoss())))
    assert [(r.start, r.resets_optimizer) for r in build_schedule(strategy, BUDGET)] == [
        (0, True),
        (20, True),
        (30, False),
    ]
    head_only = Strategy((Stage(0.75), Stage(0.25, train_from="head", reset_head=True)))
    assert build_schedule(head_only, BUDGET)[-1].resets_optimizer


def test_a_sampler_goes_on_through_stages_that_share_it():
    @dataclass(frozen=True)
    class Backwards:
        def __call__(self, labels, rng):
            return range(len(labels))[::-1]

    same = Strategy((Stage(0.75), Stage(0.25, loss=OtherLoss())))
    other = Strategy((Stage(0.75), Stage(0.25, sampler=Backwards())))
    assert [s.sampler_start for s in build_schedule(same, BUDGET)] == [0, 0, 0]
    assert [s.sampler_start for s in build_schedule(other, BUDGET)] == [0, 0, 30]


def test_a_short_stage_keeps_one_step():
    strategy = Strategy((Stage(0.99), Stage(0.01, loss=OtherLoss(), reset_head=True)))
    path = build_schedule(strategy, Budget(16, (4, 3)))
    assert [(s.start, s.end) for s in path] == [(0, 4), (4, 6), (6, 7)]
    assert path[-1].resets_head
    with pytest.raises(ValueError, match="3 stages do not fit into 2 steps"):
        build_schedule(Strategy((Stage(0.5), Stage(0.25), Stage(0.25))), Budget(16, (1, 1)))

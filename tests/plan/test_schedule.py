"""Stages over phases: every step is in one range, and keys hold what matters and nothing else."""

from dataclasses import dataclass

import pytest

from benchmark.plan.recipes import Phase
from benchmark.plan.schedule import Budget, build_schedule, checkpoint_key
from benchmark.strategy import CrossEntropy, LinearHead, Stage, Strategy
from strategies.drop_suspects import DropSuspects


@dataclass(frozen=True)
class OtherLoss(CrossEntropy):
    weight: float = 1.0


@dataclass(frozen=True)
class OtherHead(LinearHead):
    """A head that is initialised in another way."""


PHASES = (Phase(2, "head", 1e-4), Phase(2, "rest", 1e-4))
BUDGET = Budget(16, (20, 20))


def test_budget_counts_whole_steps_and_at_least_one():
    assert Budget.from_phases(PHASES, 100, 16) == Budget(16, (12, 12), (0,), 100)
    assert Budget.from_phases((Phase(0.001, "head", 1.0),), 100, 16).steps == 1


def test_a_budget_of_steps_is_that_of_another_batch_size():
    small = Budget.from_phases(PHASES, 100, 4, steps_as_by=16)
    assert small == Budget(4, (12, 12), (0,), 100)
    assert small.steps_in(1) == 25, "an epoch is all images"


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
        last_key(Strategy((Stage(selection=DropSuspects(0.3, 10)),))),
        last_key(Strategy((Stage(selection=DropSuspects(0.3, 5)),))),
        last_key(Strategy((Stage(train_from="head"),))),
        last_key(Strategy((Stage(lr_factor=3),))),
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


HEAD_FIRST = Budget(16, (50, 100), head_phases=(0,), images=160)


@pytest.mark.parametrize(
    ("budget", "end"),
    [
        (HEAD_FIRST, 50 + 70),  # 70 of the 100 steps that train more than the head
        (Budget(16, (50, 100)), 105),
        (Budget(16, (50, 100), head_phases=(0, 1)), 105),  # nothing but the head: all steps count
        (Budget(16, (100, 50), head_phases=(1,)), 70),  # the last stage has the head's phase
        (Budget(16, (40, 30, 60), head_phases=(1,)), 100),  # between two that count
        (Budget(16, (80, 30, 20), head_phases=(1,)), 70),
    ],
)
def test_fractions_are_of_the_steps_that_train_more_than_the_head(budget, end):
    """Else a head trained for long before takes steps from the body alone."""
    strategy = Strategy((Stage(0.7), Stage(0.3, loss=OtherLoss())))
    stages = [r.stage for r in build_schedule(strategy, budget) if r.start >= end]
    assert set(stages) == {strategy.stages[1]}
    assert {r.stage for r in build_schedule(strategy, budget) if r.end <= end} == {
        strategy.stages[0]
    }


def test_a_new_head_begins_the_learning_rates_anew():
    plain = Strategy((Stage(0.7), Stage(0.3, loss=OtherLoss())))
    reset = Strategy((Stage(0.7), Stage(0.2, reset_head=True), Stage(0.1, loss=OtherLoss())))
    phases = [(0, 50), (50, 150)]
    assert [r.schedule for r in build_schedule(plain, HEAD_FIRST)] == [*phases, phases[1]]
    assert [r.schedule for r in build_schedule(reset, HEAD_FIRST)] == [
        *phases,
        (120, 150),
        (120, 150),  # and the stage after it goes on with them
    ]


def test_a_stage_with_epochs_of_its_own_follows_after_the_budget():
    strategy = Strategy((Stage(), Stage(0, extra_epochs=10, train_from="head", reset_head=True)))
    *within, extra = build_schedule(strategy, HEAD_FIRST)
    assert within == list(build_schedule(Strategy(), HEAD_FIRST))
    assert (extra.start, extra.end) == (150, 250)  # 10 epochs of 160 images in batches of 16
    assert (extra.phase, extra.schedule) == (1, (150, 250))
    assert extra.resets_head
    assert extra.resets_optimizer


def test_a_short_stage_keeps_one_step():
    strategy = Strategy((Stage(0.99), Stage(0.01, loss=OtherLoss(), reset_head=True)))
    path = build_schedule(strategy, Budget(16, (4, 3)))
    assert [(s.start, s.end) for s in path] == [(0, 4), (4, 6), (6, 7)]
    assert path[-1].resets_head
    with pytest.raises(ValueError, match="3 stages do not fit into 2 steps"):
        build_schedule(Strategy((Stage(0.5), Stage(0.25), Stage(0.25))), Budget(16, (1, 1)))

"""Strategies of several stages, what they build on, and what they share with it."""

import pytest

from benchmark.plan.segments import Budget, make_plan
from benchmark.strategy import find
from benchmark.strategy.registry import resolve

BUDGET = Budget(64, (100, 100))


def plan(names):
    return make_plan(resolve(names), {0: BUDGET}, {0: "origin"})


def steps_trained(names):
    return sum(segment.end - segment.start for segment in plan(names).segments)


@pytest.mark.parametrize("name", ["crt", "smote"])
def test_the_last_layer_is_begun_anew_and_trained_alone(name):
    """Kang et al. 2020, section 4.1."""
    first, last = find(name).stages
    assert (first.fraction, last.fraction) == pytest.approx((0.7, 0.3))
    assert (first.train_from, first.reset_head) == (None, False)
    assert (last.train_from, last.reset_head) == ("head", True)
    assert not find(f"{name}:reset=false").stages[1].reset_head


@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("crt:base=mixup", "random_oversampling"),
        ("deferred_resampling:base=focal_loss", "random_oversampling"),
        ("deferred_reweighting:base=augmentation_only", "effective_number"),
    ],
)
def test_they_go_on_from_any_other_strategy(name, last):
    of, (whole,) = find(name).stages, find(name.partition("on=")[2]).stages
    assert len(of) == 2
    for field in ("sample", "augment", "mix", "loss"):
        assert getattr(of[0], field) == getattr(whole, field)
    (end,) = find(last).stages
    assert (of[1].sampler, of[1].loss) == (end.sampler, end.loss)


def test_a_strategy_of_two_stages_keeps_both_before_a_third():
    shares = [
        stage.fraction for stage in find("crt:base=deferred_resampling,final_fraction=0.5").stages
    ]
    assert shares == pytest.approx([0.4, 0.1, 0.5])


@pytest.mark.parametrize(
    ("names", "steps"),
    [
        ("no_change", 200),
        ("no_change,deferred_resampling", 240),
        ("no_change,deferred_resampling,deferred_reweighting", 280),
        ("no_change,crt", 260),
        ("mixup,crt:base=mixup", 260),
        ("no_change,crt,smote", 320),
        ("crt,crt:base=mixup", 400),  # nothing in common
        ("no_change,prior_correction,tau_norm,threshold_moving", 200),
        ("balanced_softmax,logit_adjusted_loss,logit_adjusted_loss:tau=1", 200),
        ("square_root_weights,class_weights:power=0.5", 200),
        ("ldam_drw,ldam_drw:final_fraction=0.1", 240),
        ("no_change,progressive_sampling", 360),
    ],
)
def test_what_is_shared_is_trained_once(names, steps):
    assert steps_trained(names) == steps


def test_decisions_use_the_network_that_they_are_on():
    networks = plan(
        "focal_loss,threshold_moving:base=focal_loss,no_change,prior_correction"
    ).outputs
    assert networks["focal_loss", 0] == networks["threshold_moving:base=focal_loss", 0]
    assert networks["no_change", 0] == networks["prior_correction", 0]
    assert networks["no_change", 0] != networks["focal_loss", 0]


def test_deferring_begins_at_the_same_step_whatever_is_deferred():
    """So a comparison of the two is one of draws and weights."""
    ends = {
        segment.start
        for segment in plan("no_change,deferred_resampling,deferred_reweighting").segments
    }
    assert ends == {0, 160}

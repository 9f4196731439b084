"""Strategies of several stages, what they build on, and what they share with it."""

import pytest

from benchmark.plan.schedule import Budget, build_schedule
from benchmark.plan.segments import make_plan
from benchmark.strategy import find
from benchmark.strategy.registry import resolve

BUDGET = Budget(64, (100, 100))


def plan(names):
    return make_plan(resolve(names), {0: BUDGET}, {0: "base"})


def steps_trained(names):
    return sum(segment.end - segment.start for segment in plan(names).segments)


@pytest.mark.parametrize("name", ["crt", "smote"])
def test_a_new_last_layer_is_trained_alone(name):
    """Kang et al. 2020, section 4.1."""
    first, final = find(name).stages
    assert (first.fraction, final.fraction) == pytest.approx((0.7, 0.3))
    assert (first.train_from, first.reset_head) == (None, False)
    assert (final.train_from, final.reset_head) == ("head", True)
    assert not find(f"{name}:reset=false").stages[1].reset_head


@pytest.mark.parametrize("name", ["crt", "smote"])
def test_with_the_papers_budget_the_new_layer_has_epochs_of_its_own(name):
    """Kang et al. 2020: 90 epochs of the network, then 10 of the new layer (their ImageNet-LT)."""
    whole, final = find(f"{name}:extra_epochs=10").stages
    assert (whole.fraction, final.fraction, final.extra_epochs) == (1, 0, 10)
    budget = Budget(64, (100, 100), head_phases=(0,), images=3200)
    (common,) = make_plan(resolve("no_change"), {0: budget}, {0: "base"}).segments
    names = f"no_change,{name}:extra_epochs=10"
    first, extra = make_plan(resolve(names), {0: budget}, {0: "base"}).segments
    assert first.key == common.key, "the network before it is no_change"
    assert extra.end - extra.start == 500


@pytest.mark.parametrize("name", ["crt", "smote"])
def test_the_new_layer_takes_its_share_of_the_steps_of_the_body(name):
    """Of 125 and 125 steps the body keeps 87 or 88, where 30 % of all steps left it 50."""
    budget = Budget(64, (125, 125), head_phases=(0,))
    final = build_schedule(find(name), budget)[-1]
    assert final.start - 125 in (87, 88)
    assert final.schedule == (final.start, 250), "from warm-up to the end of the cosine"


@pytest.mark.parametrize(
    ("name", "final"),
    [
        ("crt:base=mixup", "random_oversampling"),
        ("deferred_resampling:base=focal_loss", "random_oversampling"),
        ("deferred_reweighting:base=augmentation_only", "effective_number"),
    ],
)
def test_they_go_on_from_any_other_strategy(name, final):
    stages, (whole,) = find(name).stages, find(name.partition("base=")[2]).stages
    assert len(stages) == 2
    for field in ("sampler", "augmentation", "mixing", "synthesizer", "loss"):
        assert getattr(stages[0], field) == getattr(whole, field)
    (end,) = find(final).stages
    assert (stages[1].sampler, stages[1].loss) == (end.sampler, end.loss)


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
def test_shared_steps_are_trained_once(names, steps):
    assert steps_trained(names) == steps


def test_a_decision_uses_the_network_of_its_base():
    names = "focal_loss,threshold_moving:base=focal_loss,no_change,prior_correction"
    networks = plan(names).networks
    assert networks["focal_loss", 0] == networks["threshold_moving:base=focal_loss", 0]
    assert networks["no_change", 0] == networks["prior_correction", 0]
    assert networks["no_change", 0] != networks["focal_loss", 0]


def test_deferring_begins_at_the_same_step_whatever_is_deferred():
    """So the two differ in draws and weights alone."""
    ends = {
        segment.start
        for segment in plan("no_change,deferred_resampling,deferred_reweighting").segments
    }
    assert ends == {0, 160}

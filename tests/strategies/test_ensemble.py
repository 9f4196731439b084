"""Ensembles: the mean of log-probabilities, and what can't be one."""

import numpy as np
import pytest

from benchmark.plan.null_row import with_null_row
from benchmark.plan.schedule import Budget
from benchmark.plan.segments import make_plan
from benchmark.strategy import Outputs, find
from benchmark.strategy.ensembles import combine_outputs, mean_log_probabilities
from benchmark.strategy.registry import resolve, with_parameters

BUDGET = {0: Budget(8, (10, 20), head_phases=(0,), images=80)}


def outputs(p, prior=None, width=2):
    logits = np.log(np.asarray(p, float)) + 7  # a constant says nothing
    features = np.arange(len(logits) * width, dtype=float).reshape(-1, width)
    return Outputs(logits, features, np.arange(len(logits)) % logits.shape[1], None, prior)


def test_logarithms_are_averaged_not_probabilities():
    """Two networks of 9 : 1 and 1 : 4 have a geometric mean of 3 : 2; the arithmetic is 11 : 9."""
    made = combine_outputs([outputs([[0.9, 0.1]]), outputs([[0.2, 0.8]])])
    np.testing.assert_allclose(np.exp(made.log_probabilities), [[0.6, 0.4]], atol=1e-12)


def test_a_class_that_a_network_rules_out_is_not_chosen():
    p = [[[0.96, 0.04 - 1e-9, 1e-9]], [[1e-6, 0.1, 0.9 - 1e-6]]]
    made = mean_log_probabilities([np.log(each) for each in p])
    assert made.argmax(1).tolist() == [1], "the mean of probabilities would choose the first"
    np.testing.assert_allclose(made, np.mean(np.log(p), axis=0), atol=1e-12)


def test_features_stand_side_by_side_and_priors_have_a_geometric_mean():
    uniform, skewed = np.full(2, 0.5), np.array([0.9, 0.1])
    members = outputs([[0.5, 0.5]], uniform), outputs([[0.5, 0.5]], skewed, width=3)
    made = combine_outputs(members)
    assert made.features.shape == (1, 5)
    np.testing.assert_allclose(made.effective_prior, [0.75, 0.25], atol=1e-12)
    assert made.head is None
    unknown = combine_outputs([members[0], outputs([[0.5, 0.5]])])
    assert unknown.effective_prior is None


def test_moved_thresholds_take_the_mean_prior_out():
    """Of a network with the natural prior and one without, offsets follow half of its logarithm."""
    rng, counts = np.random.default_rng(0), np.array([200, 60, 20])
    labels = np.repeat(np.arange(3), counts)
    prior, evidence = counts / counts.sum(), 1.5 * np.eye(3)[labels]
    members = [
        Outputs(
            evidence + rng.normal(size=(280, 3)) + np.log(q), np.zeros((280, 1)), labels, None, q
        )
        for q in (prior, np.full(3, 1 / 3))
    ]
    made = combine_outputs(members)
    direction = np.log(prior) / 2
    np.testing.assert_allclose(np.diff(np.log(made.effective_prior)), np.diff(direction))
    strategy = find("threshold_moving:base=ensemble")
    assert strategy.members == find("ensemble").members
    assert strategy.decision.fit(made, counts)(made).shape == (280,)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("crt:base=ensemble", "trains nothing of its own, so it can have no stages"),
        ("drop_suspects:base=ensemble", "trains nothing of its own"),
        ("ensemble:base=no_change", "two networks or more, got no_change alone"),
        ("ensemble:base=no_change|ensemble", "ensemble is a mean of networks: name these"),
        ("ensemble:base=no_change|threshold_moving", "threshold_moving has a decision of its own"),
        ("ensemble:base=no_change|temperature_scaling", "has a decision of its own"),
        ("ensemble:base=no_change|no_change", "no_change and no_change train the same network"),
        ("ensemble:base=no_change|foo", "unknown strategy 'foo'"),
        ("tau_norm:base=ensemble", "several networks, so it has no rows"),
    ],
)
def test_what_is_no_ensemble_is_refused_in_words(spec, message):
    with pytest.raises(ValueError, match=message):
        find(spec)


def test_members_are_shared_with_the_rows_of_the_same_strategies():
    specs = resolve("no_change,ensemble,ensemble:base=no_change|focal_loss:gamma=1,class_weights")
    plan = make_plan(specs, BUDGET, {0: "base"})
    first, second = (plan.members[plan.networks[spec.name, 0]] for spec in specs[1:3])
    assert first == (plan.networks["no_change", 0], plan.networks["class_weights", 0])
    assert second[0] == first[0]
    assert len(plan.trained) == 3
    (shared,) = (s for s in plan.segments if s.key == first[0])
    assert shared.used_by == ("no_change", specs[1].name, specs[2].name)
    assert len(plan.segments_to_train({first[0]}, set())) == 2


def test_its_key_is_that_of_its_networks_in_order():
    specs = resolve("ensemble,threshold_moving:base=ensemble,ensemble:base=class_weights|no_change")
    plan = make_plan(specs, BUDGET, {0: "base"})
    same, on_top, turned = (plan.networks[spec.name, 0] for spec in specs)
    assert same == on_top != turned
    assert make_plan(specs, BUDGET, {0: "other"}).networks[specs[0].name, 0] != same


def test_the_null_row_of_an_ensemble_trains_all_its_networks_once_more():
    specs = with_null_row(resolve("no_change,ensemble"), "ensemble")
    plan = make_plan(specs, BUDGET, {0: "base"})
    own, null = (plan.members[plan.networks[spec.name, 0]] for spec in specs[1:])
    assert not set(own) & set(null)
    assert {s.key for s in plan.segments if s.is_replicate and s.is_final} == set(null)


def test_a_factor_on_learning_rates_is_that_of_all_members():
    (spec,) = resolve("ensemble")
    faster = with_parameters(spec, lr_factor=2.0)
    rates = [stage.lr_factor for s in faster.strategy.trainings for stage in s.stages]
    assert rates == [2.0, 2.0]
    assert faster.parameters["lr_factor"] == 2.0

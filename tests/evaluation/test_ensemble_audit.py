"""The audit of an ensemble sees what is no mean of its networks, and errors of these."""

from dataclasses import replace

import numpy as np
import pytest

from benchmark.evaluation.ensemble_audit import MemberMeasurement, _check_mean
from benchmark.strategy import DecisionMeasurement, Member, Outputs, Strategy, find
from benchmark.strategy.ensembles import combine_outputs
from tests.evaluation.planted import losses
from tests.evaluation.planted.bench import Bench


@pytest.fixture
def members():
    rng = np.random.default_rng(0)
    return [
        Outputs(3 * rng.normal(size=(40, 4)), rng.normal(size=(40, 2)), np.arange(40) % 4)
        for _ in range(3)
    ]


def check(members, outputs):
    decision = DecisionMeasurement(np.array([9, 5, 3, 1]), outputs, outputs.logits.argmax(1))
    (result,) = _check_mean([MemberMeasurement([], own) for own in members], decision)
    return result


def mean_of_probabilities(members):
    return np.log(np.mean([np.exp(own.log_probabilities) for own in members], axis=0))


def mean_of_two(members):
    return combine_outputs(members[:2]).logits


def sum_of_logarithms(members):
    return 3 * combine_outputs(members).logits


@pytest.mark.parametrize("wrong", [mean_of_probabilities, mean_of_two, sum_of_logarithms])
def test_another_mean_is_seen(members, wrong):
    right = combine_outputs(members)
    assert check(members, right).passed
    assert not check(members, replace(right, logits=wrong(members))).passed


def test_images_in_another_order_are_seen(members):
    right = combine_outputs(members)
    turned = [members[0], *(replace(own, labels=own.labels[::-1]) for own in members[1:])]
    assert "not the same, or in order" in check(turned, right).observed


def test_an_error_of_a_member_is_one_of_the_ensemble():
    error = next(e for e in losses.PLANTED if e.right == "focal_loss")
    bench, plain = Bench(), Member("no_change", find("no_change"))
    wrong = Strategy(members=(plain, Member("focal_loss", error.build())))
    failed = [c.expectation for c in bench.audited(wrong) if c.passed is False]
    assert failed
    assert all(claim.startswith("focal_loss: ") for claim in failed)

"""A decision and a calibration on one base: both count, and each replaces its own kind."""

from dataclasses import replace

import numpy as np
import pytest

from benchmark.strategy import Argmax, Calibration, Outputs, Strategy, find
from benchmark.strategy.calibrated import CalibratedDecision, parts
from benchmark.strategy.cross_fit import cross_fit, cross_fit_outputs
from benchmark.strategy.registry import resolve
from benchmark.strategy.rules import calibrated
from benchmark.strategy.stage import acting_components

COUNTS = np.array([90, 9, 3])


def network(images=90, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.choice(3, images, p=[0.6, 0.3, 0.1])
    logits = 4 * (rng.normal(size=(images, 3)) + np.eye(3)[labels]) + np.log(COUNTS)
    return Outputs(logits.astype(np.float32), np.zeros((images, 2)), labels)


@pytest.mark.parametrize("calibration", ["temperature_scaling", "vector_scaling"])
def test_the_order_in_which_both_are_named_plays_no_role(calibration):
    first, second = (
        find(f"threshold_moving:base={calibration}"),
        find(f"{calibration}:base=threshold_moving"),
    )
    assert first.decision == second.decision
    assert {e.component for e in first.expectations} == {"calibration", "decision"}
    assert set(first.expectations) == set(second.expectations)
    assert acting_components(first) == ["calibration", "decision"]


def test_a_decision_on_top_is_fitted_to_calibrated_outputs():
    validation = network()
    rule = find("threshold_moving:base=vector_scaling").decision.fit(validation, COUNTS)
    corrected = calibrated(find("vector_scaling").decision.fit(validation, COUNTS), validation)
    alone = find("threshold_moving").decision.fit(corrected, COUNTS)
    assert rule.rule == alone
    np.testing.assert_array_equal(rule(validation), alone(corrected))
    np.testing.assert_array_equal(calibrated(rule, validation).logits, corrected.logits)


def test_each_replaces_its_own_kind_and_says_so():
    (spec,) = resolve(["prior_correction:base=threshold_moving:base=temperature_scaling"])
    calibration, decision = parts(spec.strategy.decision)
    assert calibration == find("temperature_scaling").decision
    assert decision == find("prior_correction").decision
    assert "The decision of `threshold_moving:base=temperature_scaling` is replaced." in spec.doc
    (spec,) = resolve(["vector_scaling:base=temperature_scaling"])
    assert spec.strategy == find("vector_scaling")
    assert spec.doc.endswith("The calibration of `temperature_scaling` is replaced.")
    (spec,) = resolve(["vector_scaling:base=threshold_moving"])
    assert "replaced" not in spec.doc


def test_parts_of_a_decision():
    assert parts(Argmax()) == (None, Argmax())
    temperature = find("temperature_scaling").decision
    assert parts(temperature) == (temperature, Argmax())
    assert parts(CalibratedDecision(temperature, "other")) == (temperature, "other")


def test_a_calibration_says_what_it_must_have():
    with pytest.raises(NotImplementedError):
        Calibration().fit(network(), COUNTS)
    assert Strategy(decision=find("vector_scaling").decision).expectations == ()


def test_probabilities_of_validation_are_those_of_rules_fitted_to_others():
    validation = network()
    decision = find("temperature_scaling").decision
    labels, corrected = cross_fit_outputs(decision, validation, COUNTS)
    np.testing.assert_array_equal(labels, cross_fit(decision, validation, COUNTS))
    temperatures = validation.logits[:, 0] / corrected.logits[:, 0]
    assert len(np.unique(temperatures.round(5))) == 5, "one for each fold"
    own = decision.fit(validation, COUNTS).temperature
    assert not np.isclose(temperatures, own).any()
    _, untouched = cross_fit_outputs(Argmax(), validation, COUNTS)
    np.testing.assert_array_equal(untouched.log_probabilities, validation.log_probabilities)


def test_scales_of_a_vector_are_relative_to_the_temperature():
    """So the prior is as strong for logits that are three times as large."""
    validation = network(300)
    larger = replace(validation, logits=3 * validation.logits)
    decision = find("vector_scaling").decision
    first, second = (calibrated(decision.fit(each, COUNTS), each) for each in (validation, larger))
    np.testing.assert_allclose(first.log_probabilities, second.log_probabilities, atol=1e-4)
    strong = find("vector_scaling:prior_weight=1e9").decision.fit(validation, COUNTS)
    temperature = find("temperature_scaling").decision.fit(validation, COUNTS).temperature
    np.testing.assert_allclose(strong.scale, 1 / temperature, rtol=1e-5)
    np.testing.assert_allclose(strong.bias, 0, atol=1e-5)


def test_calibration_lowers_the_log_loss_of_other_images():
    validation, test = network(600), network(600, seed=1)

    def log_loss(outputs):
        return -outputs.log_probabilities[np.arange(600), outputs.labels].mean()

    for name in ("temperature_scaling", "vector_scaling"):
        rule = find(name).decision.fit(validation, COUNTS)
        assert log_loss(calibrated(rule, test)) < log_loss(test) - 0.1

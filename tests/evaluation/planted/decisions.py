"""Decisions with a planted error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from benchmark.strategy import (
    Argmax,
    Calibration,
    DividedLogits,
    OffsetArgmax,
    ScaledLogits,
    Strategy,
)
from strategies.prior_correction import PriorCorrection
from strategies.tau_norm import TauNormalisation
from strategies.vector_scaling import VectorScaling
from tests.evaluation.planted.planted_error import PlantedError, component, whole


@dataclass(frozen=True)
class Changing:
    """The right decision with its offsets changed."""

    right: Any
    change: str

    def fit(self, validation, counts):
        offset = np.array(self.right.fit(validation, counts).offset)
        match self.change:
            case "three times":
                offset = 3 * offset
            case "turned":
                offset = np.roll(offset, 1)
            case "reversed":
                offset = -offset
            case "classes without validation":
                offset = np.where(np.arange(len(counts)) == counts.argmax(), offset, 0)
        return OffsetArgmax(tuple(offset.tolist()))


def changing(change: str) -> Callable[[Strategy], Strategy]:
    return lambda right: replace(right, decision=Changing(right.decision, change))


@component("fit")
def most_accurate(self, validation, counts):
    log_p, prior = validation.log_probabilities, np.log(np.maximum(counts, 1) / counts.sum())
    hits = [((log_p - t * prior).argmax(1) == validation.labels).mean() for t in (0, 0.1, 0.2)]
    return OffsetArgmax(tuple((-(0, 0.1, 0.2)[int(np.argmax(hits))] * prior).tolist()))


@dataclass(frozen=True)
class LongerRows(TauNormalisation):
    """Multiplies where it should divide."""

    def fit(self, validation, counts):
        return self

    def __call__(self, outputs):
        head = outputs.head.astype(float)
        return (outputs.features @ (head.T * np.linalg.norm(head, axis=1) ** self.tau)).argmax(1)


@component("fit")
def prior_of_validation(self, validation, counts):
    prior = np.bincount(validation.labels, minlength=len(counts)) + 50.0
    return OffsetArgmax(tuple((-np.log(prior / prior.sum())).tolist()))


@component("fit")
def most_accurate_class_by_class(self, validation, counts):
    offset, steps = np.zeros(len(counts)), np.linspace(-3, 3, 25)
    for c in range(len(counts)):
        moved = [offset + step * np.eye(len(counts))[c] for step in steps]
        hits = [(OffsetArgmax(tuple(m))(validation) == validation.labels).mean() for m in moved]
        offset = moved[int(np.argmax(hits))]
    return OffsetArgmax(tuple(offset.tolist()))


@component("fit")
def norms_of_columns(self, validation, counts):
    def rule(outputs):
        norms = np.linalg.norm(outputs.head, axis=0).clip(min=1e-12)
        return (outputs.features.astype(float) @ (outputs.head / norms).T).argmax(1)

    return rule


@component("fit")
def logits_with_the_bias(self, validation, counts):
    return lambda outputs: (outputs.logits / np.linalg.norm(outputs.head, axis=1)).argmax(1)


@dataclass(frozen=True)
class WrongScale(Calibration):
    """A calibration whose numbers are changed."""

    right: Any
    change: str

    def fit(self, validation, counts):
        if self.change == "fitted to the argmax":
            validation = replace(validation, labels=validation.logits.argmax(1))
        rule = self.right.fit(validation, counts)
        match self.change:
            case "inverse":
                return DividedLogits(1 / rule.temperature)
            case "a temperature of each class":
                scales = np.linspace(0.9, 1.1, len(counts)) / rule.temperature
                return ScaledLogits(tuple(scales), (0.0,) * len(counts))
            case "biases reversed":
                return ScaledLogits(rule.scale, tuple(-np.array(rule.bias)))
            case "no bias":
                return ScaledLogits(rule.scale, (0.0,) * len(counts))
            case "classes turned":
                return ScaledLogits(tuple(np.roll(rule.scale, 1)), tuple(np.roll(rule.bias, 1)))
        return rule


def wrong_scale(change: str) -> Callable[[Strategy], Strategy]:
    return lambda right: replace(right, decision=WrongScale(right.decision, change))


PLANTED = [
    PlantedError(
        "divided by the inverse", "calibration", "temperature_scaling", wrong_scale("inverse")
    ),
    PlantedError(
        "fitted to its own labels",
        "calibration",
        "temperature_scaling",
        wrong_scale("fitted to the argmax"),
    ),
    PlantedError(
        "biases reversed", "calibration", "vector_scaling", wrong_scale("biases reversed")
    ),
    PlantedError(
        "a hundred times the prior",
        "calibration",
        "vector_scaling",
        whole(decision=VectorScaling(500.0)),
    ),
    PlantedError(
        "each threshold for accuracy",
        "decision",
        "threshold_moving",
        whole(decision=most_accurate_class_by_class),
    ),
    PlantedError(
        "norms of columns in place of rows",
        "decision",
        "tau_norm",
        whole(decision=norms_of_columns),
    ),
    PlantedError(
        "the bias is normalised too", "decision", "tau_norm", whole(decision=logits_with_the_bias)
    ),
    PlantedError(
        "three times the correction", "decision", "prior_correction", changing("three times")
    ),
    PlantedError("the correction reversed", "decision", "prior_correction", changing("reversed")),
    PlantedError("argmax", "decision", "prior_correction", whole(decision=Argmax())),
    PlantedError("a tenth of tau", "decision", "tau_norm", whole(decision=TauNormalisation(0.1))),
    PlantedError(
        "thresholds for accuracy", "decision", "threshold_moving", whole(decision=most_accurate)
    ),
    PlantedError(
        "three times the thresholds", "decision", "threshold_moving", changing("three times")
    ),
]
KEPT_APART = [
    PlantedError(
        "a temperature of each class",
        "calibration",
        "temperature_scaling",
        wrong_scale("a temperature of each class"),
    ),
    PlantedError("no bias", "calibration", "vector_scaling", wrong_scale("no bias")),
    PlantedError(
        "the next class's scale", "calibration", "vector_scaling", wrong_scale("classes turned")
    ),
    PlantedError(
        "a tenth of the correction",
        "decision",
        "prior_correction",
        whole(decision=PriorCorrection(0.1)),
    ),
    PlantedError("rows become longer", "decision", "tau_norm", whole(decision=LongerRows(1.0))),
    PlantedError("the next class's threshold", "decision", "threshold_moving", changing("turned")),
    PlantedError(
        "the prior is nearly level",
        "decision",
        "prior_correction",
        whole(decision=prior_of_validation),
    ),
]

"""Why is a class never predicted? The likely cause, its evidence, and where help can come from.

`diagnose` looks at what is stored of a trained network; `rules` holds the table it goes by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from benchmark.evaluation.diagnosis.inputs import DiagnosisInput
from benchmark.evaluation.diagnosis.rules import (
    CAUSES,
    PLACES,
    RULES,
    THRESHOLDS,
    Rule,
    first_match,
)
from benchmark.evaluation.diagnosis.signals import Evidence, measure

__all__ = ["CAUSES", "NEAR_ZERO", "PLACES", "RULES", "Diagnosis", "Rule", "Seen", "diagnose"]

NEAR_ZERO = 0.1  # test recall up to which a class counts as ignored
_COUNTS = ("train_images", "evidence_images", "confuser_images")


@dataclass(frozen=True)
class Diagnosis:
    """Why one class is hardly ever found."""

    index: int  # of the class
    recall: float  # on the test images, after the decision; nan without any
    never: bool  # no test image was assigned to it
    confuser: int | None  # the likeliest other class for its images; None if it has no images
    signals: dict[str, float]  # all that was measured, nan where it can't be

    @cached_property
    def rule(self) -> Rule:
        """The row of the table that holds."""
        return first_match(self.signals)

    @property
    def cause(self) -> str:
        """One of CAUSES."""
        return self.rule.cause

    @property
    def try_next(self) -> tuple[str, ...]:
        """Out of PLACES, the most promising first."""
        return self.rule.try_next

    def sentence(self, classes: Sequence[str]) -> str:
        """Return the cause's evidence in words; `classes` (C,) are the names."""
        shown = {name: _number(name, value) for name, value in self.signals.items()}
        confuser = "another class" if self.confuser is None else classes[self.confuser]
        return self.rule.says.format(**shown, **THRESHOLDS, confuser=confuser)


def diagnose(inputs: DiagnosisInput) -> list[Diagnosis]:
    """Name the likely cause for every class with a test recall up to NEAR_ZERO.

    Classes without a test image are named too if none was assigned to them. Validation and test
    images both are evidence: nothing is chosen by them.
    """
    evidence = Evidence(inputs)
    images = np.bincount(inputs.test.labels, minlength=len(inputs.train_counts))
    right = inputs.test.labels[inputs.test.labels == inputs.predicted]
    hits = np.bincount(right, minlength=len(images))
    called = np.bincount(inputs.predicted, minlength=len(images))
    ignored = np.where(images > 0, hits <= NEAR_ZERO * images, called == 0)
    found = []
    for k in np.flatnonzero(ignored).tolist():
        recall = float(hits[k] / images[k]) if images[k] else float("nan")
        signals, confuser = measure(evidence, k)
        signals = {"recall": recall} | signals
        found.append(Diagnosis(k, recall, bool(called[k] == 0), confuser, signals))
    return found


def _number(name: str, value: float) -> str:
    """.77 for a share, 12 for a count."""
    if name in _COUNTS:
        return f"{value:,.0f}"
    if np.isnan(value):
        return "unknown"
    text = f"{value:.2f}"
    return text.replace("0.", ".", 1) if abs(value) < 0.995 else text

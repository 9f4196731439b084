"""Why is a class never predicted? The likely cause, its evidence, and what to try next.

`diagnose` reads the stored outputs of a trained network; `rules` has the table of causes, and
`signals` and `feature_signals` what they compare.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from benchmark.evaluation.diagnosis.evidence import Evidence
from benchmark.evaluation.diagnosis.rule import THRESHOLDS, UNDETERMINED, Rule
from benchmark.evaluation.diagnosis.rules import RULES, first_match
from benchmark.evaluation.diagnosis.signals import SIGNALS, measure
from benchmark.evaluation.metrics.class_counts import count_classes

__all__ = ["RULES", "UNDETERMINED", "Diagnosis", "Evidence", "Rule", "diagnose"]

NEAR_ZERO = 0.1  # test recall up to which a class counts as ignored
_COUNTS = ("train_images", "evidence_images", "confuser_images")


@dataclass(frozen=True)
class Diagnosis:
    """Why one class is hardly ever recognised."""

    index: int  # of the class
    recall: float  # on the test images, after the decision; nan without any
    never_predicted: bool  # no test image was assigned to the class
    confuser: int | None  # the likeliest other class for its images; None if it has no images
    signals: dict[str, float]  # all measurements by name, nan where one is undefined

    @cached_property
    def rule(self) -> Rule:
        """The first rule that holds."""
        return first_match(self._known)

    @cached_property
    def _known(self) -> dict[str, float]:
        """All signals; those that an earlier version did not measure are nan."""
        return dict.fromkeys(SIGNALS, float("nan")) | self.signals

    @property
    def cause(self) -> str:
        """One of CAUSES."""
        return self.rule.cause

    @property
    def suggestions(self) -> tuple[str, ...]:
        """Out of COMPONENTS, the most promising first."""
        return self.rule.suggestions

    def explanation(self, classes: Sequence[str]) -> str:
        """Return the evidence for the cause in words; `classes` (C,) are the names."""
        numbers = {name: _format_signal(name, value) for name, value in self._known.items()}
        confuser = "another class" if self.confuser is None else classes[self.confuser]
        return self.rule.explanation.format(**numbers, **THRESHOLDS, confuser=confuser)


def diagnose(evidence: Evidence) -> list[Diagnosis]:
    """Return the likely cause for every class with a test recall up to NEAR_ZERO.

    A class without test images gets a diagnosis if no image was assigned to it. Validation
    and test images are evidence, with their labels: who chooses by a diagnosis needs new ones.
    """
    counts = count_classes(evidence.test.labels, evidence.predicted, len(evidence.train_counts))
    hits, images, predicted = counts.true_positives, counts.support, counts.predicted
    ignored = np.where(images > 0, hits <= NEAR_ZERO * images, predicted == 0)
    classes = np.flatnonzero(ignored).tolist()
    diagnoses = []
    for k, (signals, confuser) in zip(classes, measure(evidence, classes), strict=True):
        recall = float(hits[k] / images[k]) if images[k] else float("nan")
        signals = {"recall": recall} | signals
        diagnoses.append(Diagnosis(k, recall, bool(predicted[k] == 0), confuser, signals))
    return diagnoses


def _format_signal(name: str, value: float) -> str:
    """Return .77 for a share, 12 for a count."""
    if name in _COUNTS:
        return f"{value:,.0f}"
    if np.isnan(value):
        return "unknown"
    text = f"{value:.2f}"
    return text.replace("0.", ".", 1) if abs(value) < 0.995 else text

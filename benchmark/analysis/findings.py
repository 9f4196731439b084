"""What records say besides scores, as tables: audit, free corrections, diagnoses, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from benchmark.evaluation.diagnosis import Diagnosis
from benchmark.evaluation.diagnosis.signals import SIGNALS

CHECKS = ["strategy", "seed", "place", "claim", "seen", "observed"]
CORRECTED = [
    *("strategy", "seed", "correction"),
    *("macro_f1", "never_predicted", "balanced_accuracy", "accuracy"),
]
EFFECTS = [
    *("strategy", "seed", "class", "train_count"),
    *("drawn", "gradient", "plain_gradient", "mean_logit"),
]
DIAGNOSES = [
    *("strategy", "seed", "class", "train_count", "recall", "never"),
    *("cause", "confuser", "why", "try_next"),
]


@dataclass(frozen=True)
class Findings:
    """Of all records of a run. An old record that lacks a part adds no rows to it."""

    checks: pd.DataFrame  # one row a strategy, seed and check: the columns of audit.csv
    effects: pd.DataFrame  # one row a strategy, seed and class: those of effects.csv
    posthoc_scores: (
        pd.DataFrame
    )  # one row a strategy, seed and free correction: those of corrected.csv
    diagnoses: pd.DataFrame  # one row a strategy, seed and ignored class: those of diagnoses.csv
    reliability: dict[str, list[dict[str, list[float]]]]  # strategy -> one a seed, see `metrics`

    @classmethod
    def none(cls) -> Findings:
        """Of no records."""
        return Collector([]).findings()


@dataclass
class Collector:
    """Gathers rows from records; `classes` are named in the order of the records."""

    classes: Sequence[str]
    checks: list[dict[str, Any]] = field(default_factory=list)
    effects: list[dict[str, Any]] = field(default_factory=list)
    posthoc_scores: list[dict[str, Any]] = field(default_factory=list)
    diagnoses: list[dict[str, Any]] = field(default_factory=list)
    reliability: dict[str, list[dict[str, list[float]]]] = field(default_factory=dict)

    def add(
        self,
        key: dict[str, Any],
        record: dict[str, Any],
        train_counts: Sequence[int],
        order: Sequence[int],
    ) -> None:
        """Add the record of the strategy and seed `key`; classes stand in `order`."""
        audit = record.get("audit", {})
        self.checks += [{**key, **check} for check in audit.get("checks", [])]
        names = [name for name in EFFECTS if name in audit]
        for c in order if names else ():
            row = {"class": self.classes[c], "train_count": train_counts[c]}
            self.effects.append({**key, **row, **{name: audit[name][c] for name in names}})
        for name, numbers in record.get("corrected", {}).items():
            self.posthoc_scores.append({**key, "correction": name, **numbers})
        found = {one["index"]: one for one in record.get("diagnoses", [])}
        for c in order:
            if c in found:
                self.diagnoses.append({**key, **self._diagnosis(found[c], train_counts[c])})
        if record.get("reliability"):
            self.reliability.setdefault(key["strategy"], []).append(record["reliability"])

    def _diagnosis(self, one: dict[str, Any], train_count: int) -> dict[str, Any]:
        measured = {name: v for name, v in one["signals"].items() if v is not None}
        signals = dict.fromkeys(("recall", *SIGNALS), np.nan) | measured
        recall = signals["recall"]
        # the rules are today's, also for a record of an earlier version
        found = Diagnosis(one["index"], recall, one["never"], one["confuser"], signals)
        return {
            "class": self.classes[found.index],
            "train_count": train_count,
            "recall": recall,
            "never": found.never,
            "cause": found.cause,
            "confuser": None if found.confuser is None else self.classes[found.confuser],
            "why": found.sentence(self.classes),
            "try_next": ", ".join(found.try_next),
            **{name: value for name, value in signals.items() if name != "recall"},
        }

    def findings(self) -> Findings:
        """Return everything as tables."""
        return Findings(
            pd.DataFrame(self.checks, columns=CHECKS),
            pd.DataFrame(self.effects, columns=EFFECTS),
            pd.DataFrame(self.posthoc_scores, columns=CORRECTED),
            pd.DataFrame(self.diagnoses, columns=None if self.diagnoses else DIAGNOSES),
            self.reliability,
        )


def logit_shift(effects: pd.DataFrame, baseline: str | None) -> pd.DataFrame:
    """Return effects with `logit_shift`: the mean logit minus the baseline's, same seed and class.

    A constant added to all logits of an image is no shift; NaN without a baseline.
    """
    if effects.empty or baseline is None:
        return effects.assign(logit_shift=np.nan)
    wide = effects.pivot_table(
        index=["seed", "class"], columns="strategy", values="mean_logit", dropna=False
    )
    if baseline not in wide:
        return effects.assign(logit_shift=np.nan)
    shift = wide.sub(wide[baseline], axis=0).reset_index()
    shift = shift.melt(["seed", "class"], var_name="strategy", value_name="logit_shift")
    return effects.merge(shift, how="left", on=["seed", "class", "strategy"])

"""Tables of what records hold besides scores: audit, diagnoses, post-hoc decisions, calibration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmark.analysis.coverage import coverage_frame
from benchmark.analysis.run_records import RunRecords
from benchmark.evaluation.diagnosis import Diagnosis
from benchmark.execution.record_schema import DiagnosisRecord, Record

AUDIT = ["strategy", "seed", "component", "expectation", "observed", "passed"]
POSTHOC = ["strategy", "seed", "decision"]  # and metrics
TRAINING_EFFECTS = [
    *("strategy", "seed", "class", "train_count"),
    *("drawn", "gradient", "cross_entropy_gradient", "mean_logit"),
]
DIAGNOSES = [
    *("strategy", "seed", "class", "train_count", "recall", "never_predicted"),
    *("cause", "confuser", "explanation", "suggestions"),  # and signals
]
LEFT_OUT = [  # see `LeftOutImages`; largest: the largest share of a class
    *("strategy", "seed", "train_count", "left_out", "largest", "wrong", "all_wrong"),
]
WRONG_LABELS = ["strategy", "seed", "images", "as_given", "as_right"]  # see `WrongLabelFit`


@dataclass(frozen=True)
class Findings:
    """The findings of all records of a run."""

    checks: pd.DataFrame  # one row per strategy, seed and check: AUDIT
    training_effects: pd.DataFrame  # one row per strategy, seed and class: TRAINING_EFFECTS
    posthoc_scores: pd.DataFrame  # one row per strategy, seed and decision: POSTHOC and its metrics
    diagnoses: pd.DataFrame  # one row per strategy, seed and ignored class: DIAGNOSES and signals
    wrong_labels: pd.DataFrame  # one row per strategy and seed with label noise: WRONG_LABELS
    left_out: pd.DataFrame  # one row per strategy that selects images and seed: LEFT_OUT
    # strategy -> one reliability diagram a seed, see `benchmark.evaluation.metrics.calibration`
    reliability: dict[str, list[dict[str, Sequence[float | None]]]]
    coverage: pd.DataFrame  # error against coverage: COVERAGE
    # labels of the validation images by rules that had not seen them, (N,), by strategy and seed;
    # None: the decision can't be fitted to fewer images
    cross_fitted: Mapping[tuple[str, int], NDArray[np.int64] | None]
    validation_labels: Mapping[int, NDArray[np.int64]]  # (N,) by seed, as they are given
    calibrated: frozenset[str] = frozenset()  # strategies whose decision corrects probabilities
    # (C, C) costs of decisions, classes as in the tables, by the first strategy that has them
    costs: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    @classmethod
    def from_records(cls, run: RunRecords) -> Findings:
        """Return the findings of records; each table is empty if they have none of it."""
        checks, posthoc, wrong_labels = [], [], []
        reliability: dict[str, list[dict[str, Sequence[float | None]]]] = {}
        for record in run.finished:
            key = {"strategy": record.strategy, "seed": record.seed}
            checks += [key | asdict(check) for check in record.audit.checks]
            posthoc += [{**key, "decision": d, **scores} for d, scores in record.posthoc.items()]
            if record.wrong_labels:
                wrong_labels.append({**key, **asdict(record.wrong_labels)})
            reliability.setdefault(record.strategy, []).append(dict(record.reliability))
        return cls(
            pd.DataFrame(checks, columns=AUDIT),
            _training_effects(run),
            pd.DataFrame(posthoc, columns=None if posthoc else POSTHOC),
            _diagnoses(run),
            pd.DataFrame(wrong_labels, columns=WRONG_LABELS),
            pd.DataFrame(_left_out(run), columns=LEFT_OUT),
            reliability,
            coverage_frame(run),
            {(record.strategy, record.seed): _cross_fitted(record) for record in run.finished},
            {seed: np.asarray(split.val.labels, np.int64) for seed, split in run.splits.items()},
            frozenset(record.strategy for record in run.finished if record.is_calibrated),
            _costs(run),
        )


def _cross_fitted(record: Record) -> NDArray[np.int64] | None:
    unseen = record.cross_fitted
    return None if unseen is None else np.array(unseen.predicted, np.int64)


def _costs(run: RunRecords) -> dict[str, NDArray[np.float64]]:
    different = {r.costs: r.strategy for r in reversed(run.finished) if r.costs is not None}
    order = np.ix_(run.order, run.order)
    return {name: np.array(costs, float)[order] for costs, name in reversed(different.items())}


def _training_effects(run: RunRecords) -> pd.DataFrame:
    order, names = np.asarray(run.order), np.array(run.classes, dtype=object)
    tables = []
    for record in run.finished:
        train_counts = np.asarray(run.splits[record.seed].train.counts)
        columns = {"class": names[order], "train_count": train_counts[order]}
        columns["drawn"] = np.asarray(record.audit.drawn)[order]
        for name in TRAINING_EFFECTS[5:]:
            columns[name] = np.array(getattr(record.audit, name), float)[order]  # None: NaN
        tables.append(pd.DataFrame({"strategy": record.strategy, "seed": record.seed, **columns}))
    empty = pd.DataFrame(columns=TRAINING_EFFECTS)
    return pd.concat(tables, ignore_index=True) if tables else empty


def _left_out(run: RunRecords) -> Iterator[dict[str, Any]]:
    for record in run.finished:
        if record.left_out:
            counts = np.array(run.splits[record.seed].train.counts)
            left_out = np.array(record.left_out.counts)
            yield {
                **{"strategy": record.strategy, "seed": record.seed},
                **{"train_count": int(counts.sum()), "left_out": int(left_out.sum())},
                "largest": float((left_out / np.maximum(counts, 1)).max()),
                **{"wrong": record.left_out.wrong, "all_wrong": record.left_out.all_wrong},
            }


def _diagnoses(run: RunRecords) -> pd.DataFrame:
    rank = {c: k for k, c in enumerate(run.order)}
    rows = [
        _class_key(run, record, diagnosis.index) | _diagnosis(run.classes, diagnosis)
        for record in run.finished
        for diagnosis in sorted(record.diagnoses, key=lambda d: rank[d.index])
    ]
    return pd.DataFrame(rows, columns=None if rows else DIAGNOSES)


def _diagnosis(classes: Sequence[str], record: DiagnosisRecord) -> dict[str, Any]:
    signals = {name: np.nan if v is None else v for name, v in record.signals.items()}
    recall = np.nan if record.recall is None else record.recall
    diagnosis = Diagnosis(record.index, recall, record.never_predicted, record.confuser, signals)
    return {
        "recall": recall,
        "never_predicted": record.never_predicted,
        "cause": diagnosis.cause,
        "confuser": None if record.confuser is None else classes[record.confuser],
        "explanation": diagnosis.explanation(classes),
        "suggestions": ", ".join(diagnosis.suggestions),
        **{name: value for name, value in signals.items() if name != "recall"},
    }


def _class_key(run: RunRecords, record: Record, c: int) -> dict[str, Any]:
    train_count = run.splits[record.seed].train.counts[c]
    key = {"strategy": record.strategy, "seed": record.seed}
    return {**key, "class": run.classes[c], "train_count": train_count}


def logit_shift(training_effects: pd.DataFrame, baseline: str | None) -> pd.DataFrame:
    """Add `logit_shift`: the mean logit minus the baseline's of the same seed and class.

    A constant added to all logits of an image is no shift; NaN without a baseline.
    """
    wide = training_effects.pivot_table(
        index=["seed", "class"], columns="strategy", values="mean_logit", dropna=False
    )
    if training_effects.empty or baseline not in wide:
        return training_effects.assign(logit_shift=np.nan)
    shift = wide.sub(wide[baseline], axis=0).reset_index()
    shift = shift.melt(["seed", "class"], var_name="strategy", value_name="logit_shift")
    return training_effects.merge(shift, how="left", on=["seed", "class", "strategy"])

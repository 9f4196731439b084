"""Error against coverage on the test images, of all classes and of the rare ones alone."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmark.analysis.run_records import RunRecords
from benchmark.evaluation.abstention import choose_threshold, kept_at_coverage, kept_images
from benchmark.evaluation.metrics.class_counts import SHOT_GROUPS, shot_groups
from benchmark.execution.record_schema import Record

MAX_ERRORS = (0.2, 0.1, 0.05, 0.02, 0.01)  # shares of errors that thresholds are fitted for
COVERAGES = tuple((np.arange(20, 0, -1) / 20).tolist())  # 1, .95, … .05 of all test images
GROUPS = ("all", "rare")  # test images: all, and those of classes with few training images
COVERAGE = [
    *("strategy", "seed", "kept_by", "target", "threshold", "group", "images"),
    *("coverage", "coverage_low", "coverage_high", "error", "error_low", "error_high"),
]


def coverage_frame(run: RunRecords) -> pd.DataFrame:
    """Return COVERAGE: one row per strategy, seed, target and group of classes.

    `kept_by` "coverage": the share `target` of all test images is kept, the most confident ones.
    "max_error": a threshold is, which was fitted on validation images for at most the share
    `target` of errors; the bounds are exact at 95 %. A group without test images has no rows.
    """
    rows = [row for record in run.finished for row in _record_rows(run, record)]
    return pd.DataFrame(rows, columns=COVERAGE)


def _record_rows(run: RunRecords, record: Record) -> Iterator[dict[str, Any]]:
    split = run.splits[record.seed]
    labels = np.asarray(split.test.labels)
    correct = labels == np.asarray(record.predicted["test"])
    confidence = confidences(record.confidence["test"])
    few = shot_groups(np.array(split.train.counts)) == SHOT_GROUPS.index("few")
    units = None if split.test.groups is None else np.asarray(split.test.groups)
    thresholds = _thresholds(record, np.asarray(split.val.labels))
    for group, chosen in zip(GROUPS, (np.ones(len(labels), bool), few[labels]), strict=True):
        if not chosen.any():
            continue
        key = {"strategy": record.strategy, "seed": record.seed, "group": group}
        key |= {"images": int(chosen.sum())}
        shares = kept_at_coverage(correct, confidence, np.array(COVERAGES), chosen)
        for target, coverage, error in zip(COVERAGES, *shares, strict=True):
            how = {"kept_by": "coverage", "target": target}
            yield key | how | {"coverage": coverage, "error": error}
        own_units = None if units is None else units[chosen]
        for target, threshold in thresholds.items():
            kept = kept_images(correct[chosen], confidence[chosen], threshold, own_units)
            how = {"kept_by": "max_error", "target": target, "threshold": threshold}
            yield key | how | asdict(kept)


def _thresholds(record: Record, labels: NDArray[np.int64]) -> dict[float, float]:
    """Return MAX_ERRORS -> the threshold that validation images give; {} without a decision."""
    unseen = record.cross_fitted
    if unseen is None:
        return {}
    correct, confidence = labels == np.asarray(unseen.predicted), confidences(unseen.confidence)
    return {error: choose_threshold(correct, confidence, error) for error in MAX_ERRORS}


def confidences(values: Sequence[float | None]) -> NDArray[np.float64]:
    """Return confidences (N,); one that is no number, of a network that diverged, is the least."""
    return np.nan_to_num(np.array(values, np.float64), nan=0.0)

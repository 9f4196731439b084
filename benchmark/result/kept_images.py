"""What a threshold of confidence, fitted on validation images, gave on the test images."""

from __future__ import annotations

import numpy as np

from benchmark.analysis.comparison import Comparison
from benchmark.evaluation.abstention import kept_images
from benchmark.execution.record_schema import Record
from benchmark.execution.run_folder import RunFolder
from benchmark.inference.abstention import MAX_ERROR, threshold_for
from benchmark.inference.model_info import ModelInfo
from benchmark.report.render.formats import format_percent, format_share


def abstention_sentence(comparison: Comparison, record: Record, info: ModelInfo) -> str:
    """Say what `predict` with its default largest error would leave to a person; '' if unknown."""
    if not info.error_by_threshold:
        return ""
    threshold, wanted = threshold_for(info.error_by_threshold, MAX_ERROR), format_percent(MAX_ERROR)
    if threshold == float("inf"):
        return (
            f"No confidence keeps the errors of validation images at {wanted} or fewer: with "
            f"`--max-error {MAX_ERROR:g}` every image is left to a person."
        )
    test = RunFolder(comparison.folder).read_split(record.seed).test
    labels, groups = np.array(test.labels), None if test.groups is None else np.array(test.groups)
    correct = labels == np.array(record.predicted["test"])
    confidence = np.nan_to_num(np.array(record.confidence["test"], np.float64))
    kept = kept_images(correct, confidence, threshold, groups)
    error = format_percent(kept.error)
    bounds = f"{format_share(kept.error_low, 2)} to {format_share(kept.error_high, 2)}"
    return (
        f"`predict` leaves images below a confidence of {format_share(threshold)} to a person: at "
        f"and above it at most {wanted} of the validation images were wrong. On the test images it "
        f"keeps {format_percent(kept.coverage)}, of which {error} are wrong (95 %: {bounds}). "
        "Another `--max-error` gives another threshold."
    )

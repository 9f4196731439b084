"""What a threshold of confidence, fitted on validation images, gave on the test images."""

from __future__ import annotations

from benchmark.analysis.comparison import Comparison
from benchmark.execution.record_schema import Record
from benchmark.plan.prediction_settings import MAX_ERROR
from benchmark.report.render.formats import format_percent, format_share


def abstention_sentence(comparison: Comparison, record: Record) -> str:
    """Say what `predict` with its default largest error would leave to a person; '' if unknown."""
    rows, wanted = comparison.findings.coverage, format_percent(MAX_ERROR)
    rows = rows[(rows["strategy"] == record.strategy) & (rows["seed"] == record.seed)]
    rows = rows[(rows["kept_by"] == "max_error") & (rows["group"] == "all")]
    rows = rows[rows["target"] == MAX_ERROR]
    if rows.empty:
        return ""
    kept = rows.to_dict("records")[0]
    if kept["threshold"] == float("inf"):
        return (
            f"No confidence keeps the errors of validation images at {wanted} or fewer: with "
            f"`--max-error {MAX_ERROR:g}` every image is left to a person."
        )
    error = format_percent(kept["error"])
    bounds = f"{format_share(kept['error_low'], 2)} to {format_share(kept['error_high'], 2)}"
    return (
        f"`predict` leaves images below a confidence of {format_share(kept['threshold'])} to a "
        f"person: at and above it at most {wanted} of the validation images were wrong. On the "
        f"test images it keeps {format_percent(kept['coverage'])}, of which {error} are wrong "
        f"(95 %: {bounds}). Another `--max-error` gives another threshold."
    )

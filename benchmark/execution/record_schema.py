"""The record of one strategy and seed, as types. No torch is imported here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from traceback import format_exception
from typing import Any, Literal

from benchmark.evaluation.audit_check import AuditCheck
from benchmark.evaluation.training_fit import TrainingFit
from benchmark.execution.typed_json import SCHEMA_VERSION


@dataclass(frozen=True)
class BudgetUsed:
    """What a training took."""

    steps: int
    batch_size: int
    micro_batch: int  # images that pass the network at once, at most
    images_seen: int
    distinct_images: int
    augmented_images: int
    seconds: float


@dataclass(frozen=True)
class AuditRecord:
    """The checks, and by class what the training drew and where its logits are; each (C,)."""

    checks: tuple[AuditCheck, ...]
    drawn: tuple[int, ...]  # images
    gradient: tuple[float | None, ...]  # sum of the norms of the loss's gradient at the logits
    cross_entropy_gradient: tuple[float | None, ...]  # the same of cross-entropy
    mean_logit: tuple[float | None, ...]  # on the test images, each image's mean taken out


@dataclass(frozen=True)
class DiagnosisRecord:
    """Why one class is hardly ever predicted."""

    index: int  # of the class
    recall: float | None  # on the test images; None without any
    never_predicted: bool
    confuser: int | None  # the likeliest other class for its images
    signals: Mapping[str, float | None]
    cause: str


@dataclass(frozen=True)
class CurvePoint:
    """One validation during a training."""

    step: int
    phase: int
    train_from: str
    train_loss: float | None
    val_loss_by_class: tuple[float | None, ...]  # (C,)
    val_loss: float | None
    val_accuracy: float
    val_macro_f1: float
    val_never_predicted: int


@dataclass(frozen=True)
class LossPoint:
    """The training loss over a tenth of a step range, or less where a validation ends it."""

    step: int  # the last
    start: int  # of the step range; in another one the loss may be another
    schedule_start: int  # step at which the present learning rates began, with a phase or a head
    loss: float | None  # mean over the steps since the point before
    learning: float  # sum of the factors of the learning rates in these steps


@dataclass(frozen=True)
class ErrorInfo:
    """An exception as text."""

    error: str  # type and message
    traceback: str

    @classmethod
    def from_exception(cls, error: BaseException) -> ErrorInfo:
        """Return the text of an exception that was raised."""
        return cls(f"{type(error).__name__}: {error}", "".join(format_exception(error)))


@dataclass(frozen=True, kw_only=True)
class FailedRecord:
    """A strategy and seed that ended in an error."""

    schema_version: int = SCHEMA_VERSION
    strategy: str
    seed: int
    status: Literal["failed"] = "failed"
    network: str  # key
    error: str
    traceback: str = ""


@dataclass(frozen=True, kw_only=True)
class Record:
    """Predictions, metrics, cost and audit of one strategy and seed."""

    schema_version: int = SCHEMA_VERSION
    strategy: str
    seed: int
    status: Literal["ok"] = "ok"
    network: str  # key
    parameters: dict[str, Any]
    decision: Any  # fields of the fitted decision rule, or its repr
    # split ("val", "test") -> name in `METRICS` -> value, None where it is undefined; those of
    # "val" are cross-fitted: no image is decided by a rule that was fitted to it
    metrics: Mapping[str, Mapping[str, float | None]]
    # after the decision; None: the outputs are of a version that stored none of training images
    training_fit: TrainingFit | None = None
    budget: BudgetUsed
    audit: AuditRecord
    # "auroc", "average_precision" -> (C,) on the test images, see `one_against_rest`; an earlier
    # version has none
    one_against_rest: dict[str, tuple[float | None, ...]] = field(default_factory=dict)
    # post-hoc decision -> name of a metric -> value on the test images
    posthoc: Mapping[str, Mapping[str, float | None]]
    reliability: dict[str, tuple[float | None, ...]]  # see `evaluation.metrics.calibration`
    diagnoses: tuple[DiagnosisRecord, ...]
    curve: tuple[CurvePoint, ...]
    losses: tuple[LossPoint, ...] = ()  # of the training images; an earlier version has none
    predicted: dict[str, tuple[int, ...]]  # split -> (N,) classes after the decision
    confidence: dict[str, tuple[float | None, ...]]  # the network's probability of them
    fingerprint: str  # changes with everything that the record was computed from

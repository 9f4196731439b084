"""The record of one strategy and seed, as types. No torch is imported here."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass, replace
from typing import Any, Literal

from benchmark.evaluation.audit_check import AuditCheck
from benchmark.evaluation.training_fit import TrainingFit, WrongLabelFit
from benchmark.storage.number_columns import Floats, Integers
from benchmark.storage.stored_file import DamagedFileError
from benchmark.storage.typed_json import SCHEMA_VERSION
from benchmark.system.error_text import error_text, error_traceback

EARLIER = "failed in an earlier run; --retry-failed tries again"


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
class LeftOutImages:
    """Training images that the selection of a stage leaves out."""

    counts: tuple[int, ...]  # (C,)
    wrong: int | None = None  # of these, labels that were made wrong; None: none was
    all_wrong: int | None = None  # of all training images


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
    # whether the machine was the cause, by a full disk or too little memory: each run tries again
    by_machine: bool = False
    is_earlier: bool = False  # whether it is of an earlier run, and was not tried again

    @classmethod
    def from_exception(cls, error: BaseException) -> ErrorInfo:
        """Return the text of an exception that was raised, of any that there is."""
        of_machines = OSError | MemoryError | BrokenExecutor | DamagedFileError
        by_machine = isinstance(error, of_machines) or (
            # of torch, which is not imported here
            isinstance(error, RuntimeError) and "memory" in error_text(error).lower()
        )
        return cls(error_text(error), error_traceback(error), by_machine)

    def after_attempts(self, number: int) -> ErrorInfo:
        """Return the error of the last attempt of so many, of which none ended: of a machine's."""
        return replace(self, error=f"{self.error} ({number} attempts)", by_machine=True)


@dataclass(frozen=True)
class CrossFitted:
    """The validation images, each decided by a rule that was fitted to others; see `cross_fit`."""

    predicted: Integers  # (N,)
    confidence: Floats  # (N,) the network's probability of it


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
    by_machine: bool = False  # see `ErrorInfo`
    is_earlier: bool = False
    fingerprint: str = ""  # of a decision that failed: it is tried again once this changes

    @property
    def sentence(self) -> str:
        """What its row says."""
        return f"{EARLIER}: {self.error}" if self.is_earlier else self.error


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
    # (C, C) what its decision takes each to cost, rows are true classes; None: it knows no costs
    costs: tuple[tuple[float, ...], ...] | None = None
    # whether it corrects probabilities: confidence and metrics of probabilities are then of these
    is_calibrated: bool = False
    # split ("val", "test") -> name in `METRICS` -> value, None where it is undefined; those of
    # "val" are cross-fitted: no image is decided by a rule that was fitted to it
    metrics: Mapping[str, Mapping[str, float | None]]
    training_fit: TrainingFit  # after the decision, on labels as they are given
    budget: BudgetUsed
    audit: AuditRecord
    # "auroc", "average_precision" -> (C,) on the test images, see `one_against_rest`
    one_against_rest: dict[str, tuple[float | None, ...]]
    # post-hoc decision -> name of a metric -> value on the test images
    posthoc: Mapping[str, Mapping[str, float | None]]
    reliability: dict[str, tuple[float | None, ...]]  # see `evaluation.metrics.calibration`
    diagnoses: tuple[DiagnosisRecord, ...]
    curve: tuple[CurvePoint, ...]
    losses: tuple[LossPoint, ...]  # of the training images
    predicted: dict[str, Integers]  # split -> (N,) classes after the decision
    confidence: dict[str, Floats]  # the probability of them
    fingerprint: str  # changes with everything that the record was computed from
    wrong_labels: WrongLabelFit | None = None  # after the decision; None: none are wrong
    left_out: LeftOutImages | None = None  # None: all training images are trained on
    # None: the decision can't be fitted to fewer images
    cross_fitted: CrossFitted | None = None

"""One JSON file for each strategy and seed: predictions, numbers, cost, audit, or what went wrong.

All of it follows from stored outputs: a record is made again when the code behind it changes, and
nothing is trained for that.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from benchmark.evaluation.audit import audit
from benchmark.evaluation.diagnosis import DiagnosisInput, diagnose
from benchmark.evaluation.metrics import reliability, scores
from benchmark.evaluation.posthoc import posthoc_scores
from benchmark.plan.experiment import Recipe
from benchmark.plan.segments import Budget
from benchmark.run.run_folder import PARTS, RunFolder, error_text
from benchmark.storage.atomic import digest, read_json, write_json
from benchmark.strategy import Decision, Outputs
from benchmark.strategy.expectations import DecisionMeasurement
from benchmark.strategy.fingerprint import fingerprint, package_hash
from benchmark.strategy.registry import StrategySpec

CODE = ("evaluation", "strategy", "plan", "run")  # packages whose change may change a record


@dataclasses.dataclass(frozen=True)
class SeedContext:
    """What all strategies of one seed have in common, as far as a record needs it."""

    recipe: Recipe
    trainable: tuple[str, ...]  # blocks from the first that the recipe may train on, and the head
    budget: Budget
    train_counts: np.ndarray  # (C,) before any resampling
    free: dict[str, Decision]  # that every network is shown with, see `posthoc_decisions`


def write_record(
    folder: RunFolder, asked: StrategySpec, seed: int, key: str, setting: SeedContext
) -> None:
    """Fit the strategy's decision on the validation outputs, apply it to both parts, write it down.

    A decision that fails is recorded as the failure of its strategy. A record that is up to date
    is left as it is.
    """
    strategy, free = asked.strategy, setting.free
    expectations = [strategy.expectations, *(stage.expectations for stage in strategy.stages)]
    current = digest(
        [key, fingerprint([strategy.decision, expectations, free]), *map(package_hash, CODE)]
    )
    path = folder.record_file(asked.name, seed)
    if path.exists() and read_json(path).get("identity") == current:
        return
    try:
        record = _record(folder, asked, seed, key, setting)
        write_json(path, {**record, "identity": current})
    except Exception as error:
        write_failure(folder, asked.name, seed, key, error_text(error))


def _record(
    folder: RunFolder, asked: StrategySpec, seed: int, key: str, setting: SeedContext
) -> dict[str, Any]:
    outputs, about = folder.load_outputs(key)
    budget, counts = setting.budget, setting.train_counts
    rule = asked.strategy.decision.fit(outputs["val"], counts)
    predicted = {part: np.asarray(rule(outputs[part].unlabelled())) for part in PARTS}
    numbers, confidence = {}, {}
    for part, labels in predicted.items():
        truth, log_p = outputs[part].labels, outputs[part].log_probabilities
        _check(labels, len(truth), len(counts))
        numbers[part] = scores(truth, labels, log_p, counts)
        confidence[part] = np.exp(log_p)[np.arange(len(labels)), labels].round(5)
    fields = dataclasses.asdict(rule) if dataclasses.is_dataclass(rule) else repr(rule)
    test = outputs["test"]
    return _plain(
        {
            "strategy": asked.name,
            "seed": seed,
            "status": "ok",
            "network": key,
            "parameters": asked.parameters,
            "decision": fields,
            "numbers": numbers,
            "budget": {
                "steps": budget.steps,
                "batch_size": budget.batch_size,
                "micro_batch": about["micro_batch"],
                "images_seen": sum(about["drawn"]),
                "distinct_images": about["distinct"],
                "altered_views": about["views"],
                "seconds": about["seconds"],
            },
            "audit": _audit(asked, outputs, predicted["val"], about, setting),
            "corrected": posthoc_scores(setting.free, outputs["val"], test, counts),
            "reliability": reliability(test.labels, test.log_probabilities, counts),
            "diagnoses": _diagnoses(outputs, predicted["test"], folder, key, about, counts),
            "curve": about["curve"],
            "predicted": predicted,
            "confidence": confidence,
        }
    )


def _audit(
    asked: StrategySpec,
    outputs: dict[str, Outputs],
    decided: np.ndarray,
    about: dict[str, Any],
    setting: SeedContext,
) -> dict[str, Any]:
    """Return the checks, and by class what the training showed and where its logits are."""
    stages_measured = about["stages_measured"]
    seen = DecisionMeasurement(setting.train_counts, outputs["val"], decided)
    checks = audit(
        asked.strategy, setting.recipe, setting.trainable, setting.budget, stages_measured, seen
    )
    gradient_norm = np.sum([one["gradient_norm"] for one in stages_measured], axis=0).sum(
        1
    )  # (C, bins, 2) -> (C, 2)
    logits = outputs["test"].logits.astype(np.float64)
    return {
        "checks": [dataclasses.asdict(check) for check in checks],
        "drawn": about["drawn"],
        "gradient": gradient_norm[:, 0],
        "plain_gradient": gradient_norm[:, 1],
        # a constant added to all logits of an image changes nothing, so it is taken out
        "mean_logit": (logits - logits.mean(1, keepdims=True)).mean(0),
    }


def _diagnoses(
    outputs: dict[str, Outputs],
    predicted: np.ndarray,
    folder: RunFolder,
    key: str,
    about: dict[str, Any],
    counts: np.ndarray,
) -> list[dict[str, Any]]:
    losses = [point["val_loss_by_class"] for point in about["curve"]]
    seen = DiagnosisInput(
        outputs["val"],
        outputs["test"],
        predicted,
        counts,
        folder.load_head_weight(key),
        np.array(losses, float) if losses else None,  # (T, C), None becomes NaN
    )
    return [dataclasses.asdict(one) | {"cause": one.cause} for one in diagnose(seen)]


def write_failure(
    folder: RunFolder, strategy: str, seed: int, key: str, error: dict[str, str]
) -> None:
    """Write down that a strategy failed, and why."""
    write_json(
        folder.record_file(strategy, seed),
        {"strategy": strategy, "seed": seed, "status": "failed", "network": key, **error},
    )


def _check(predicted: np.ndarray, images: int, classes: int) -> None:
    allowed = f"a decision must return one label from 0 to {classes - 1} for each image"
    if predicted.shape != (images,) or not np.issubdtype(predicted.dtype, np.integer):
        raise ValueError(
            f"{allowed}; for {images} images it gave shape {predicted.shape} of {predicted.dtype}"
        )
    if images and not 0 <= predicted.min() <= predicted.max() < classes:
        raise ValueError(f"{allowed}; it gave {predicted.min()} to {predicted.max()}")


def _plain(value: Any) -> Any:
    """Return what JSON can hold: arrays as lists, numbers that are not finite as null."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, int | float | str | None) else repr(value)

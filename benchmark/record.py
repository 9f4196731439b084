"""One JSON file for each strategy and seed: predictions, numbers, cost, or what went wrong."""

from __future__ import annotations

import dataclasses
import math
import traceback
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.folder import PARTS, RunFolder
from benchmark.metrics import scores
from benchmark.plan import Budget
from benchmark.store import digest, read_json, write_json
from benchmark.strategy.identity import file_hash, identity
from benchmark.strategy.registry import Asked

PACKAGE = Path(__file__).parent
CODE = [PACKAGE / name for name in ("record.py", "metrics.py", "statistics/proportion.py")]


def write_record(
    folder: RunFolder, asked: Asked, seed: int, key: str, budget: Budget, train_counts: np.ndarray
) -> None:
    """Fit the strategy's decision on the validation outputs, apply it to both parts, write it down.

    A decision that fails is recorded as the failure of its strategy. A record that is up to date
    is left as it is.
    """
    current = digest([key, identity(asked.strategy.decide), *map(file_hash, CODE)])
    path = folder.record_file(asked.name, seed)
    if path.exists() and read_json(path).get("identity") == current:
        return
    try:
        record = _record(folder, asked, seed, key, budget, train_counts)
        write_json(path, {**record, "identity": current})
    except Exception as error:
        write_failure(folder, asked.name, seed, key, error_of(error))


def _record(
    folder: RunFolder, asked: Asked, seed: int, key: str, budget: Budget, train_counts: np.ndarray
) -> dict[str, Any]:
    outputs, about = folder.load_outputs(key)
    rule = asked.strategy.decide.fit(outputs["val"], train_counts)
    predicted = {part: np.asarray(rule(outputs[part].unlabelled())) for part in PARTS}
    numbers, confidence = {}, {}
    for part, labels in predicted.items():
        truth, log_p = outputs[part].labels, outputs[part].log_probabilities
        _check(labels, len(truth), len(train_counts))
        numbers[part] = scores(truth, labels, log_p, train_counts)
        confidence[part] = np.exp(log_p)[np.arange(len(labels)), labels].round(5)
    fields = dataclasses.asdict(rule) if dataclasses.is_dataclass(rule) else repr(rule)
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
                "drawn": about["drawn"],
            },
            "curve": about["curve"],
            "predicted": predicted,
            "confidence": confidence,
        }
    )


def write_failure(
    folder: RunFolder, strategy: str, seed: int, key: str, error: dict[str, str]
) -> None:
    """Write down that a strategy failed, and why."""
    write_json(
        folder.record_file(strategy, seed),
        {"strategy": strategy, "seed": seed, "status": "failed", "network": key, **error},
    )


def error_of(error: BaseException) -> dict[str, str]:
    """Return an exception as text."""
    return {
        "error": f"{type(error).__name__}: {error}",
        "traceback": "".join(traceback.format_exception(error)),
    }


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

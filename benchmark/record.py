"""One JSON file for each strategy and seed: predictions, numbers, cost, or what went wrong."""

from __future__ import annotations

import dataclasses
import math
import traceback

import numpy as np

from benchmark.folder import PARTS, RunFolder
from benchmark.metrics import scores
from benchmark.plan import Budget
from benchmark.store import digest, read_json, write_json
from benchmark.strategy.identity import identity
from benchmark.strategy.registry import Asked


def write_record(
    folder: RunFolder, asked: Asked, seed: int, key: str, budget: Budget, train_counts: np.ndarray
) -> None:
    """Fit the strategy's decision on the validation outputs, apply it to both parts, write it down.

    A decision that fails is recorded as the failure of its strategy. A record that is up to date
    is left as it is.
    """
    current = digest([key, identity(asked.strategy.decide)])
    path = folder.record_file(asked.name, seed)
    if path.exists() and read_json(path).get("identity") == current:
        return
    try:
        outputs, about = folder.load_outputs(key)
        rule = asked.strategy.decide.fit(outputs["val"], train_counts)
        predicted = {part: np.asarray(rule(outputs[part])) for part in PARTS}
        for part, labels in predicted.items():
            _check(labels, len(outputs[part].labels), len(train_counts))
        numbers = {
            part: scores(
                outputs[part].labels, predicted[part], outputs[part].log_probabilities, train_counts
            )
            for part in PARTS
        }
    except Exception as error:
        write_failure(folder, asked.name, seed, key, error_of(error))
        return
    confidence = {
        part: np.exp(outputs[part].log_probabilities)[np.arange(len(labels)), labels]
        for part, labels in predicted.items()
    }
    write_json(
        path,
        {
            "strategy": asked.name,
            "seed": seed,
            "status": "ok",
            "network": key,
            "identity": current,
            "parameters": asked.parameters,
            "decision": dataclasses.asdict(rule) if dataclasses.is_dataclass(rule) else repr(rule),
            "numbers": {
                part: {name: _number(value) for name, value in values.items()}
                for part, values in numbers.items()
            },
            "budget": {
                "steps": budget.steps,
                "batch_size": budget.batch_size,
                "images_seen": int(sum(about["drawn"])),
                "distinct_images": about["distinct"],
                "altered_views": about["views"],
                "seconds": about["seconds"],
                "drawn": about["drawn"],
            },
            "curve": about["curve"],
            "predicted": {part: labels.tolist() for part, labels in predicted.items()},
            "confidence": {
                part: np.round(values, 5).tolist() for part, values in confidence.items()
            },
        },
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


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None

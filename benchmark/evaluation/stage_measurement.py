"""From the measurements of step ranges to those of a stage."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.evaluation.metrics.class_counts import Floats, Labels
from benchmark.model.backbone import HEAD
from benchmark.plan.schedule import Budget, StepRange
from benchmark.storage.packed import unpack_array
from benchmark.strategy import Augmentation, FeatureSynthesizer, Sampler, Stage
from benchmark.strategy.measurements import (
    EpochsDrawn,
    PatternsAugmented,
    SampledImages,
    StageMeasurement,
    StageSchedule,
    SyntheticRow,
)
from benchmark.strategy.synthetic_epochs import draw_epochs
from benchmark.strategy.synthetic_features import interpolate_overlapping
from benchmark.strategy.synthetic_images import augment_patterns


def measure_stage(
    stage: Stage,
    step_ranges: Sequence[StepRange],
    budget: Budget,
    measured: Mapping[int, dict[str, Any]],
    counts: Labels,
    trains_more: bool,
    first: Stage,
) -> StageMeasurement:
    """Sum the measurements of a stage's step ranges.

    `measured` maps the first step of a range to `StepRangeMonitor.to_json`, `counts` (C,) are the
    training images by class, before the stage's selection. `trains_more` says whether the recipe
    may train more than the head. Learning rates are relative to those of the strategy's `first`
    stage.
    """
    ranges = [(steps, measured[steps.start]) for steps in step_ranges if steps.start in measured]
    values = [of_range for _, of_range in ranges]

    def total(name: str) -> NDArray[Any]:
        return np.sum([of_range[name] for of_range in values], axis=0)

    images, repeats = total("images_shown").tolist()
    augmented, augmented_repeats = total("augmented").tolist()
    added = next((v["added_features"] for v in values if v["added_features"]), None)
    # step ranges of one sampler draw from the same rows
    rows = {steps.sampler_start: v["synthetic_rows"] for steps, v in ranges}
    image_draws = np.sum([unpack_array(v["image_draws"]) for v in values], axis=0)  # (N,)
    is_left_out = left_out_images(values, len(image_draws))
    of_class = np.repeat(np.arange(len(counts)), counts)  # (N,)
    left_out = np.bincount(of_class[is_left_out], minlength=len(counts))
    counts = counts - left_out
    return StageMeasurement(
        counts,
        total("drawn"),
        total("synthetic"),
        (images, repeats),
        (augmented, augmented_repeats),
        int(total("mixed")),
        total_gradient_norm(values),
        drawn_before=(step_ranges[0].start - step_ranges[0].sampler_start) * budget.batch_size,
        image_draws=image_draws[~is_left_out],
        batches=(int(total("steps")), budget.batch_size),
        same_class_pairs=int(total("same_class_pairs")),
        sample=_sample([v["sample"]["rows"] for v in values], len(counts)),
        added_features=None if added is None else np.array(added),
        synthetic_rows=tuple(SyntheticRow(*row) for each in rows.values() for row in each),
        detours=None if stage.is_neutral("synthesizer") else _detours(stage.synthesizer),
        epochs_drawn=None if stage.is_neutral("sampler") else _epochs(stage.sampler, counts),
        patterns=None if stage.is_neutral("augmentation") else _patterns(stage.augmentation),
        schedule=_schedule(ranges, budget, trains_more, stage.lr_factor / first.lr_factor),
        left_out=left_out,
        left_out_draws=int(image_draws[is_left_out].sum()),
    )


def left_out_images(measured: Sequence[dict[str, Any]], images: int) -> NDArray[np.bool_]:
    """Return which of N images some step range leaves out, (N,) in the order of their classes."""
    left_out = np.zeros(images, bool)
    for values in measured:
        if packed := values.get("left_out"):
            left_out |= unpack_array(packed)
    return left_out


def total_gradient_norm(measured: Sequence[dict[str, Any]]) -> Floats:
    """Return the sum over step ranges, see `train.telemetry.gradient_norm`; NaN if one overflowed.

    That is stored as None, since JSON has no infinity.
    """
    return np.sum([np.array(of_range["gradient_norm"], float) for of_range in measured], axis=0)


def _sample(packed: Sequence[dict[str, Any]], classes: int) -> SampledImages | None:
    rows = np.concatenate([unpack_array(rows) for rows in packed]).astype(float)
    rows = rows[np.isfinite(rows[:, : 3 * classes]).all(1)]
    if not len(rows):
        return None
    logits, gradient, target = np.split(rows[:, : 3 * classes], 3, axis=1)
    if rows.shape[1] == 3 * classes:
        return SampledImages(logits, gradient, target)
    return SampledImages(logits, gradient, target, rows[:, 3 * classes : -1], rows[:, -1])


def _schedule(
    ranges: Sequence[tuple[StepRange, dict[str, Any]]],
    budget: Budget,
    trains_more: bool,
    lr_factor: float,
) -> StageSchedule:
    counted = budget.counted_phases
    beyond_head = [i for i in counted if i not in budget.head_phases]
    steps = max(1, sum(budget.phase_steps[i] for i in counted))
    within = [(r, v) for r, v in ranges if r.start < budget.steps]
    phases_that_tell = beyond_head if trains_more else []
    changed = [v["changed_parameters"] for r, v in ranges if r.phase in phases_that_tell]
    return StageSchedule(
        sum(v["steps"] for r, v in within if r.phase in counted) / steps,
        1.5 / steps,
        sum(v["steps"] for r, v in ranges if r.start >= budget.steps),
        any(set(blocks) - {HEAD} for blocks in changed) if changed else None,
        any(v["resets_head"] for _, v in ranges),
        lr_factor,
    )


def _epochs(sampler: Sampler, counts: Labels) -> EpochsDrawn | None:
    """Return None where a plug-in's sampler needs more than synthetic labels."""
    try:
        return _draw_once(sampler, tuple(counts.tolist()))  # type: ignore[arg-type]  # as below
    except Exception:
        return None


@lru_cache(maxsize=32)
def _draw_once(sampler: Sampler, counts: tuple[int, ...]) -> EpochsDrawn:
    return draw_epochs(sampler, np.array(counts))


def _patterns(augmentation: Augmentation) -> PatternsAugmented | None:
    """Return None where a plug-in's augmentation needs more than the synthetic images have."""
    try:
        return _augment_once(augmentation)  # type: ignore[arg-type]  # components are frozen
    except Exception:
        return None


@lru_cache(maxsize=32)
def _augment_once(augmentation: Augmentation) -> PatternsAugmented:
    return augment_patterns(augmentation)


def _detours(synthesizer: FeatureSynthesizer) -> NDArray[np.float64] | None:
    """Return None where a plug-in's synthesizer needs more than the synthetic features have."""
    try:
        return _interpolate_once(synthesizer)  # type: ignore[arg-type]  # components are frozen
    except Exception:
        return None


@lru_cache(maxsize=32)
def _interpolate_once(synthesizer: FeatureSynthesizer) -> NDArray[np.float64]:
    return interpolate_overlapping(synthesizer)

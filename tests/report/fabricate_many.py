"""A run of many classes that never happened: long-tailed counts, ignored classes, confusions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from benchmark.evaluation.diagnosis.signals import SIGNALS
from benchmark.evaluation.learning_curve.class_curve import ClassCurve, ImagesNeeded
from benchmark.evaluation.metrics.class_counts import ClassCounts, count_classes
from benchmark.evaluation.metrics.classification import CLASSIFICATION
from benchmark.evaluation.metrics.metric import SplitPredictions
from benchmark.evaluation.metrics.one_against_rest import one_against_rest
from benchmark.evaluation.metrics.registry import evaluate
from benchmark.evaluation.training_fit import TrainingFit
from benchmark.execution.class_curves import ClassCurves, SeedCurves
from benchmark.execution.manifest_schema import SplitManifest, SplitPart, StrategyInfo
from benchmark.execution.record_schema import (
    BudgetUsed,
    CrossFitted,
    CurvePoint,
    DiagnosisRecord,
    LossPoint,
    Record,
)
from tests.report.fabricate import (
    _CONFUSABLE,
    _FEW,
    FabricatedRun,
    _audit,
    _manifest,
    _reliability,
    fabricated_curve,
)

STRATEGIES = (
    *("no_change", "class_weights", "focal_loss:gamma=2.0", "random_oversampling"),
    *("augmentation_oversampling", "threshold_moving:base=focal_loss,prior_weight=10.0"),
    *("balanced_softmax", "effective_number", "class_balanced_focal", "crt", "mixup", "remix"),
    *("deferred_resampling", "deferred_reweighting", "label_smoothing", "ldam_drw"),
    *("logit_adjusted_loss", "prior_correction", "progressive_sampling", "square_root_sampling"),
)
NULL = "no_change again"
SCORED = 2_000  # images with log-probabilities: of all they would fill the memory
_KINDS = ("warbler", "hunting dog", "oak", "tractor", "bridge", "mushroom", "moth", "kettle")
_LOOKS = ("common", "grey-headed", "Alpine", "two-wheeled", "eastern long-tailed", "small")
_LONG = "wirehaired pointing griffon, Korthals griffon, or a bird dog of that kind"


def class_names(number: int) -> list[str]:
    """Return names like those of a large data set: some long, with commas, all different."""
    names = []
    for c in range(number):
        name = f"{_LOOKS[c % 6]} {_KINDS[c // 6 % 8]} {c:03d}"
        names.append(f"{name}, {_LONG}" if c % 23 == 7 else name)
    return names


class Sizes(NamedTuple):
    """Images of each class, (C,)."""

    train: np.ndarray
    val: np.ndarray
    test: np.ndarray


def sizes(classes: int, test_images: int = 50, largest: int = 1280, smallest: int = 5) -> Sizes:
    """Return a long tail of training images; as many test images of each class."""
    train = np.geomspace(largest, smallest, classes).round().astype(int)
    val, test = np.full(classes, max(test_images * 2 // 5, 1)), np.full(classes, test_images)
    return Sizes(train, val, test)


def fabricate_many(
    classes: int = 1000,
    strategies: Sequence[str] = STRATEGIES,
    seeds: Sequence[int] = (0, 1, 2),
    size: Sizes | None = None,
    null: bool = True,
    name: str = "many",
) -> FabricatedRun:
    """Return a run in which rare classes are ignored, less so the later the strategy."""
    size = size or sizes(classes)
    names = class_names(classes)
    manifest = replace(
        _manifest(name, names, *size[::2], strategies, seeds, {}),  # type: ignore[misc]
        baseline=strategies[0],
    )
    counts = {part: tuple(own.tolist()) for part, own in size._asdict().items()}
    manifest = replace(manifest, data=replace(manifest.data, counts=counts))
    if null:
        first = manifest.strategies[0]
        networks = {seed: f"{NULL}.{seed}" for seed in seeds}
        own = replace(first, name=NULL, networks=networks, replicate_of=first.name)
        manifest = replace(manifest, strategies=(first, own, *manifest.strategies[1:]))
    split = _split(names, size)
    records = list(_records(manifest.strategies, seeds, size, split))
    return FabricatedRun(manifest, dict.fromkeys(seeds, split), list(records))


def fabricate_curves(run: FabricatedRun) -> ClassCurves:
    """Return learning curves of all classes: some need more images, some no number would do."""
    split = run.splits[run.manifest.seeds[0]]
    return ClassCurves(
        seeds=tuple(SeedCurves(seed, "", tuple(_curves(split))) for seed in run.manifest.seeds)
    )


def _curves(split: SplitManifest) -> Iterator[ClassCurve]:
    for c, (images, tested) in enumerate(zip(split.train.counts, split.test.counts, strict=True)):
        most = images * (2.5 if c % 3 else 0.5)
        curve = replace(fabricated_curve(c, images, most), test_images=tested)
        if c % 5 == 0:
            never = ImagesNeeded(None, 9.0 * images, None)
            curve = replace(curve, half=never, confuser=c // 2)
        yield curve


def _split(names: Sequence[str], size: Sizes) -> SplitManifest:
    def part(split: str, counts: np.ndarray) -> SplitPart:
        files = tuple(
            f"{split}/{names[c]}/{k:05d}.jpg" for c, n in enumerate(counts) for k in range(n)
        )
        labels = np.repeat(np.arange(len(counts)), counts)
        return SplitPart(tuple(counts.tolist()), tuple(labels.tolist()), files)

    return SplitManifest(*(part(split, own) for split, own in size._asdict().items()))


def _records(
    infos: Sequence[StrategyInfo], seeds: Sequence[int], size: Sizes, split: SplitManifest
) -> Iterator[Record]:
    shapes = np.random.default_rng(3)
    hard = shapes.uniform(0.35, 0.95, len(size.train))  # recall with many images
    confusers = shapes.integers(0, len(size.train), (len(size.train), 3))  # (C, 3)
    for index, info in enumerate(infos):
        strength = 0.0 if index < 2 else (1 + index % 5) / 5 * 0.8
        for seed in seeds:
            rng = np.random.default_rng([index, seed])
            yield _record(info, seed, size, split, strength, hard, confusers, rng)


def _predict(
    labels: np.ndarray,
    train: np.ndarray,
    strength: float,
    hard: np.ndarray,
    confusers: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return predictions (N,): the rarer a class, the more its images go elsewhere."""
    recall = hard * (train / train.max()) ** (0.5 * (1 - strength))
    recall[recall < 0.08 * (1 - strength)] = 0.0
    prior = train ** (1.0 - strength) * (recall > 0)
    drawn = np.searchsorted(np.cumsum(prior) / prior.sum(), rng.random(len(labels)))
    usual = confusers[labels, rng.integers(0, 3, len(labels))]
    wrong = np.where((recall[usual] > 0) & (rng.random(len(labels)) < 0.6), usual, drawn)
    wrong = np.minimum(wrong, len(train) - 1)
    return np.where(rng.random(len(labels)) < recall[labels], labels, wrong)


def _record(
    info: StrategyInfo,
    seed: int,
    size: Sizes,
    split: SplitManifest,
    strength: float,
    hard: np.ndarray,
    confusers: np.ndarray,
    rng: np.random.Generator,
) -> Record:
    train, classes = size.train, len(size.train)
    labels = {part: np.array(getattr(split, part).labels) for part in ("val", "test")}
    predicted = {
        part: _predict(own, train, strength, hard, confusers, rng) for part, own in labels.items()
    }
    scores, ranking = _scores(labels["test"], predicted["test"], train, rng)
    sure = {part: rng.random(len(own)).round(5).tolist() for part, own in labels.items()}
    counts = count_classes(labels["test"], predicted["test"], classes)
    unseen = tuple(predicted["val"].tolist())
    return Record(
        strategy=info.name,
        seed=seed,
        network=info.networks[seed],
        parameters={},
        decision=None,
        metrics={"val": {"macro_f1": scores["macro_f1"] + 0.01}, "test": scores},
        training_fit=TrainingFit(classes * 5, 0.9, 0.8, 0.3),
        curve=tuple(_curve(classes, strength, rng)),
        losses=tuple(LossPoint(8 * k, 0, 0, 5.0 / (k + 1), 8.0) for k in range(1, 33)),
        budget=BudgetUsed(256, 64, 64, 16384, 4076, 0, round(float(rng.uniform(30, 60)), 3)),
        audit=_audit(train, strength, passed=True),
        one_against_rest={name: tuple(values.tolist()) for name, values in ranking.items()},
        posthoc={
            decision: {"macro_f1": scores["macro_f1"] + 0.02, "accuracy": 0.4}
            | {"never_predicted": 1.0, "balanced_accuracy": 0.5}
            for decision in ("prior_correction", "threshold_moving", "tau_norm")
        },
        reliability=_reliability(strength),
        diagnoses=tuple(_diagnoses(train, counts, rng)),
        predicted={part: tuple(own.tolist()) for part, own in predicted.items()},
        confidence={part: tuple(own) for part, own in sure.items()},
        cross_fitted=CrossFitted(unseen, tuple(sure["val"])),
        fingerprint="",
    )


def _scores(
    labels: np.ndarray, predicted: np.ndarray, train: np.ndarray, rng: np.random.Generator
) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """Return metrics, those of labels over all images, and AUROC and average precision (C,)."""
    some = rng.permutation(len(labels))[:SCORED]
    log_p = rng.normal(-7, 1, (len(some), len(train)))
    log_p[np.arange(len(some)), predicted[some]] = -0.5
    scores = evaluate(labels[some], predicted[some], log_p, train)
    whole = SplitPredictions(labels, predicted, np.empty((0, 0)), train)
    scores |= {metric.name: metric.compute(whole) for metric in CLASSIFICATION}
    return scores, vars(one_against_rest(labels[some], log_p))


def _curve(classes: int, strength: float, rng: np.random.Generator) -> Iterator[CurvePoint]:
    for k in range(1, 9):
        progress = 1 - float(np.exp(-k / 3))
        losses = (np.log(classes) * (1 - 0.6 * progress) + rng.random(classes)).round(5)
        loss, score = float(losses.mean()), (0.2 + 0.2 * strength) * progress
        ignored = round(classes * (1 - progress) / 2)
        numbers = (loss, tuple(losses.tolist()), loss + 0.1, score + 0.1, score, ignored)
        yield CurvePoint(32 * k, int(k > 4), "head", *numbers)


def _diagnoses(
    train: np.ndarray, counts: ClassCounts, rng: np.random.Generator
) -> Iterator[DiagnosisRecord]:
    """Say of each ignored class that it is small, confused or, of some, nothing certain."""
    for c in np.flatnonzero((counts.recall <= 0.1) & (counts.support > 0)).tolist():
        recall = float(counts.recall[c])
        cause = (_FEW, _CONFUSABLE, {})[0 if train[c] < 12 else rng.integers(3)]
        signals = dict.fromkeys(SIGNALS, round(rng.random(), 5)) | {"recall": recall}
        signals |= dict.fromkeys(SIGNALS[1:]) | cause if cause else {}
        never = bool(counts.predicted[c] == 0)
        yield DiagnosisRecord(c, recall, never, c // 2, signals, cause="")

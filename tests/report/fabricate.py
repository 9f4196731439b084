"""A run that never happened: consistent records for the tests of the report, in a second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmark.analysis.comparison import Comparison, compare_records
from benchmark.evaluation.audit import AuditCheck
from benchmark.evaluation.diagnosis.signals import SIGNALS
from benchmark.evaluation.learning_curve.class_curve import (
    FACTORS,
    ClassCurve,
    ExpectedPoint,
    ImagesNeeded,
    MeasuredPoint,
)
from benchmark.evaluation.metrics.one_against_rest import one_against_rest
from benchmark.evaluation.metrics.registry import evaluate
from benchmark.evaluation.training_fit import TrainingFit
from benchmark.execution.manifest_schema import (
    AvailableStrategy,
    DataInfo,
    ExperimentInfo,
    RecipeInfo,
    RunManifest,
    SplitManifest,
    SplitPart,
    StrategyInfo,
    WeightsInfo,
)
from benchmark.execution.record_schema import (
    AuditRecord,
    BudgetUsed,
    CrossFitted,
    CurvePoint,
    DiagnosisRecord,
    FailedRecord,
    Record,
)
from benchmark.execution.run_folder import RunFolder

STRATEGIES = (
    "no_change",
    "class_weights",
    "focal_loss",
    "random_oversampling",
    "augmentation_oversampling",
    "threshold_moving",
)
CLASSES = (
    "T-shirt",
    "Longsleeve",
    "Pants",
    "Shoes",
    "Shirt",
    "Dress",
    "Outwear",
    "Shorts",
    "Not sure",
    "Hat",
    "Skirt",
    "Polo",
    "Undershirt",
    "Blazer",
    "Hoodie",
    "Body",
    "Blouse",
)


class FabricatedRun(NamedTuple):
    """What the files of a run hold."""

    manifest: RunManifest
    splits: dict[int, SplitManifest]
    records: list[Record | FailedRecord]

    def write(self, folder: Path) -> None:
        """Write the files, as `benchmark.load` reads them."""
        files = RunFolder(folder)
        hashes = {seed: files.write_split(seed, split) for seed, split in self.splits.items()}
        files.write_manifest(replace(self.manifest, splits=hashes))
        for record in self.records:
            files.write_record(record)


def fabricate(folder: Path = Path("clothes"), *what: Any, **how: Any) -> Comparison:
    """Return the comparison of `fabricate_run`, which takes the other arguments."""
    run = fabricate_run(folder.name, *what, **how)
    return compare_records(folder, run.manifest, run.splits, run.records, run.manifest.baseline)


def fabricate_run(
    name: str = "clothes",
    classes: Sequence[str] = CLASSES,
    strategies: Sequence[str] = STRATEGIES,
    seeds: Sequence[int] = (0,),
    failed: Sequence[tuple[str, int]] = (),
    baseline: str | None = "no_change",
    quick: bool = False,
    messages: tuple[str, ...] = (),
    images: int = 5096,
    failed_audit: Sequence[str] = (),
    shared: Mapping[str, str] | None = None,
    groups: int | None = None,
    test_images: Mapping[str, int] | None = None,
    null: bool = False,
) -> FabricatedRun:
    """Return a run in which the baseline ignores the rare half and the others do less so.

    Parameters
    ----------
    failed
        The (strategy, seed) pairs that ended in an error.
    failed_audit
        The strategies that fail a check.
    shared
        Strategy -> the one whose network it uses.
    groups
        The number of groups of test images in each class; None: images are independent.
    test_images
        Class -> its test images, for some classes; 0: the class is absent from the test split.
    null
        Whether a null row repeats the baseline. The other rows are the same with and without it.
    """
    shares = np.geomspace(44, 1, len(classes))
    train = np.maximum((shares / shares.sum() * images * 0.8).round().astype(int), 2)
    test = np.maximum(train // 8, 2)
    for class_name, number in (test_images or {}).items():
        test[list(classes).index(class_name)] = number
    split = _split(classes, train, test, groups)
    rng, records = np.random.default_rng(7), list[Record | FailedRecord]()
    manifest = _manifest(name, classes, train, test, strategies, seeds, shared or {})
    baseline = baseline if baseline in strategies else None
    manifest = replace(manifest, baseline=baseline, quick=quick, messages=messages)
    for index, info in enumerate(manifest.strategies):
        strength = 0.0 if info.name == baseline else (1 + index % 5) / 5
        for seed in seeds:
            if (info.name, seed) in failed:
                records.append(_failed(info, seed))
                continue
            passed = info.name not in failed_audit
            records.append(_record(info, seed, train, test, strength, passed, rng))
    run = FabricatedRun(manifest, dict.fromkeys(seeds, split), records)
    return _with_null_row(run, failed, train, test) if null else run


def _with_null_row(
    run: FabricatedRun, failed: Sequence[tuple[str, int]], train: np.ndarray, test: np.ndarray
) -> FabricatedRun:
    """Add a row that repeats the baseline, below it."""
    infos, rng = list(run.manifest.strategies), np.random.default_rng(8)
    k = next(k for k, info in enumerate(infos) if info.name == run.manifest.baseline)
    name = f"{infos[k].name} again"
    networks = {seed: f"{name}.{seed}" for seed in infos[k].networks}
    infos.insert(k + 1, replace(infos[k], name=name, networks=networks, replicate_of=infos[k].name))
    null_records = [
        _failed(infos[k + 1], seed)
        if (name, seed) in failed
        else _record(infos[k + 1], seed, train, test, 0.0, True, rng)
        for seed in networks
    ]
    end = (k + 1) * len(networks)
    records = [*run.records[:end], *null_records, *run.records[end:]]
    return run._replace(manifest=replace(run.manifest, strategies=tuple(infos)), records=records)


def with_confidence(
    folder: Path = Path("clothes"),
    *,
    confidence: tuple[float, float] | None = (8, 2),
    is_cross_fitted: bool = True,
    **how: Any,
) -> Comparison:
    """Return the comparison of `fabricate_run` with a confidence that knows of errors, and of size.

    Validation images are as many as test images and get the same labels, and of a rule that was
    fitted to others every third is wrong. `confidence` holds parameters of a beta distribution, of
    images that are right; None: networks without a finite number.
    """
    run, rng = fabricate_run(folder.name, **how), np.random.default_rng(0)
    splits = {seed: replace(split, val=split.test) for seed, split in run.splits.items()}
    records = list[Record | FailedRecord]()
    for record in run.records:
        if isinstance(record, FailedRecord):
            records.append(record)
            continue
        labels = np.array(splits[record.seed].test.labels)
        predicted = np.array(record.predicted["test"])
        right = labels == predicted
        sure, unsure = confidence or (1, 1)
        values = rng.beta(1 + sure * right / (1 + labels), unsure, len(labels)).round(5).tolist()
        numbers: tuple[float | None, ...] = tuple(values if confidence else [None] * len(labels))
        others = np.where(np.arange(len(labels)) % 3, predicted, (labels + 1) % (labels.max() + 1))
        fitted = CrossFitted(tuple(others.tolist()), numbers) if is_cross_fitted else None
        both = dict.fromkeys(("val", "test"), tuple(predicted.tolist()))
        confidences = dict.fromkeys(both, numbers)
        records.append(replace(record, predicted=both, confidence=confidences, cross_fitted=fitted))
    return compare_records(folder, run.manifest, splits, records, run.manifest.baseline)


def fabricated_curve(label: int, images: int, half: float | None = 100.0) -> ClassCurve:
    """Return a learning curve of a class with so many training images, and 30 test images."""
    measured = (MeasuredPoint(images // 4, 0.1, 0.1), MeasuredPoint(images // 2, 0.2, 0.2))
    bounds = None if half is None else half / 2, None if half is None else half * 2
    expected = zip(FACTORS, (0.3, 0.5, 0.7, 0.8), strict=True)
    return ClassCurve(
        label=label,
        train_images=images,
        test_images=30,
        measured=(*measured, MeasuredPoint(images, 0.3, 0.3)),
        expected=tuple(
            ExpectedPoint(round(factor * images), recall, recall - 0.2, recall + 0.1, 0.5, 0.4, 0.6)
            for factor, recall in expected
        ),
        half=ImagesNeeded(half, *bounds),
        confuser=None,
    )


def with_manifest(comparison: Comparison, **changes: Any) -> Comparison:
    """Return the comparison with other fields in its manifest."""
    return replace(comparison, manifest=replace(comparison.manifest, **changes))


def with_strategies(comparison: Comparison, **changes: Any) -> Comparison:
    """Return the comparison with other fields of every strategy in its manifest."""
    infos = tuple(replace(info, **changes) for info in comparison.manifest.strategies)
    return with_manifest(comparison, strategies=infos)


def with_predictions(comparison: Comparison, **labels_of: str | None) -> Comparison:
    """Give strategies the predictions of another; None: all right."""
    seeds = [
        replace(
            seed,
            predicted=seed.predicted
            | {
                name: seed.labels if other is None else seed.predicted[other]
                for name, other in labels_of.items()
            },
        )
        for seed in comparison.seed_predictions
    ]
    return replace(comparison, seed_predictions=seeds)


_DESCRIPTION = (
    "Weigh the loss of class c by w_c = N / (C·n_c), so that every class counts the same.\n\n"
    "The weights are normalised to mean 1 over the training images; `power=0.5` gives\n"
    "square-root weights.\n\nKing & Zeng, Logistic regression in rare events data (2001)."
)


def _failed(info: StrategyInfo, seed: int) -> FailedRecord:
    error = "RuntimeError: CUDA out of memory: tried to allocate 2.00 GiB"
    trace = f'Traceback (most recent call last):\n  File "loss.py"\n{error}'
    network = info.networks[seed]
    return FailedRecord(
        strategy=info.name, seed=seed, network=network, error=error, traceback=trace
    )


def _record(
    info: StrategyInfo,
    seed: int,
    train: np.ndarray,
    test: np.ndarray,
    strength: float,
    passed: bool,
    rng: np.random.Generator,
) -> Record:
    counts = _confusion(train, test, strength, rng)
    labels, predicted = (
        np.repeat(i, counts.ravel()) for i in np.indices(counts.shape).reshape(2, -1)
    )
    confidence = rng.random(len(labels))
    log_p = np.full((len(labels), len(train)), np.log(0.4 / max(len(train) - 1, 1)))
    log_p[np.arange(len(labels)), predicted] = np.log(0.6)
    metrics = evaluate(labels, predicted, log_p, train)
    return Record(
        strategy=info.name,
        seed=seed,
        network=info.networks[seed],
        parameters={},
        decision=None,
        metrics={"val": {"macro_f1": metrics["macro_f1"] + 0.01}, "test": metrics},
        training_fit=TrainingFit(len(train) * 50, 0.9, 0.8, 0.3),
        curve=_curve(len(train), strength, rng),
        losses=(),
        budget=BudgetUsed(256, 64, 64, 16384, 4076, 0, round(float(rng.uniform(30, 60)), 3)),
        audit=_audit(train, strength, passed),
        one_against_rest={
            name: tuple(values.tolist())
            for name, values in vars(one_against_rest(labels, log_p)).items()
        },
        posthoc={
            "free": {name: metrics[name] + 0.02 for name in ("macro_f1", "accuracy")}
            | {"never_predicted": 1.0, "balanced_accuracy": 0.5}
        },
        reliability=_reliability(strength),
        diagnoses=_diagnoses(train, counts),
        predicted={"val": tuple(range(len(train))), "test": tuple(predicted.tolist())},
        confidence={"val": (0.5,) * len(train), "test": tuple(confidence.tolist())},
        fingerprint="",
    )


def _split(
    classes: Sequence[str], train: np.ndarray, test: np.ndarray, groups: int | None
) -> SplitManifest:
    def part(counts: np.ndarray, in_groups: bool = False) -> SplitPart:
        labels = np.repeat(np.arange(len(counts)), counts).tolist()
        numbers = [k for count in counts for k in range(count)]
        files = tuple(f"{classes[c]}/{k:05d}.jpg" for c, k in zip(labels, numbers, strict=True))
        numbered = (1000 * c + k % (groups or 1) for c, k in zip(labels, numbers, strict=True))
        group = tuple(numbered) if in_groups and groups else None
        return SplitPart(tuple(counts.tolist()), tuple(labels), files, group)

    return SplitManifest(part(train), part(np.ones_like(test)), part(test, in_groups=True))


def _confusion(
    train: np.ndarray, test: np.ndarray, strength: float, rng: np.random.Generator
) -> np.ndarray:
    # the log prior shifts the logits of a plain classifier; a remedy takes a part of it back
    prior = 1.5 * np.log(train / train.mean()) * (1 - strength)
    table = np.zeros((len(train), len(train)), dtype=int)
    for label, count in enumerate(test):
        logits = rng.gumbel(0, 1.1, (count, len(train))) + prior
        logits[:, label] += 3
        np.add.at(table[label], logits.argmax(1), 1)
    return table


EXPECTATIONS = {
    "sampler": ("classes are drawn as often as they have images", "0.98 to 1.04 times that"),
    "loss": ("the gradient is that of cross-entropy", "from 0.031 to 7.4 times"),
    "trained_blocks": ("the blocks that change are those that are to be trained", "head"),
    "budget": ("256 optimizer steps, 16,384 images", "256 steps, 16,384 images"),
}


def _audit(train: np.ndarray, strength: float, passed: bool) -> AuditRecord:
    checks = tuple(
        AuditCheck(component, expectation, passed or component != "loss", observed)
        for component, (expectation, observed) in EXPECTATIONS.items()
    )
    weights = train ** (1 - strength)
    drawn = weights / weights.sum() * 16384
    return AuditRecord(
        checks,
        drawn=tuple(drawn.round().astype(int).tolist()),
        gradient=tuple((drawn * 0.7).tolist()),
        cross_entropy_gradient=tuple((train * 3.0).tolist()),
        mean_logit=tuple((strength * np.linspace(-1, 1, len(train))).tolist()),
    )


_FEW = {"train_images": 4.0}
_CONFUSABLE = {
    **dict.fromkeys(("confuser_auc", "confuser_separability", "probe_confuser_auc"), 0.55),
    **{"confuser_share": 0.8, "confuser_share_of_others": 0.1, "confuser_images": 12.0},
    **{"train_images": 60.0, "evidence_images": 20.0},
    **{"train_recall": 0.4, "train_recall_of_others": 0.9, "network_recall_of_others": 0.8},
    **{"transfer_auc": 0.8, "train_neighbours": 1.0, "separability_auc": 0.8},
}


def _diagnoses(train: np.ndarray, counts: np.ndarray) -> tuple[DiagnosisRecord, ...]:
    """Blame the ignored classes on their size, or on the largest class."""
    records = []
    for label, count in enumerate(train):
        recall = float(counts[label, label] / max(counts[label].sum(), 1))
        if counts[label].any() and recall <= 0.1:
            cause = _FEW if count < 40 else _CONFUSABLE
            signals = dict.fromkeys(SIGNALS) | {"recall": recall} | cause
            never = bool(counts[:, label].sum() == 0)
            records.append(DiagnosisRecord(label, recall, never, 0, signals, cause=""))
    return tuple(records)


def _reliability(strength: float) -> dict[str, tuple[float | None, ...]]:
    confidence = (np.arange(10) + 0.5) / 10
    accuracy = confidence ** (1.5 + strength)
    images = {"all": 40.0, "rare": 10.0, "other": 30.0}
    return {
        f"{group}_{name}": tuple(values)
        for group, number in images.items()
        for name, values in (
            ("images", [number] * 10),
            ("confidence", confidence.tolist()),
            ("accuracy", accuracy.tolist()),
        )
    }


def _curve(classes: int, strength: float, rng: np.random.Generator) -> tuple[CurvePoint, ...]:
    step = np.arange(1, 9) * 32
    progress = 1 - np.exp(-step / 90)
    score = (0.2 + 0.25 * strength) * progress + rng.normal(0, 0.01, 8)
    never = (classes * (1 - progress * (0.3 + 0.7 * strength))).round()
    loss = np.log(classes) * (1 - 0.6 * progress)
    columns = (step, step // 129, loss, loss + 0.1, score + 0.2, score, never)
    return tuple(
        CurvePoint(n, phase, "head", train_loss, (), val_loss, accuracy, macro_f1, int(ignored))
        for n, phase, train_loss, val_loss, accuracy, macro_f1, ignored in zip(
            *(column.tolist() for column in columns), strict=True
        )
    )


def phase(**fields: Any) -> dict[str, Any]:
    plain = {"head_lr": None, "warmup": 0.0, "cosine": False, "lr_milestones": ()}
    return {"epochs": 2, "train_from": "head", "lr": 1e-4} | plain | fields


RECIPE = RecipeInfo(
    "forum",
    "Two epochs of the head, then two epochs of the second half.",
    (phase(), phase(train_from="rest")),
    batch_size=64,
    weight_decay=0.0,
    momentum=None,
    augmentation="NoAugmentation()",
)


def _manifest(
    name: str,
    classes: Sequence[str],
    train: np.ndarray,
    test: np.ndarray,
    strategies: Sequence[str],
    seeds: Sequence[int],
    shared: Mapping[str, str],
) -> RunManifest:
    settings = {
        **{"data": "clothes", "imbalance": "natural", "image_size": 160, "weights": "auto"},
        **{"fine_tune": "half", "precision": "auto", "device": "auto", "recipe": "forum"},
    }
    counts = {"train": train, "val": np.ones_like(test), "test": test}
    return RunManifest(
        name=name,
        command=f"python -m benchmark run --strategies all --data clothes --out results/{name}",
        quick=False,
        experiment=ExperimentInfo(settings, RECIPE, 64, (128, 128), "Mixed_6c", (), "bf16", "cpu"),
        data=DataInfo(
            "clothes",
            "clothes",
            "Photographs of clothes, taken with phones.",
            int(sum(part.sum() for part in counts.values())),
            312,
            tuple(classes),
            {split: tuple(part.tolist()) for split, part in counts.items()},
            content="5c" * 32,
        ),
        weights=WeightsInfo("bundled", "nsfwjs 4.4.0", "9f" * 32),
        environment={
            **{"python": "3.11.2", "torch": "2.14.1", "benchmark": "0.2.0", "device": "cpu"},
            **{"cpu": "Intel Xeon", "cores": 2, "date": "2026-01-31T12:00:00+00:00"},
        },
        seeds=tuple(seeds),
        splits={},
        strategies=tuple(
            StrategyInfo(
                strategy,
                _DESCRIPTION,
                {},
                {seed: f"{shared.get(strategy, strategy)}.{seed} of {name}" for seed in seeds},
            )
            for strategy in strategies
        ),
        available={
            "more_augmentation": AvailableStrategy("Alters images.", ("augmentation",)),
            "no_change": AvailableStrategy("Nothing.", ()),
        },
        baseline=None,
        tuning=None,
        messages=(),
    )

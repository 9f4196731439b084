"""A finished run that never happened: consistent numbers for the report's tests, in a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmark.analysis.comparison import (
    CURVES,
    EXTRA,
    FAILURES,
    PER_CLASS,
    PREDICTIONS,
    SUMMARY,
    Comparison,
)
from benchmark.analysis.findings import Collector
from strategies import MISSION

STRATEGIES = MISSION
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


def fabricate(
    folder: Path = Path("clothes"),
    classes: tuple[str, ...] = CLASSES,
    strategies: tuple[str, ...] = STRATEGIES,
    seeds: tuple[int, ...] = (0,),
    failed: tuple[tuple[str, int], ...] = (),
    baseline: str | None = "no_change",
    quick: bool = False,
    messages: tuple[str, ...] = (),
    images: int = 5096,
    unseen: tuple[str, ...] = (),
) -> Comparison:
    """Return a comparison in which the baseline ignores the rare half and the others do less so.

    `failed` lists the (strategy, seed) pairs that ended in an error, `unseen` the strategies whose
    effect the audit missed.
    """
    classes = tuple(classes)
    shares = np.geomspace(44, 1, len(classes))
    train = np.maximum((shares / shares.sum() * images * 0.8).round().astype(int), 2)
    test = np.maximum(train // 8, 2)
    rng = np.random.default_rng(7)
    per_class, predictions, curves, seed_rows, failures = [], [], [], [], []
    confusion, collector = {}, Collector(classes)
    for place, strategy in enumerate(strategies):
        help_for_rare = 0.0 if strategy == baseline else (1 + place % 5) / 5
        for seed in seeds:
            if (strategy, seed) in failed:
                error = "CUDA out of memory: tried to allocate 2.00 GiB"
                trace = (
                    f'Traceback (most recent call last):\n  File "loss.py"\nRuntimeError: {error}'
                )
                failures.append((strategy, seed, f"RuntimeError: {error}", trace))
                seed_rows.append({"strategy": strategy, "seed": seed, "status": "failed"})
                continue
            table = _confusion(train, test, help_for_rare, rng)
            confusion[strategy] = confusion.get(strategy, 0) + table
            per_class.append(_per_class(strategy, seed, classes, train, table))
            predictions.append(_predictions(strategy, seed, classes, table, rng))
            curves.append(_curves(strategy, seed, len(classes), help_for_rare, rng))
            seed_rows.append(_seed_row(strategy, seed, per_class[-1], table, rng))
            record = _record(strategy, train, help_for_rare, seed_rows[-1], strategy in unseen)
            record["diagnoses"] = _diagnoses(train, table)
            collector.add({"strategy": strategy, "seed": seed}, record, train, range(len(train)))
    rows = pd.DataFrame(seed_rows, columns=["strategy", "seed", *SUMMARY, *EXTRA])
    return Comparison(
        folder=folder,
        manifest=_run(folder.name, classes, train, test, strategies, seeds, quick),
        classes=list(classes),
        train_counts=train.tolist(),
        test_counts=(test * len(seeds)).tolist(),
        strategies=list(strategies),
        baseline=baseline if baseline in strategies else None,
        descriptions=dict.fromkeys(strategies, _DESCRIPTION),
        seeds=list(seeds),
        summary=_summary(rows, strategies, len(seeds)),
        seed_rows=rows,
        per_class=pd.concat(per_class) if per_class else pd.DataFrame(columns=PER_CLASS),
        predictions=pd.concat(predictions) if predictions else pd.DataFrame(columns=PREDICTIONS),
        curves=pd.concat(curves) if curves else pd.DataFrame(columns=CURVES),
        confusion=confusion,
        failures=pd.DataFrame(failures, columns=FAILURES),
        messages=list(messages),
        findings=collector.findings(),
    )


_DESCRIPTION = (
    "Weigh the loss of class c by w_c = N / (C·n_c), so that every class counts the same.\n\n"
    "The weights are normalised to mean 1 over the training images; `power=0.5` gives\n"
    "square-root weights.\n\nKing & Zeng, Logistic regression in rare events data (2001)."
)


def _confusion(
    train: np.ndarray, test: np.ndarray, help_for_rare: float, rng: np.random.Generator
) -> np.ndarray:
    # Logits of a plain classifier are pulled by the log prior; a remedy takes part of it back.
    gradient_norm = 1.5 * np.log(train / train.mean()) * (1 - help_for_rare)
    table = np.zeros((len(train), len(train)), dtype=int)
    for label, count in enumerate(test):
        logits = rng.gumbel(0, 1.1, (count, len(train))) + gradient_norm
        logits[:, label] += 3
        np.add.at(table[label], logits.argmax(1), 1)
    return table


def _per_class(
    strategy: str, seed: int, classes: tuple[str, ...], train: np.ndarray, table: np.ndarray
) -> pd.DataFrame:
    hits, n, predicted = np.diag(table), table.sum(1), table.sum(0)
    p, z = hits / n, 1.96
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    columns = [strategy, seed, classes, train, n, p, hits / np.maximum(predicted, 1)]
    columns += [2 * hits / (n + predicted), predicted, (middle - half).clip(0), middle + half]
    return pd.DataFrame(dict(zip(PER_CLASS, columns, strict=True)))


def _predictions(
    strategy: str,
    seed: int,
    classes: tuple[str, ...],
    table: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:
    label, predicted = (np.repeat(i, table.ravel()) for i in np.indices(table.shape).reshape(2, -1))
    files = [f"{classes[c]}/{k:05d}.jpg" for k, c in enumerate(label)]
    names = np.array(classes, dtype=object)
    rows = [strategy, seed, "test", files, names[label], names[predicted], rng.random(len(label))]
    return pd.DataFrame(dict(zip(PREDICTIONS, rows, strict=True)))


def _record(
    strategy: str,
    train: np.ndarray,
    help_for_rare: float,
    seed_row: dict[str, Any],
    unseen: bool,
) -> dict[str, Any]:
    """Return what a record holds besides scores and predictions."""
    claims = {
        "draws": ("classes are drawn as often as they have images", "0.98 to 1.04 times that"),
        "loss": ("the gradient is that of cross-entropy", "from 0.031 to 7.4 times"),
        "trained": ("the blocks that change are those that are to be trained", "head"),
        "budget": ("256 optimizer steps, 16,384 images", "256 steps, 16,384 images"),
    }
    checks = [
        {"place": place, "claim": claim, "seen": not (unseen and place == "loss"), "observed": seen}
        for place, (claim, seen) in claims.items()
    ]
    drawn = (train ** (1 - help_for_rare)) / (train ** (1 - help_for_rare)).sum() * 16384
    numbers = {"never_predicted": 1, "balanced_accuracy": 0.5, "accuracy": 0.5}
    return {
        "audit": {
            "checks": checks,
            "drawn": drawn.round(),
            "gradient": drawn * 0.7,
            "plain_gradient": train * 3.0,
            "mean_logit": help_for_rare * np.linspace(-1, 1, len(train)),
        },
        "corrected": {"free": {"macro_f1": seed_row["macro_f1"] + 0.02, **numbers}},
        "reliability": _reliability(help_for_rare),
    }


_FEW = {"train_images": 4.0, "evidence_images": None}
_TWINS = dict.fromkeys(("confuser_auc", "confuser_apart", "probe_confuser_auc"), 0.55)
_TWINS |= {"confuser_share": 0.8, "confuser_elsewhere": 0.1, "confuser_images": 12.0}
_TWINS |= {"train_images": 60.0, "evidence_images": 20.0}


def _diagnoses(train: np.ndarray, table: np.ndarray) -> list[dict[str, Any]]:
    """Blame the ignored classes on their size, or on the largest class."""
    called, found = table.sum(0), []
    for label, count in enumerate(train):
        recall = float(table[label, label] / table[label].sum())
        if recall <= 0.1:
            few = bool(count < 40)
            signals = _FEW if few else _TWINS
            one = {"index": label, "recall": recall, "never": bool(called[label] == 0)}
            found.append(one | {"confuser": 0, "signals": {"recall": recall} | signals})
    return found


def _reliability(help_for_rare: float) -> dict[str, list[float]]:
    middle = (np.arange(10) + 0.5) / 10
    shown = {"confidence": middle, "accuracy": middle ** (1.5 + help_for_rare)}
    whole = {f"all_{name}": values.tolist() for name, values in shown.items()}
    images = {"all": 40, "rare": 10, "other": 30}
    parts = {f"{who}_{name}": v.tolist() for who in ("rare", "other") for name, v in shown.items()}
    return whole | parts | {f"{who}_images": [n] * 10 for who, n in images.items()}


def _curves(
    strategy: str, seed: int, classes: int, help_for_rare: float, rng: np.random.Generator
) -> pd.DataFrame:
    step = np.arange(1, 9) * 32
    rise = 1 - np.exp(-step / 90)
    score = (0.2 + 0.25 * help_for_rare) * rise + rng.normal(0, 0.01, 8)
    never = (classes * (1 - rise * (0.3 + 0.7 * help_for_rare))).round()
    loss = np.log(classes) * (1 - 0.6 * rise)
    rows = [strategy, seed, step, step // 129, "head", loss, loss + 0.1, score + 0.2, score, never]
    return pd.DataFrame(dict(zip(CURVES, rows, strict=True)))


def _seed_row(
    strategy: str, seed: int, rows: pd.DataFrame, table: np.ndarray, rng: np.random.Generator
) -> dict[str, Any]:
    recall = rows["recall"]
    third = -(-len(rows) // 3)
    groups = [recall[k * third : (k + 1) * third].mean() for k in range(3)]
    return {
        "strategy": strategy,
        "seed": seed,
        "macro_f1": rows["f1"].mean(),
        "never_predicted": int((rows["predicted"] == 0).sum()),
        "zero_recall": int((recall == 0).sum()),
        "balanced_accuracy": recall.mean(),
        "accuracy": np.trace(table) / table.sum(),
        "worst_recall": recall.min(),
        "steps": 256,
        "seconds": round(float(rng.uniform(30, 60)), 3),
        "status": "ok",
        "val_macro_f1": rows["f1"].mean() + 0.01,
        "g_mean": 0.0,
        "mcc": 0.4,
        "log_loss": 1.6,
        "ece": 0.08,
        "classwise_ece": 0.02,
        "macro_f1_balanced": rows["f1"].mean() + 0.1,
        "log_loss_balanced": 2.4,
        "ece_balanced": 0.21,
        **dict(zip(("many_recall", "medium_recall", "few_recall"), groups, strict=True)),
        "images_seen": 16384,
        "distinct_images": 4076,
        "batch_size": 64,
        "micro_batch": 64,
    }


def _summary(rows: pd.DataFrame, strategies: tuple[str, ...], seeds: int) -> pd.DataFrame:
    summary = []
    for strategy in strategies:
        mine = rows[(rows["strategy"] == strategy) & (rows["status"] == "ok")]
        status = {seeds: "ok", 0: "failed"}.get(len(mine), "partly failed")
        numbers = [float(mine[name].mean()) if len(mine) else np.nan for name in SUMMARY[:-1]]
        summary.append((strategy, *numbers, status))
    return pd.DataFrame(summary, columns=["strategy", *SUMMARY])


def _run(
    name: str,
    classes: tuple[str, ...],
    train: np.ndarray,
    test: np.ndarray,
    strategies: tuple[str, ...],
    seeds: tuple[int, ...],
    quick: bool,
) -> dict[str, Any]:
    recipe = {
        "name": "forum",
        "description": "Two epochs of the head, then two epochs of the second half.",
        "phases": [
            {"epochs": 2, "train_from": "head", "lr": 1e-4},
            {"epochs": 2, "train_from": "rest", "lr": 1e-4},
        ],
        "batch_size": 64,
        "optimizer": "Adam",
    }
    return {
        "name": name,
        "command": f"python -m benchmark run --strategies all --data clothes --out results/{name}",
        "quick": quick,
        "experiment": {
            "data": "clothes",
            "imbalance": "natural",
            "image_size": 160,
            "weights": "auto",
            "fine_tune": "half",
            "recipe": recipe,
            "batch_size": 64,
            "precision": "bf16",
            "device": "cpu",
        },
        "data": {
            "name": "clothes",
            "description": "Photographs of clothes, taken with phones.",
            "images": int(train.sum() + 2 * test.sum()),
            "groups": 312,
            "counts": {"train": train.tolist(), "val": test.tolist(), "test": test.tolist()},
            "classes": list(classes),
            "messages": ["2 of 5098 files could not be read and were left out."],
        },
        "weights": {
            "name": "bundled",
            "source": "nsfwjs 4.4.0",
            "sha256": "9f" * 32,
            "message": "The official ImageNet weights could not be had: the bundled ones were "
            "used, which are weaker.",
        },
        "networks": {name: {str(seed): f"{name}.{seed}" for seed in seeds} for name in strategies},
        "environment": {
            "python": "3.11.2",
            "torch": "2.14.1",
            "torchvision": "0.29.1",
            "benchmark": "0.1.0",
            "device": "cpu",
            "cpu": "Intel Xeon",
            "cores": 2,
            "platform": "Linux",
            "git_commit": "abad785",
            "date": "2026-01-31T12:00:00+00:00",
        },
        "seeds": list(seeds),
        "at_hand": {
            "other_views": {"summary": "Alters images.", "places": ["views"]},
            "no_change": {"summary": "Nothing.", "places": []},
        },
        "asked": [{"name": name, "doc": "", "parameters": {}} for name in strategies],
    }

"""How often printed intervals hold the truth, and how often a run claims what is not so.

`python -m tests.evaluation.statistics.coverage` counts all cases, in about half an hour on a core,
and writes coverage.json beside this file. test_coverage.py runs a small part of it.

One seed: networks are fixed. Each of two classifiers is a confusion matrix, their errors correlate,
and test sets of as many images a class are drawn. Several seeds: softmax regressions are trained on
drawn features, with other first weights and another order of images each. Strategies that change
nothing are further trainings of that kind.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
from scipy.stats import norm

from benchmark.analysis import confidence
from benchmark.analysis.claims import claims
from benchmark.analysis.confidence import SeedPredictions, interval, paired
from benchmark.evaluation.metrics.registry import interval_metrics
from benchmark.evaluation.statistics import paired_tests
from benchmark.evaluation.statistics.paired_tests import paired_permutation_test

RESULT = Path(__file__).with_name("coverage.json")
METRICS = tuple(interval_metrics())
COMMON = (200, 150, 100, 80, 60, 50, 40, 40, 40)  # test images
TEST_SETS = {  # test images of each class
    **{f"9 common classes, 8 of {k}": (*COMMON, *[k] * 8) for k in (1, 2, 3, 5, 8, 30)},
    **{f"5 classes of {k}": (k,) * 5 for k in (1, 2, 3, 5, 8, 30)},
    **{f"12 classes of {k}": (k,) * 12 for k in (1, 2, 3, 5, 8, 30)},
    "50 classes of 2": (2,) * 50,
    "50 to 1": (50, 40, 32, 26, 20, 16, 13, 10, 8, 7, 5, 4, 3, 3, 2, 2, 1),
    "200, 50, 1": (200, 50, 1),
    "40, 40, 40, 2": (40, 40, 40, 2),
}
COMMON_RECALL = 0.85
RARE_RECALLS = (
    (0.02, 0.02),
    (0.1, 0.1),
    (0.5, 0.5),
    (0.8, 0.8),
    (0.95, 0.95),
    (0.1, 0.5),
    (0.5, 0.8),
)
CORRELATIONS = (0.3, 0.9)  # of the latent numbers that decide whether two classifiers err


# ---- one seed ---------------------------------------------------------------------------------


def confusion(counts, recall):
    """P(predicted | class), (C, C): errors fall on other classes in proportion to their size."""
    table = np.repeat(np.asarray(counts, float)[None], len(counts), 0)
    np.fill_diagonal(table, 0)
    table *= (1 - np.asarray(recall))[:, None] / table.sum(1, keepdims=True)
    return table + np.diag(recall)


def true_metrics(table, counts):
    """Return METRICS of infinitely many images in these proportions."""
    share = np.asarray(counts) / sum(counts)
    weighted = table * share[:, None]
    f1 = 2 * np.diag(weighted) / (weighted.sum(0) + weighted.sum(1))
    values = {
        "macro_f1": f1.mean(),
        "balanced_accuracy": np.diag(table).mean(),
        "accuracy": np.diag(weighted).sum(),
    }
    return np.array([values[name] for name in METRICS])


def rare_classes(counts):
    """Return which classes have few test images, beside others; all where all have as many."""
    counts = np.asarray(counts)
    return counts <= 8 if counts.max() > 8 >= counts.min() else counts == counts.min()


def drawn_seed(rng, counts, tables, correlation, groups_of=1):
    """Draw one test set, and what a classifier of each table predicts: s0, s1, …

    Images come in groups of so many, whose errors correlate by .5.
    """
    labels = np.repeat(np.arange(len(counts)), np.asarray(counts) * groups_of)
    groups = np.arange(len(labels)) // groups_of
    shared = rng.normal(size=len(labels))
    predicted = {}
    for k, table in enumerate(tables):
        own = rng.normal(size=len(labels))
        if groups_of > 1:
            own = np.sqrt(0.5) * rng.normal(size=len(labels))[groups] + np.sqrt(0.5) * own
        chance = norm.cdf(np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own)
        order = np.argsort(~np.eye(len(counts), dtype=bool), axis=1, kind="stable")  # right first
        cumulative = np.take_along_axis(table, order, 1).cumsum(1)[labels]
        position = (chance[:, None] > cumulative).sum(1).clip(0, len(counts) - 1)
        predicted[f"s{k}"] = order[labels, position]
    files, names = tuple(map(str, range(len(labels)))), tuple(map(str, range(len(counts))))
    return SeedPredictions(0, files, labels, predicted, names, groups if groups_of > 1 else None)


def covered(bounds, truth):
    return (bounds[0] <= truth + 1e-12) & (truth - 1e-12 <= bounds[1])


def coverage_of_one_seed(rng, counts, recalls, correlation, trials, groups_of=1):
    """Return the coverage (2, M) of scores and of differences, and the least width of all."""
    rare = rare_classes(counts)
    tables = [confusion(counts, np.where(rare, recall, COMMON_RECALL)) for recall in recalls]
    truths = [true_metrics(table, counts) for table in tables]
    held, least = np.zeros((2, len(METRICS))), np.inf
    for _ in range(trials):
        seeds = [drawn_seed(rng, counts, tables, correlation, groups_of)]
        for row, (baseline, truth) in enumerate(((None, truths[1]), ("s0", truths[1] - truths[0]))):
            _, *bounds, _ = interval(seeds, "s1", baseline)
            held[row] += covered(bounds, truth)
            least = min(least, (bounds[1] - bounds[0]).min())
    return held / trials, least


# ---- several seeds ----------------------------------------------------------------------------

SHARES = np.array([0.4, 0.3, 0.15, 0.1, 0.05])  # images of each class
FEATURES, STEPS, BATCH, RATE = 10, 60, 32, 0.3


@dataclass(frozen=True)
class DrawnData:
    """A data set of drawn features."""

    x: np.ndarray  # (N, FEATURES + 1)
    y: np.ndarray  # (N,)

    @classmethod
    def draw(cls, rng, images):
        y = np.repeat(np.arange(len(SHARES)), np.round(images * SHARES).astype(int))
        centres = 1.1 * np.random.default_rng(0).normal(size=(len(SHARES), FEATURES)) / 1.5
        x = centres[y] + rng.normal(size=(len(y), FEATURES))
        return cls(np.hstack([x, np.ones((len(y), 1))]), y)

    def split(self, rng):
        """Return indices of 80 % and 10 % of each class; the other tenth is for validation."""
        parts = [rng.permutation(np.flatnonzero(self.y == c)) for c in range(len(SHARES))]
        test = [part[: max(len(part) // 10, 1)] for part in parts]
        return np.concatenate([part[len(part) // 5 :] for part in parts]), np.concatenate(test)


def trained(rng, data, train_sets, powers):
    """Train a softmax regression on each training set (S, n) with each power: (S, P, D, C).

    An image weighs one over the size of its class to that power: 0 is plain training.
    """
    train_sets, powers = np.asarray(train_sets), np.asarray(powers, float)
    shape = (len(train_sets), len(powers))
    w = 0.3 * rng.normal(size=(*shape, FEATURES + 1, len(SHARES)))
    weight = (1 / SHARES) ** powers[:, None]  # (P, C)
    weight /= (weight * SHARES).sum(1, keepdims=True)
    rows, model = np.arange(len(train_sets))[:, None, None], np.arange(len(powers))[None, :, None]
    for step in range(STEPS):
        drawn = train_sets[rows, rng.integers(0, train_sets.shape[1], (*shape, BATCH))]
        x, y = data.x[drawn], data.y[drawn]  # (S, P, B, D), (S, P, B)
        p = np.exp(x @ w - (x @ w).max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
        p[
            rows[..., None], model[..., None], np.arange(BATCH)[None, None, :, None], y[..., None]
        ] -= 1
        gradient = np.swapaxes(x, -1, -2) @ (p * weight[model, y][..., None]) / BATCH
        w -= RATE * (1 - step / STEPS) * gradient
    return w


def trained_seeds(rng, data, seeds, powers, given):
    """Return `SeedPredictions` of s0, s1, … for so many seeds, and the given split's images."""
    splits = [data.split(rng)] * seeds if given else [data.split(rng) for _ in range(seeds)]
    models = trained(rng, data, [train for train, _ in splits], powers)
    names, result = tuple(map(str, range(len(SHARES)))), []
    for s, (train, test) in enumerate(splits):
        called = (data.x[test] @ models[s]).argmax(-1)  # (P, n)
        predicted = {f"s{k}": labels for k, labels in enumerate(called)}
        images = (tuple(map(str, test)), data.y[test], predicted, names, None)
        result.append(SeedPredictions(s, *images, tuple(map(str, train))))
    return result, splits[0]


def metrics_of(y, called):
    """Return METRICS of predictions (..., n) of labels (n,): (..., M)."""
    hot, right = np.eye(len(SHARES)), called == y
    hits = right.astype(float) @ hot[y]
    support, predicted = hot[y].sum(0), hot[called].sum(-2)
    f1 = 2 * hits / (support + predicted)
    values = {
        "macro_f1": f1.mean(-1),
        "balanced_accuracy": (hits / support).mean(-1),
        "accuracy": right.mean(-1),
    }
    return np.stack([values[name] for name in METRICS], -1)


def true_of_split(rng, data, train, test, powers, trainings=30):
    """Return METRICS (P, M) of the mean training on one training set: other and these images."""
    models = trained(rng, data, [train] * trainings, powers)
    other = DrawnData.draw(rng, 4000)
    return [
        metrics_of(y, (x @ models).argmax(-1)).mean(0)
        for x, y in ((other.x, other.y), (data.x[test], data.y[test]))
    ]


def coverage_over_seeds(rng, images, numbers, trials, given):
    """Return coverage (3, M) for each number of seeds, and least width.

    Of the score of plain training, its difference from another plain training, and the difference
    of weighted training. With own splits, the truth is the mean over all data sets. With a given
    split, it is that of other trainings on its training images, tested on other images.
    """
    powers, records, truths = (0, 0, 1), [], []
    for _ in range(trials):
        data = DrawnData.draw(rng, images)
        seeds, (train, test) = trained_seeds(rng, data, max(numbers), powers, given)
        if given:
            plain, weighted = true_of_split(rng, data, train, test, (0, 1))[0]
            truths.append(np.stack([plain, 0 * plain, weighted - plain]))
        pairs = (("s0", None), ("s1", "s0"), ("s2", "s0"))
        all_claims = [[interval(seeds[:n], *pair)[:3] for pair in pairs] for n in numbers]
        records.append(np.array(all_claims))  # (numbers, 3, 3, M): value, low, high
    records = np.array(records)
    truth = np.array(truths) if given else records[:, -1, :, 0].mean(0)[None]
    if not given:
        truth[:, 1] = 0
    held = covered((records[..., 1, :], records[..., 2, :]), truth[:, None]).mean(0)
    widths = records[..., 2, :] - records[..., 1, :]
    return dict(zip(numbers, held, strict=True)), float(widths.min())


# ---- claims about strategies that change nothing ----------------------------------------------


def claims_of(seeds, null=None, draws=1):
    """Return the claims of a run of these seeds against s0, without and with its null row.

    Tests draw less than in a report.
    """
    run = SimpleNamespace(null_row=None, null=null, seeds=[seed.seed for seed in seeds])
    with (
        patch.object(
            confidence, "paired_permutation_test", partial(paired_permutation_test, draws=draws)
        ),
        patch.object(paired_tests, "DRAWS", 1000),
    ):
        run.paired = paired([_without(seed, null) for seed in seeds], "s0")
    without_null = claims(run)
    if null is None:
        return without_null, without_null
    moved = np.array([seed.influences_of(null, "s0").estimates for seed in seeds])
    run.null_row = SimpleNamespace(
        paired_differences=lambda _, metric: moved[:, METRICS.index(metric)]
    )
    return without_null, claims(run)


def _without(seed, null):
    predicted = {name: labels for name, labels in seed.predicted.items() if name != null}
    images = (seed.files, seed.labels, predicted, seed.classes, seed.groups)
    return SeedPredictions(seed.seed, *images, seed.train_files)


def false_claims_of_one_seed(rng, counts, recall, correlation, trials, draws=400):
    """Return shares of runs of fixed networks of one law: claims of macro-F1, of any metric.

    And runs in which some interval of the five strategies excludes 0.
    """
    table = confusion(counts, np.where(rare_classes(counts), recall, COMMON_RECALL))
    counted = []
    for _ in range(trials):
        all_claims, _ = claims_of([drawn_seed(rng, counts, [table] * 6, correlation)], draws=draws)
        counted.append(_shares(all_claims))
    return np.mean(counted, axis=0)


def false_claims_over_seeds(rng, images, numbers, trials, given, draws=1):
    """Return shares as `false_claims_of_one_seed` for trained strategies, without and with null."""
    shares = {n: [] for n in numbers}
    for _ in range(trials):
        data = DrawnData.draw(rng, images)
        seeds, _ = trained_seeds(rng, data, max(numbers), (0,) * 7, given)
        for n in numbers:
            without, with_null = claims_of(seeds[:n], "s6", draws)
            shares[n].append([*_shares(without), *_shares(with_null)[:2]])
    return {n: np.mean(counted, axis=0) for n, counted in shares.items()}


def _shares(all_claims):
    primary = [claim for (_, metric), claim in all_claims.items() if metric == "macro_f1"]
    return [
        any(claim.direction for claim in primary),
        any(claim.direction for claim in all_claims.values()),
        any(claim.excludes_0 for claim in primary),
    ]


# ---- all of it --------------------------------------------------------------------------------

NUMBERS, SIZES = (3, 5, 8, 10, 20), (400, 800, 2400, 10_000)


def _rounded(numbers):
    return [round(float(number), 3) for number in np.ravel(numbers)]


def count_one_seed(trials):
    """Yield coverage in each test set: mean and worst over laws, and the least width."""
    rng = np.random.default_rng(0)
    for name, counts in TEST_SETS.items():
        for groups_of in (
            (1, 3) if name in ("50 to 1", "12 classes of 8", "12 classes of 2") else (1,)
        ):
            cases = [
                coverage_of_one_seed(rng, counts, recalls, correlation, trials, groups_of)
                for recalls, correlation in product(RARE_RECALLS, CORRELATIONS)
            ]
            held = np.array([case[0] for case in cases])
            in_groups = f", {groups_of} images a group" if groups_of > 1 else ""
            yield (
                f"one seed, {name}{in_groups}",
                {
                    "scores, mean": _rounded(held[:, 0].mean(0)),
                    "scores, worst": _rounded(held[:, 0].min(0)),
                    "differences, mean": _rounded(held[:, 1].mean(0)),
                    "differences, worst": _rounded(held[:, 1].min(0)),
                    "least width": round(float(min(case[1] for case in cases)), 3),
                },
            )


def count_seeds(trials):
    """Yield coverage for each size and design."""
    rng = np.random.default_rng(1)
    for given, images in product((False, True), SIZES):
        held, width = coverage_over_seeds(rng, images, NUMBERS, trials, given)
        split = "a given split" if given else "own splits"
        yield (
            f"{split} of {images:,} images: score, no difference, weighted",
            {
                **{f"{n} seeds": [_rounded(row) for row in rows] for n, rows in held.items()},
                "least width": round(width, 4),
            },
        )


def count_claims(trials):
    """Yield shares of runs in which strategies that change nothing seem to differ.

    Claims of macro-F1, of any metric, and intervals of macro-F1 that exclude 0; for trained ones
    also the claims that the null row lets pass, of macro-F1 and of any metric.
    """
    rng = np.random.default_rng(2)
    for name in (
        "9 common classes, 8 of 1",
        "9 common classes, 8 of 8",
        "50 to 1",
        "12 classes of 8",
    ):
        for recall, correlation in ((0.5, 0.3), (0.5, 0.9)):
            shares = false_claims_of_one_seed(rng, TEST_SETS[name], recall, correlation, trials)
            yield f"claims, one seed, fixed networks, {name}, {correlation}", _rounded(shares)
    for given, images in product((False, True), SIZES):
        shares = false_claims_over_seeds(rng, images, (8, 10, 20), trials, given)
        split = "a given split" if given else "own splits"
        for n, share in shares.items():
            yield f"claims, {n} seeds, {split} of {images:,} images", _rounded(share)
    for images in SIZES:
        shares = false_claims_over_seeds(rng, images, (1,), trials, False, draws=400)
        yield f"claims about networks, one seed, trained, {images:,} images", _rounded(shares[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=400, help="of each case")
    parser.add_argument("--only", choices=("one", "seeds", "claims"), help="a part of it")
    args = parser.parse_args()
    parts = {"one": count_one_seed, "seeds": count_seeds, "claims": count_claims}
    for part in [args.only] if args.only else parts:
        for name, numbers in parts[part](args.trials):
            print(name, numbers, flush=True)
            results = json.loads(RESULT.read_text()) if RESULT.exists() else {}
            results[name] = numbers
            RESULT.write_text(json.dumps(dict(sorted(results.items())), indent=1) + "\n")


if __name__ == "__main__":
    main()

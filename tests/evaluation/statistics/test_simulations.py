"""The coverage of intervals of a class and the level of tests, over synthetic test sets: minutes.

`python -m pytest -m simulation` runs them and writes the results into simulated.json beside this
file, where the last result is committed. Small versions of each run with the other tests. Intervals
of metrics, and what a run claims, are counted by coverage.py.
"""

import json
from itertools import product
from pathlib import Path

import joblib
import numpy as np
import pytest
from scipy.stats import norm

from benchmark.analysis.confidence import SeedPredictions, interval, p_over_seeds
from benchmark.analysis.per_class import class_changes, class_recalls
from benchmark.evaluation.statistics.across_seeds import t_interval_corrected
from benchmark.evaluation.statistics.paired_tests import (
    holm,
    paired_permutation_test,
    sign_flip_test,
)
from benchmark.evaluation.statistics.proportions import (
    clopper_pearson,
    design_effect,
    paired_proportion_difference_ci,
)
from tests.evaluation.statistics.coverage import confusion
from tests.evaluation.statistics.synthetic import (
    as_predictions,
    exact_coverage,
    grouped,
    overlapping_splits,
    seeds_of_recall,
    seeds_that_change,
)

pytestmark = pytest.mark.simulation
RESULT = Path(__file__).with_name("simulated.json")
FAMILIES, DRAWS = 1000, 1000
COMMON = [200, 150, 100, 80, 60, 50, 40, 40, 40]  # test images, beside 8 rare classes


def keep(name, numbers):
    """Write a result down among the others."""
    results = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    results[name] = numbers
    RESULT.write_text(json.dumps(dict(sorted(results.items())), indent=1) + "\n")


def in_parallel(function, times):
    return joblib.Parallel(n_jobs=-1)(joblib.delayed(function)(seed) for seed in range(times))


def overlapping_family(seed, stable):
    """Families called different by signs alone, and as reported; and whether intervals hold 0."""
    rng = np.random.default_rng(seed)
    seeds = overlapping_splits(rng, [600, 400, 300, 200, 200, 150, 150], 8, 6, stable)
    names = [f"s{k}" for k in range(1, 6)]
    scores = np.array(
        [[seed.influences[f"s{k}"].estimates[0] for seed in seeds] for k in range(6)]
    )  # (S, seeds)
    signs = [sign_flip_test(other - scores[0]) for other in scores[1:]]
    both = [p_over_seeds(seeds, name, "s0")[0] for name in names]
    bounds = [interval(seeds, name, "s0")[1:3] for name in names]
    coverage = [(low[0] <= 0) & (high[0] >= 0) for low, high in bounds]  # of macro-F1
    return *((holm(np.array(p)) <= 0.05).any() for p in (signs, both)), np.mean(coverage)


@pytest.mark.parametrize("stable", [0.0, 0.5, 1.0])
def test_families_on_splits_that_overlap_are_seldom_called_different(stable):
    """All splits are of one data set: what its images do to one seed they do to others."""
    results = in_parallel(lambda seed: overlapping_family(seed, stable), FAMILIES)
    signs, both, coverage = (round(float(share), 3) for share in np.mean(results, axis=0))
    name = f"splits that overlap, {stable} of the variance is the image's"
    keep(name, {"signs alone": signs, "as reported": both, "intervals that hold 0": coverage})
    assert both <= 0.06
    assert coverage >= 0.93


# ---- how the recall of a class changes --------------------------------------------------------


def wald(gained, lost, n):
    more, less = gained / n, lost / n
    half = norm.isf(0.025) * np.sqrt((more + less - (more - less) ** 2) / n)
    return more - less - half, more - less + half


def tango(gained, lost, n):
    """The score interval of Tango 1998, by bisection."""

    def score(change):
        b = -gained - lost + (2 * n - gained + lost) * change
        root = np.sqrt(np.maximum(b**2 + 8 * n * lost * change * (1 - change), 0))
        spread = n * ((root - b) / (2 * n) + change * (1 - change))
        return (gained - lost - n * change) / np.sqrt(np.maximum(spread, 1e-300))

    bounds = []
    for z in (norm.isf(0.025), -norm.isf(0.025)):
        low, high = -np.ones(len(gained)), np.ones(len(gained))
        for _ in range(50):
            middle = (low + high) / 2
            above = score(middle) > z
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        bounds.append((low + high) / 2)
    return bounds


def newcombe(gained, lost, n):
    """Square-and-add of Newcombe 1998 (method 10), both right on half of the others."""
    both = (n - gained - lost) / 2
    first, second = both + gained, both + lost
    bounds, phi = [], first * (n - first) * second * (n - second)
    away = both * both - gained * lost
    away = np.where(away > n / 2, away - n / 2, np.where(away > 0, 0, away))
    phi = np.divide(away, np.sqrt(phi), out=np.zeros(len(n)), where=phi > 0)
    z = norm.isf(0.025)
    for hits in (first, second):
        middle = (hits + z**2 / 2) / (n + z**2)
        half = z * np.sqrt(hits * (n - hits) / n + z**2 / 4) / (n + z**2)
        bounds.append((hits / n - (middle - half), (middle + half) - hits / n))
    change = (gained - lost) / n
    (below, above), (below_2, above_2) = bounds
    down = np.sqrt(np.maximum(below**2 - 2 * phi * below * above_2 + above_2**2, 0))
    up = np.sqrt(np.maximum(above**2 - 2 * phi * above * below_2 + below_2**2, 0))
    return change - down, change + up


def test_intervals_of_a_change_of_recall_cover_it():
    """Exactly: the mean over 42 true changes, the worst of them, and the mean width."""
    results = {}
    methods = {
        "Wald": wald,
        "Bonett-Price": paired_proportion_difference_ci,
        "Tango": tango,
        "Newcombe": newcombe,
    }
    for n in (3, 5, 8, 10, 15, 20, 30, 50, 100):
        for name, method in methods.items():
            coverage, width = exact_coverage(n, method)
            results[f"{name}, {n} images"] = [
                round(x, 3) for x in (coverage.mean(), coverage.min(), width)
            ]
            if method is paired_proportion_difference_ci:
                assert coverage.mean() >= 0.95
                assert coverage.min() >= 0.92
    keep("coverage of a class's change: mean, worst, width", results)


def test_intervals_of_a_change_over_seeds_cover_it():
    """Student's alone, the pooled images alone, and what is reported: both in quadrature."""
    rng, results = np.random.default_rng(0), {}
    for shared in (False, True):
        for n_seeds in (2, 3, 8):
            for images in (1, 3, 10, 30):
                for law in ((0.3, 0.1, 0.0), (0.3, 0.1, 0.5), (0.05, 0.01, 0.5), (0.6, 0.05, 0.5)):
                    arguments = (n_seeds, images, *law, shared)
                    seeds, truth = seeds_that_change(rng, 1000, *arguments)
                    table = class_changes(seeds, "baseline")
                    coverage = [np.mean((table["low"] <= truth) & (truth <= table["high"]))]
                    each = np.stack([right_share(seed) for seed in seeds], 1)  # (C, seeds)
                    low, high = t_interval_corrected(each)
                    coverage.append(np.mean((low <= truth) & (truth <= high)))
                    pooled = round_trip(seeds)
                    low, high = class_changes([pooled], "baseline")[["low", "high"]].to_numpy().T
                    coverage.append(np.mean((low <= truth) & (truth <= high)))
                    images_are = "the same" if shared else "new"
                    name = f"{n_seeds} seeds, {images_are} {images} images, +{law[0]} -{law[1]}"
                    results[f"{name}, trainings differ by {law[2]}"] = [
                        round(h, 3) for h in coverage
                    ]
                    assert coverage[0] >= 0.93
    keep("coverage of a class's change over seeds: reported, Student's, pooled images", results)


def test_intervals_of_recall_over_seeds_cover_it():
    """What is reported, made of Student's and the pooled images; and the latter as if new."""
    rng, results = np.random.default_rng(1), {}
    for shared in (False, True):
        for n_seeds in (2, 3, 8):
            for images in (1, 3, 10, 30):
                for recall, spread in product((0.02, 0.1, 0.4), (0.0, 0.5)):
                    arguments = (n_seeds, images, recall, spread, shared)
                    seeds, truth = seeds_of_recall(rng, 1000, *arguments)
                    table = class_recalls(seeds)
                    coverage = np.mean((table["low"] <= truth) & (truth <= table["high"]))
                    low, high = clopper_pearson(
                        table["hits"].to_numpy(), table["images"].to_numpy()
                    )
                    pooled = np.mean((low <= truth) & (truth <= high))
                    images_are = "the same" if shared else "new"
                    name = f"{n_seeds} seeds, {images_are} {images} images, recall {recall}"
                    both = [round(float(share), 3) for share in (coverage, pooled)]
                    results[f"{name}, trainings differ by {spread}"] = both
                    assert coverage >= 0.93
    assert np.mean([reported for reported, _ in results.values()]) >= 0.94
    keep("coverage of a class's recall over seeds: reported, pooled images", results)


def right_share(seed):
    """Recall of `helps` minus that of the baseline, (C,)."""
    change = sum(
        sign * np.bincount(seed.labels, weights=seed.predicted[name] == seed.labels)
        for name, sign in (("helps", 1), ("baseline", -1))
    )
    return change / np.bincount(seed.labels)


def round_trip(seeds):
    """All seeds as if they were one; an image that was in several is a group."""
    files = np.concatenate([seed.files for seed in seeds])
    labels = np.concatenate([seed.labels for seed in seeds])
    predicted = {
        name: np.concatenate([seed.predicted[name] for seed in seeds])
        for name in ("baseline", "helps")
    }
    groups = np.unique(files, return_inverse=True)[1]
    return SeedPredictions(0, tuple(files), labels, predicted, seeds[0].classes, groups)


@pytest.mark.parametrize("n_seeds", [1, 3, 8])
def test_where_nothing_changes_no_change_is_significant_bonferroni(n_seeds):
    """Five strategies on 17 classes: runs that call some change so, and rows that exclude 0."""
    rng, counts = np.random.default_rng(n_seeds), [*COMMON, *[12] * 8]
    labels, names = np.repeat(np.arange(17), counts), tuple(map(str, range(17)))
    some, beyond, runs = [], [], 400
    for _ in range(runs):
        seeds = []
        for s in range(n_seeds):
            hard = rng.normal(0, 1, len(labels)) - np.where(labels < 9, 1.2, -0.7)
            predicted = {
                f"s{k}": as_predictions(labels, hard + rng.normal(0, 1, len(labels)) < 0)
                for k in range(6)
            }
            files = tuple(f"{s}-{i}" for i in range(len(labels)))
            seeds.append(SeedPredictions(s, files, labels, predicted, names))
        table = class_changes(seeds, "s0")
        some.append(((table["low"] > 0) | (table["high"] < 0)).sum())
        beyond.append(table["significant_bonferroni"].any())
    rates = {
        "rows of 85 whose interval excludes 0": round(float(np.mean(some)), 2),
        "runs with such a row": round(float(np.mean(np.array(some) > 0)), 3),
        "runs with a change beyond chance": round(float(np.mean(beyond)), 3),
    }
    keep(f"nothing changes, {n_seeds} seeds", rates)
    assert np.mean(beyond) <= 0.05


# ---- images in groups -------------------------------------------------------------------------


def test_intervals_of_classes_in_groups_cover_the_truth():
    """Groups of 1 to 6 images, correlation .5: as single images, and by the design effect."""
    rng, results = np.random.default_rng(0), {}
    laws = {
        "change +.3 -.1": (0.3, 0.1),
        "change +.3": (0.3, 0.0),
        "change +.05 -.05": (0.05, 0.05),
        "change +.6 -.1": (0.6, 0.1),
        "recall .9": 0.9,
        "recall .5": 0.5,
        "recall .1": 0.1,
    }
    for groups in (2, 3, 5, 8, 12, 30):
        labels, group, draw = grouped(rng, 3000, groups, 0.5)
        counts = np.bincount(labels)
        for name, law in laws.items():
            if isinstance(law, tuple):
                p = [law[0], law[1], 1 - sum(law)]
                values = draw(lambda n, p=p: rng.choice([1.0, -1.0, 0.0], n, p=p))
                truth = law[0] - law[1]
                hits = [np.bincount(labels, weights=values == v) for v in (1, -1)]
                interval = paired_proportion_difference_ci
            else:
                values = draw(lambda n, p=law: (rng.random(n) < p).astype(float))
                truth, hits, interval = law, [np.bincount(labels, weights=values)], clopper_pearson
            coverage = []
            for effect in (1.0, design_effect(values, labels, group, 3000)):
                low, high = interval(*(h / effect for h in hits), counts / effect)
                coverage.append(round(float(np.mean((low <= truth) & (truth <= high))), 3))
            results[f"{groups} groups, {name}"] = coverage
            assert coverage[1] >= 0.92
    keep("coverage in groups: single images, design effect", results)


def grouped_test_set(rng, groups, recall):
    """Two classifiers of one law; a group holds 1 to 6 images of one class."""
    labels = np.repeat(np.arange(len(groups)), groups)
    sizes = rng.integers(1, 7, len(labels))
    group = np.repeat(np.arange(len(labels)), sizes)
    labels, table = labels[group], confusion(groups, recall)
    law = table.cumsum(1)

    def called():
        of_group, own = rng.random(len(sizes))[group], rng.random(len(labels))
        chance = np.where(rng.random(len(labels)) < np.sqrt(0.5), of_group, own)
        return (chance[:, None] > law[labels]).sum(1)

    return labels, np.array([called(), called()]), group


def differs_in_groups(seed):
    """P-values for two classifiers of one law: images exchanged singly, and in groups."""
    rng = np.random.default_rng(seed)
    groups = [60, 40, 30, *[8] * 4]
    labels, (a, b), group = grouped_test_set(rng, groups, [0.8] * 3 + [0.5] * 4)
    return [
        paired_permutation_test([labels], [a], [b], 7, rng, 400, groups=known)[0]
        for known in (None, [group])
    ]


def test_grouped_classifiers_that_are_alike_are_seldom_called_different():
    p = np.array(in_parallel(differs_in_groups, 1000))
    error = [round(float(share), 3) for share in (p <= 0.05).mean(0)]
    keep("error of the exchange at .05, in groups: single images, groups", error)
    assert error[1] <= 0.065


def differs_on_shared_images(seed):
    """P-values over five seeds of the same test images: exchanged seed by seed, and in all."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(4), [60, 30, 20, 10])
    hard = rng.normal(0, 1, (2, len(labels)))  # to either method other images are hard
    trained = rng.normal(0, 1, (5, 2, len(labels)))
    a, b = (as_predictions(labels, hard[k] + trained[:, k] < 0.8) for k in range(2))
    image = np.arange(len(labels))
    return [
        paired_permutation_test([labels] * 5, list(a), list(b), 4, rng, 400, groups=known)[0]
        for known in (None, [image] * 5)
    ]


def test_alike_methods_on_images_that_all_seeds_share_are_seldom_called_different():
    """Exchanged seed by seed they are, far too often: a split that the user gave is shared."""
    p = np.array(in_parallel(differs_on_shared_images, 1000))
    error = [round(float(share), 3) for share in (p <= 0.05).mean(0)]
    keep("error of the exchange at .05, 5 seeds share images: seed by seed, in all", error)
    assert error[1] <= 0.065

"""Synthetic predictions whose truth is known: what the counts of coverage are counted on.

Classes serve as repetitions: each is a small test set of its own, drawn from one law.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from benchmark.analysis.confidence import SeedPredictions


def exact_tables(n):
    """Every (gained, lost) of n images, and a function giving their probabilities."""
    gained, lost = (k.ravel() for k in np.meshgrid(np.arange(n + 1), np.arange(n + 1)))
    valid = gained + lost <= n
    gained, lost = gained[valid], lost[valid]

    def probability(more, less):
        from scipy.stats import multinomial

        counts = np.stack([gained, lost, n - gained - lost], -1)
        return multinomial.pmf(counts, n, [more, less, max(1 - more - less, 0)])

    return gained, lost, probability


# how often (one alone is right, the other alone is)
PAIRS = [
    (d / 2 + g, d / 2 - g)
    for d in (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8)
    for g in np.linspace(0, d / 2, 6)
]


def exact_coverage(n, interval):
    """Coverage of `interval(gained, lost, n)` for each of PAIRS, and its mean width."""
    gained, lost, probability = exact_tables(n)
    low, high = (bound.clip(-1, 1) for bound in interval(gained, lost, np.full(len(gained), n)))
    covered, width = [], []
    for more, less in PAIRS:
        p, truth = probability(more, less), more - less
        covered.append(p @ ((low <= truth + 1e-12) & (truth - 1e-12 <= high)))
        width.append(p @ (high - low))
    return np.array(covered), float(np.mean(width))


def as_predictions(labels, right):
    """Predict the label where right, another class where not."""
    return np.where(right, labels, (labels + 1) % (labels.max() + 1))


def seeds_that_change(rng, classes, seeds, images, more, less, spread, shared):
    """Trainings of `helps` and of a baseline, and the true difference of their recalls.

    An image is helped or harmed by a latent number: half of its variance is the image's, and a
    training adds its own, of standard deviation `spread`. `shared` says that all seeds are tested
    on the same images.
    """
    labels = np.repeat(np.arange(classes), images)
    shift = rng.normal(0, spread, (seeds, classes))
    image_effects, seed_predictions = rng.normal(0, np.sqrt(0.5), (seeds, len(labels))), []
    for s in range(seeds):
        image_effect = image_effects[0 if shared else s]
        latent = image_effect + rng.normal(0, np.sqrt(0.5), len(labels)) + shift[s, labels]
        gained, lost = latent > norm.isf(more), latent < norm.ppf(less)
        either = rng.random(len(labels)) < 0.5  # right under both, or under neither
        baseline = lost | (~gained & either)
        helps = gained | (~lost & either)
        files = tuple(f"{0 if shared else s}-{i}" for i in range(len(labels)))
        predicted = {
            "baseline": as_predictions(labels, baseline),
            "helps": as_predictions(labels, helps),
        }
        names = tuple(f"class {c}" for c in range(classes))
        seed_predictions.append(SeedPredictions(s, files, labels, predicted, names))
    scale = np.sqrt(1 + spread**2)
    return seed_predictions, norm.sf(norm.isf(more) / scale) - norm.cdf(norm.ppf(less) / scale)


def grouped(rng, classes, groups, correlation):
    """Labels and groups of classes of so many groups, 1 to 6 images each, and a way to draw.

    draw(outcome) gives each image a value: outcome(size) is drawn once a group, and once an image;
    an image takes its group's with probability sqrt(alike), so that two of a group correlate so.
    """
    sizes = rng.integers(1, 7, classes * groups)
    group = np.repeat(np.arange(classes * groups), sizes)
    labels = group // groups

    def draw(outcome):
        of_group, own = outcome(classes * groups)[group], outcome(len(group))
        return np.where(rng.random(len(group)) < np.sqrt(correlation), of_group, own)

    return labels, group, draw


def overlapping_splits(rng, counts, seeds, strategies, stable):
    """Strategies of one law on so many splits of one data set: 10 % of each class is tested.

    An image is right under a strategy by a latent number: `stable` of its variance is the image's
    own, the same in every seed, and the rest is the training's.
    """
    labels = np.repeat(np.arange(len(counts)), counts)
    own = rng.normal(0, np.sqrt(stable), (strategies, len(labels)))
    bound, seed_predictions = np.linspace(0.8, -0.3, len(counts))[labels], []
    names = tuple(f"class {c}" for c in range(len(counts)))
    for s in range(seeds):
        parts = [rng.permutation(np.flatnonzero(labels == c)) for c in range(len(counts))]
        sample = np.concatenate([part[: len(part) // 10] for part in parts])
        latent = own[:, sample] + rng.normal(0, np.sqrt(1 - stable), (strategies, len(sample)))
        wrong = (labels[sample] + rng.integers(1, len(counts), latent.shape)) % len(counts)
        predicted_classes = np.where(latent < bound[sample], labels[sample], wrong)
        predicted = {f"s{k}": predicted_classes[k] for k in range(strategies)}
        seed_predictions.append(
            SeedPredictions(s, tuple(map(str, sample)), labels[sample], predicted, names)
        )
    return seed_predictions


def seeds_of_recall(rng, classes, seeds, images, recall, spread, shared):
    """Trainings of one strategy, and its true recall; latent numbers as in `seeds_that_change`."""
    labels = np.repeat(np.arange(classes), images)
    shift = rng.normal(0, spread, (seeds, classes))
    image_effects, seed_predictions = rng.normal(0, np.sqrt(0.5), (seeds, len(labels))), []
    for s in range(seeds):
        image_effect = image_effects[0 if shared else s]
        latent = image_effect + rng.normal(0, np.sqrt(0.5), len(labels)) + shift[s, labels]
        files = tuple(f"{0 if shared else s}-{i}" for i in range(len(labels)))
        predicted = {"one": as_predictions(labels, latent > norm.isf(recall))}
        names = tuple(f"class {c}" for c in range(classes))
        seed_predictions.append(SeedPredictions(s, files, labels, predicted, names))
    return seed_predictions, norm.sf(norm.isf(recall) / np.sqrt(1 + spread**2))

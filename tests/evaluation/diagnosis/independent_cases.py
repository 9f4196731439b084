"""Planted causes on other features and with other networks than those the rules were fixed on.

Classes are mixtures with heavy tails, seen through a rectified random projection; networks are
scikit-learn's, trained by SGD with momentum. No threshold was chosen by these cases.
"""

import warnings
from dataclasses import replace

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from tests.evaluation.diagnosis import planted_case as kinds
from tests.evaluation.diagnosis.planted_case import (
    FAR_FROM_IT,
    Case,
    exchange,
    exchange_everywhere,
    first_case,
    without,
)

BATCH = 48


class World:
    """Classes in a latent space, and how images of it look."""

    def __init__(self, rng, classes, width, distance, latent, noise=0.05):
        self.rng, self.classes, self.latent, self.noise = rng, classes, latent, noise
        middle = rng.standard_t(5, size=(classes, latent)) * distance / np.sqrt(latent)
        spread = distance * 0.25 / np.sqrt(latent)
        self.centres = [
            middle[c] + rng.normal(size=(rng.integers(1, 4), latent)) * spread
            for c in range(classes)
        ]
        self.scales = np.exp(rng.normal(0, 0.35, (classes, latent))) * 0.33
        self.projection = rng.normal(size=(latent, width)) / np.sqrt(latent)
        self.offset = rng.normal(0, 0.3, width)
        self.hidden = np.zeros(latent, bool)  # directions that images do not show
        self.drawn_as = {}  # class -> a function that draws latents in another way

    def latents(self, c, n):
        if c in self.drawn_as:
            return self.drawn_as[c](n)
        centres = self.centres[c][self.rng.integers(0, len(self.centres[c]), n)]
        return centres + self.rng.standard_t(6, size=(n, self.latent)) * self.scales[c]

    def draw(self, c, n):
        z = self.latents(c, n)
        z = np.where(self.hidden, self.rng.normal(size=z.shape) * z.std(), z)
        images = z @ self.projection + self.offset
        images += self.rng.normal(size=images.shape) * self.noise
        return np.maximum(images, 0).astype(np.float32)

    def splits(self, counts):
        """Draw `counts` training images (C,), a fifth of each to validate, a quarter to test."""
        sizes = {
            "train": counts,
            "val": np.maximum(1, np.ceil(counts / 5)).astype(int),
            "test": np.maximum(2, np.ceil(counts / 4)).astype(int),
        }
        return {
            name: (
                np.concatenate([self.draw(c, n[c]) for c in range(self.classes)]),
                np.repeat(np.arange(self.classes), n),
            )
            for name, n in sizes.items()
        }


def train(splits, classes, seed, *, hidden=(), epochs=20, rate=0.03, decay=1e-4):
    """Return a network, images -> (features, logits), and its validation losses (T, C)."""
    x, y = splits["train"]
    mean, spread = x.mean(0), x.std(0)
    spread = np.where(spread > 1e-3, spread, 1)
    chunks = max(1, min(8, round(epochs)))
    model = MLPClassifier(
        hidden,
        solver="sgd",
        momentum=0.9,
        alpha=decay * len(x) / BATCH,
        batch_size=BATCH,
        max_iter=max(1, round(epochs / chunks)),
        tol=0,
        n_iter_no_change=10**6,
        warm_start=True,
        random_state=seed,
    )

    def network(images):
        features = ((images - mean) / spread).astype(np.float32)
        for weights, bias in zip(model.coefs_[:-1], model.intercepts_[:-1], strict=True):
            features = np.maximum(features @ weights + bias, 0)
        return features, features @ model.coefs_[-1] + model.intercepts_[-1]

    images, labels = splits["val"]
    curve = np.full((chunks, classes), np.nan)
    for chunk in range(chunks):
        model.learning_rate_init = rate * (1 + np.cos(np.pi * chunk / chunks)) / 2
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(((x - mean) / spread).astype(np.float32), y)
        logits = network(images)[1]
        loss = np.logaddexp.reduce(logits, axis=1) - logits[np.arange(len(labels)), labels]
        for c in np.unique(labels):
            curve[chunk, c] = loss[labels == c].mean()
    return network, curve


def independent(cause, seed, first=0):
    """Return a case and its attempt, see `first_case`."""
    return first_case(_attempt, cause, seed, 31, first)


def _sizes(rng, classes):
    """Training images by class: exponential, two steps, or Zipf's."""
    head, rank = rng.uniform(300, 900), np.arange(classes)
    profile = [
        head * rng.uniform(10, 60) ** (-rank / (classes - 1)),
        np.where(rank < classes // 2, head, head / rng.uniform(8, 25)),
        head / (1 + rank) ** rng.uniform(0.8, 1.4),
    ][rng.integers(3)]
    return np.maximum(20, profile * rng.uniform(0.85, 1.15, classes)).round().astype(int)


def _attempt(cause, rng):
    classes = int(rng.integers(4, 15))
    over = cause == kinds.OVER
    width = int(rng.choice([300, 500] if over else [40, 96, 200]))
    distance = rng.uniform(0.4, 0.75) if over else rng.uniform(0.6, 1.1)
    latent = int(rng.choice([40, 60] if over else [10, 20, 32]))
    world = World(rng, classes, width, distance, latent, noise=0.4 if over else 0.05)
    counts = _sizes(rng, classes)
    k = int(rng.integers(classes // 2, classes))
    counts[k] = counts[k].clip(20, 150)
    seed = int(rng.integers(1 << 30))
    settings = {
        "hidden": ((), (), (64,), (96, 48))[rng.integers(4)],
        "epochs": rng.uniform(900, 2000) * BATCH / counts.sum(),
        "rate": 10 ** rng.uniform(-2, -1.2),
        "decay": 0.0 if over else float(rng.choice([1e-4, 1e-3])),
    }

    def learn(splits, **changed):
        return Case.from_network(k, splits, *train(splits, classes, seed, **(settings | changed)))

    return _PLANT[cause](world, rng, counts, k, learn, settings)


def _few(world, rng, counts, k, learn, settings):
    counts[k] = rng.integers(2, 17)
    case = learn(world.splits(counts)).if_ignored()
    return case if counts[k] < 10 else _more_images_help(case, world, counts, k, learn)


def _over(world, rng, counts, k, learn, settings):
    counts[k] = rng.integers(20, 50)
    splits = world.splits(counts)
    case = learn(splits).if_ignored()
    x, y = splits["train"]
    if case is None or case.recall(x[y == k]) < 0.8:
        return None
    return _more_images_help(case, world, counts, k, learn)


def _more_images_help(case, world, counts, k, learn):
    """Keep a class that is recognised of twelve times the images, and not without the prior."""
    fresh = world.draw(k, 200)
    if case is None or case.prior_free_recall(fresh) >= FAR_FROM_IT:
        return None
    more = np.where(np.arange(len(counts)) == k, 12 * counts, counts)
    return case if learn(world.splits(more)).recognises(fresh) else None


def _under(world, rng, counts, k, learn, settings):
    splits = world.splits(counts)
    case = learn(splits, epochs=rng.integers(1, 4), rate=10 ** rng.uniform(-4, -2)).if_ignored()
    return case if case and learn(splits).recall(world.draw(k, 200)) >= kinds.ENOUGH else None


def _confusable(world, rng, counts, k, learn, settings):
    twin = int(rng.integers(0, world.classes // 2))
    counts[k] = rng.integers(24, 90)
    counts[twin] = max(counts[twin], int(2.5 * counts[k]))
    apart = rng.normal(size=world.latent) * 0.08 / np.sqrt(world.latent)
    world.centres[k], world.scales[k] = world.centres[twin] + apart, world.scales[twin]
    return learn(world.splits(counts)).if_ignored()


def _wrong(world, rng, counts, k, learn, settings):
    counts[k] = rng.integers(28, 140)
    among = None
    if rng.random() < 0.4:
        others = np.delete(np.arange(world.classes), k)
        among = rng.choice(others, min(len(others), 3), replace=False)
    share = rng.uniform(0.55, 0.85)
    splits = exchange_everywhere(world.splits(counts), k, share, rng, among)
    return learn(splits).if_ignored()


def _prior(world, rng, counts, k, learn, settings):
    counts[k] = rng.integers(16, 50)
    largest = int(np.argmax(np.where(np.arange(len(counts)) == k, -1, counts)))
    part = rng.uniform(0.3, 0.75)
    world.centres[k] = world.centres[k][:1] * (1 - part) + world.centres[largest].mean(0) * part
    splits, fresh = world.splits(counts), world.draw(k, 200)
    case = learn(splits).if_ignored()
    if case is None or case.prior_free_recall(fresh) < kinds.ENOUGH:
        return None
    longer = learn(splits, epochs=2 * settings["epochs"])
    return case if longer.recall(fresh) < kinds.ENOUGH else None


def _training_labels(swapped):
    def plant(world, rng, counts, k, learn, settings):
        counts[k] = rng.integers(24, 140)
        splits = world.splits(counts)
        if not learn(splits).recognises(world.draw(k, 200)):
            return None
        other = [int(rng.choice(np.delete(np.arange(world.classes), k)))]
        share = rng.uniform(0.65, 1) if swapped else rng.uniform(0.55, 0.95)
        x, y = splits["train"]
        splits["train"] = x, exchange(y, k, share, rng, other if swapped else None)
        return learn(splits).if_ignored()

    return plant


def _shift(world, rng, counts, k, learn, settings):
    splits, fresh = world.splits(counts), world.draw(k, 200)
    spread, width = splits["train"][0].std(0), splits["train"][0].shape[1]
    factor = [rng.uniform(0.1, 0.6), 1, rng.random(width) < rng.uniform(0.3, 0.7)][rng.integers(3)]
    added = spread * np.abs(rng.normal(size=width)) * rng.uniform(0.8, 2.5) * np.all(factor == 1)
    alone, only_test = rng.random() < 0.5, rng.random() < 0.4
    for name in ("test",) if only_test else ("val", "test"):
        x, y = splits[name]
        shifted = ((y == k) | (not alone))[:, None]
        splits[name] = np.where(shifted, x * factor + added, x).astype(np.float32), y
    case = learn(splits).if_ignored()
    return case if case and case.recall(fresh) >= kinds.ENOUGH else None


def _weak(world, rng, counts, k, learn, settings):
    world.hidden = rng.random(world.latent) < rng.uniform(0.8, 0.95)
    return learn(world.splits(counts), hidden=()).if_ignored()


def _test_labels(world, rng, counts, k, learn, settings):
    splits = world.splits(counts)
    for name in ("val", "test"):
        splits[name] = splits[name][0], exchange(splits[name][1], k, 1, rng)
    case = learn(splits).if_ignored()
    return case if case and case.recall(world.draw(k, 200)) >= kinds.ENOUGH else None


def _between(world, rng, counts, k, learn, settings):
    others = np.delete(np.arange(world.classes), k)

    def between(n):
        pairs = [rng.choice(others, 2, replace=False) for _ in range(n)]
        middles = [np.mean([world.latents(c, 1)[0] for c in pair], 0) for pair in pairs]
        return np.reshape(middles, (n, world.latent))

    world.drawn_as[k] = between
    return _more_images_do_not_help(world, counts, k, learn)


def _more_images_do_not_help(world, counts, k, learn, **settings):
    """Return a case whose class is recognised neither of more images nor without the prior."""
    case, fresh = learn(world.splits(counts), **settings).if_ignored(), world.draw(k, 200)
    if case is None or case.prior_free_recall(fresh) >= kinds.ENOUGH:
        return None
    larger = world.splits(np.where(np.arange(len(counts)) == k, 12 * counts, counts))
    return None if learn(larger, **settings).recognises(fresh) else case


def _around(world, rng, counts, k, learn, settings):
    largest = int(np.argmax(np.where(np.arange(len(counts)) == k, -1, counts)))
    way = rng.normal(size=world.latent)
    way *= rng.uniform(0.8, 1.6) / np.linalg.norm(way)
    world.drawn_as[k] = lambda n: world.latents(largest, n) + way * rng.choice([-1, 1], (n, 1))
    case = _more_images_do_not_help(world, counts, k, learn, hidden=())
    if case is None:
        return None
    larger = world.splits(np.where(np.arange(len(counts)) == k, 12 * counts, counts))
    return case if learn(larger, hidden=(96, 48)).recognises(world.draw(k, 200)) else None


def _no_weight(world, rng, counts, k, learn, settings):
    splits = world.splits(counts)
    unweighted = learn(without(splits, k))
    # the diagnosis gets all of its training images
    case = Case.from_network(k, splits, unweighted.network, unweighted.evidence.class_losses)
    return case.if_ignored() if learn(splits).recall(world.draw(k, 200)) >= kinds.ENOUGH else None


def _both(world, rng, counts, k, learn, settings):
    splits = world.splits(counts)
    x, y = splits["train"]
    splits["train"] = x, exchange(y, k, rng.uniform(0.3, 0.5), rng)
    for name in ("val", "test"):
        x, y = splits[name]
        splits[name] = np.where((y == k)[:, None], 0.7 * x, x).astype(np.float32), y
    return learn(splits).if_ignored()


def _permuted(world, rng, counts, k, learn, settings):
    case = learn(world.splits(counts))
    order = np.roll(np.arange(world.classes), rng.integers(1, world.classes))
    evidence = replace(case.evidence, predicted=order[case.evidence.predicted])
    return replace(case, evidence=evidence).if_ignored()


def _empty(world, rng, counts, k, learn, settings):
    largest = int(np.argmax(np.where(np.arange(len(counts)) == k, -1, counts)))
    splits = world.splits(counts)
    for x, y in splits.values():  # all images of the class show nothing, and some of another
        x[(y == k) | ((y == largest) & (rng.random(len(y)) < 0.4))] = 0
    return learn(splits).if_ignored()


_PLANT = {
    **{kinds.FEW: _few, kinds.UNDER: _under, kinds.CONFUSABLE: _confusable, kinds.WRONG: _wrong},
    **{kinds.PRIOR: _prior, kinds.SHIFT: _shift, kinds.OVER: _over, kinds.WEAK: _weak},
    **{kinds.NOISE: _training_labels(False), kinds.SWAP: _training_labels(True)},
    **{kinds.TEST_LABELS: _test_labels, kinds.BETWEEN: _between, kinds.AROUND: _around},
    **{kinds.NO_WEIGHT: _no_weight, kinds.BOTH: _both, kinds.PERMUTED: _permuted},
    **{kinds.EMPTY: _empty},
}

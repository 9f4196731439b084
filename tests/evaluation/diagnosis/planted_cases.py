"""Networks with a planted cause, made on drawn features; the rules were fixed on these.

A case trains a softmax head, sometimes with a hidden layer below it, by minibatch Adam.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.special import log_softmax, softmax

from tests.evaluation.diagnosis import planted_case as kinds
from tests.evaluation.diagnosis.planted_case import (
    FAR_FROM_IT,
    Case,
    exchange,
    exchange_everywhere,
    first_case,
    without,
)


@dataclass
class Gaussians:
    """Classes around means in pairs of neighbours, spread unequally along the features."""

    classes: int
    rng: np.random.Generator
    width: int
    distance: float  # between the means of two classes, in standard deviations of each

    def __post_init__(self):
        means = self.rng.normal(size=(self.classes, self.width))
        means *= self.distance / np.sqrt(2 * self.width)
        self.drawn_as = {}  # class -> a function that draws means of its images, (n, D)
        self.visible = slice(None)  # features that a network gets
        self.scales = np.exp(self.rng.normal(0, 0.5, self.width))
        self.means = means

    def bring_near(self, c, other, distance):
        """Put class c beside another one."""
        way = self.rng.normal(size=self.width)
        self.means[c] = self.means[other] + way * distance / np.linalg.norm(way)

    def draw(self, c, n):
        """Return (n, D) images of class c."""
        means = self.drawn_as[c](n) if c in self.drawn_as else self.means[c]
        images = (means + self.rng.normal(size=(n, self.width))) * self.scales
        return images[:, self.visible].astype(np.float32)


def train(x, y, splits, classes, rng, *, epochs, rate, hidden=0, decay=0.0, validations=12):
    """Minibatch Adam; returns a function features -> (hidden features, logits), and losses."""
    mean, std = x.mean(0), x.std(0)
    std = np.where(std > 1e-3, std, 1).astype(np.float32)  # a dead channel stays dead
    x = (x - mean) / std
    sizes = [x.shape[1], hidden, classes] if hidden else [x.shape[1], classes]
    weights = [
        rng.uniform(-1, 1, (b, a)).astype(np.float32) / np.sqrt(a) for a, b in pairwise(sizes)
    ]
    if hidden:
        weights[0] *= 6**0.5
    params = weights + [np.zeros(b, np.float32) for b in sizes[1:]]
    m, v = [np.zeros_like(p) for p in params], [np.zeros_like(p) for p in params]
    layers = len(weights)

    def forward(z):
        for i in range(layers - 1):
            z = np.maximum(z @ params[i].T + params[layers + i], 0)
        return z, z @ params[layers - 1].T + params[-1]

    def losses():
        vx, vy = splits
        log_p = log_softmax(forward((vx - mean) / std)[1], axis=1)
        out = np.full(classes, np.nan)
        for c in np.unique(vy):
            out[c] = -log_p[vy == c, c].mean()
        return out

    per_epoch = -(-len(x) // 64)
    total = max(1, round(epochs * per_epoch))
    marks = set(np.linspace(0, total, validations + 1).round().astype(int)[1:])
    curve = []
    order = np.empty(0, int)
    for step in range(1, total + 1):
        if len(order) < 64:
            order = np.concatenate([order, rng.permutation(len(x))])
        b, order = order[:64], order[64:]
        z, logits = forward(x[b])
        g = softmax(logits, axis=1)
        g[np.arange(len(b)), y[b]] -= 1
        g /= len(b)
        grads = [None] * len(params)
        grads[layers - 1], grads[-1] = g.T @ z, g.sum(0)
        if hidden:
            back = (g @ params[1]) * (z > 0)
            grads[0], grads[2] = back.T @ x[b], back.sum(0)
        for i, (p, d) in enumerate(zip(params, grads, strict=True)):
            m[i] += 0.1 * (d - m[i])
            v[i] += 0.001 * (d * d - v[i])
            p -= rate * (m[i] / (1 - 0.9**step)) / (np.sqrt(v[i] / (1 - 0.999**step)) + 1e-8)
            if p.ndim == 2 and decay:
                p *= 1 - rate * decay
        if step in marks:
            curve.append(losses())
    return lambda q: forward((q - mean) / std), np.array(curve)


def developed(cause, seed, first=0):
    """Return a case on drawn features of a random geometry and its attempt, see `first_case`."""
    return first_case(_attempt, cause, seed, 7, first)


def long_tail(rng, classes, head, ratio):
    profile = head * ratio ** (-np.arange(classes) / (classes - 1))
    return np.maximum(3, (profile * rng.uniform(0.8, 1.25, classes)).round()).astype(int)


def draw_splits(source, counts, even_test=0):
    """Draw `counts` training images (C,), an eighth of each to validate and to test.

    `even_test`: so many test images of each class.
    """
    classes = len(counts)
    eighth = np.maximum(1, np.round(counts / 8).astype(int))
    test = np.full(classes, even_test) if even_test else eighth
    return {
        name: (
            np.concatenate([source.draw(c, n[c]) for c in range(classes)]),
            np.repeat(np.arange(classes), n),
        )
        for name, n in {"train": counts, "val": eighth, "test": test}.items()
    }


def _attempt(cause, rng):
    classes, over = int(rng.integers(5, 18)), cause == kinds.OVER
    width = int(rng.choice([200, 400] if over else [16, 32, 64, 128]))
    distance = rng.uniform(2.3, 3.8) if over else rng.uniform(2.8, 5)
    source = Gaussians(classes, rng, width, distance)
    counts = long_tail(rng, classes, rng.uniform(250, 600), rng.uniform(10, 50))
    settings = {
        "epochs": rng.uniform(900, 1800) * 64 / counts.sum(),
        "rate": 10 ** rng.uniform(-3, -2.3),
        "hidden": int(rng.choice([0, 0, 32, 64])),
        "decay": 0.0 if over else float(rng.choice([0.0, 0.1])),
    }
    k = int(rng.integers(classes // 2, classes))
    fewest = {kinds.FEW: (3, 17), kinds.PRIOR: (16, 45), kinds.OVER: (20, 50)}
    if cause in fewest:
        counts[k] = rng.integers(*fewest[cause])
    counts[k] = max(counts[k], 3 if cause in fewest else 24)
    even_test = int(rng.choice([0, 0, 25]))

    def learn(splits, **changed):
        x, y = splits["train"]
        network = train(x, y, splits["val"], classes, rng, **(settings | changed))
        return Case.from_network(k, splits, *network)

    _arrange(cause, source, rng, counts, k)
    return _plant(cause, source, rng, counts, k, even_test, learn, settings)


def _arrange(cause, source, rng, counts, k):
    """Put class k where the cause wants it."""
    others = np.delete(np.arange(len(counts)), k)
    if cause == kinds.CONFUSABLE:
        counts[k], twin = rng.integers(24, 80), int(rng.integers(0, len(counts) // 2))
        counts[twin] = min(counts[k] * rng.uniform(2.5, 8), 1500)
        source.means[k] = source.means[twin]
    if cause == kinds.PRIOR:
        source.bring_near(k, int(rng.integers(0, 2)), rng.uniform(1.5, 2.6))
    if cause == kinds.WEAK:
        visible = max(2, int(source.width * rng.uniform(0.03, 0.12)))
        source.visible = rng.permutation(source.width)[:visible]
    if cause == kinds.BETWEEN:
        source.drawn_as[k] = lambda n: np.reshape(
            [source.means[rng.choice(others, 3, replace=False)].mean(0) for _ in range(n)],
            (n, source.width),
        )
    if cause == kinds.AROUND:
        way = rng.normal(size=source.width)
        way *= rng.uniform(1.5, 3) / np.linalg.norm(way)
        middle = source.means[rng.choice(others)]
        source.drawn_as[k] = lambda n: middle + way * rng.choice([-1, 1], (n, 1))


def _plant(cause, source, rng, counts, k, even_test, learn, settings):
    splits, fresh = draw_splits(source, counts, even_test), source.draw(k, 200)
    x, y = splits["train"]
    if cause in (kinds.FEW, kinds.OVER):
        case = learn(splits).if_ignored()
        if case is None or counts[k] < 10:
            return case
        if case.prior_free_recall(fresh) >= FAR_FROM_IT:
            return None
        if cause == kinds.OVER and case.recall(x[y == k]) < 0.8:
            return None
        more = np.where(np.arange(len(counts)) == k, 12 * counts, counts)
        return case if learn(draw_splits(source, more)).recognises(fresh) else None
    if cause == kinds.UNDER:
        short = {"epochs": 10 ** rng.uniform(-0.5, 0.7), "rate": 10 ** rng.uniform(-4.3, -2.3)}
        case = learn(splits, **short).if_ignored()
        # trained on, the class is recognised
        return case if case and learn(splits).recall(fresh) >= kinds.ENOUGH else None
    if cause == kinds.PRIOR:
        case = learn(splits).if_ignored()
        # the correction finds it, training on does not: else it would be under-trained
        if case is None or case.prior_free_recall(fresh) < kinds.ENOUGH:
            return None
        longer = learn(splits, epochs=2 * settings["epochs"])
        return case if longer.recall(fresh) < kinds.ENOUGH else None
    if cause in (kinds.NOISE, kinds.SWAP):
        if not learn(splits).recognises(fresh):
            return None
        others = np.delete(np.arange(len(counts)), k)
        among = [int(rng.choice(others))] if cause == kinds.SWAP else None
        share = rng.uniform(0.7, 1) if cause == kinds.SWAP else rng.uniform(0.6, 0.95)
        splits["train"] = x, exchange(y, k, share, rng, among)
    if cause == kinds.WRONG:
        splits = exchange_everywhere(splits, k, rng.uniform(0.6, 0.85), rng)
    if cause in (kinds.SHIFT, kinds.BOTH):
        _shift(splits, source, rng, k, alone=rng.random() < 0.5, only_test=rng.random() < 0.4)
        if cause == kinds.BOTH:
            splits["train"] = x, exchange(y, k, rng.uniform(0.2, 0.45), rng)
    if cause == kinds.TEST_LABELS:
        for name in ("val", "test"):
            splits[name] = splits[name][0], exchange(splits[name][1], k, 1, rng)
    if cause == kinds.NO_WEIGHT:
        unweighted = learn(without(splits, k))
        case = Case.from_network(k, splits, unweighted.network, unweighted.evidence.class_losses)
        return case.if_ignored() if learn(splits).recall(fresh) >= kinds.ENOUGH else None
    linear = {"hidden": 0} if cause in (kinds.WEAK, kinds.AROUND) else {}
    case = learn(splits, **linear).if_ignored()
    if cause in (kinds.BETWEEN, kinds.AROUND):
        if case is None or case.prior_free_recall(fresh) >= kinds.ENOUGH:
            return None
        more = np.where(np.arange(len(counts)) == k, 12 * counts, counts)
        larger = draw_splits(source, more)  # more images would be another cause
        if learn(larger, **linear).recognises(fresh):
            return None
        bent = cause == kinds.BETWEEN or learn(larger, hidden=64).recognises(fresh)
        return case if bent else None
    if cause in (kinds.SHIFT, kinds.TEST_LABELS):
        return case if case and case.recall(fresh) >= kinds.ENOUGH else None
    return case


def _shift(splits, source, rng, k, alone, only_test):
    factor, size = rng.uniform(0.3, 1), rng.uniform(1, 4) * rng.uniform(0.3, 1)
    added = rng.normal(size=source.width) * source.scales * size
    for name in ("test",) if only_test else ("val", "test"):
        x, y = splits[name]
        shifted = ((y == k) | (not alone))[:, None]
        splits[name] = np.where(shifted, x * factor + added, x).astype(np.float32), y


def ignored(evidence):
    """Return the classes that are hardly ever found in the test images."""
    images = np.bincount(evidence.test.labels, minlength=len(evidence.train_counts))
    return [
        c
        for c in range(len(images))
        if images[c]
        and (evidence.predicted[evidence.test.labels == c] == c).mean() <= kinds.NEAR_ZERO
    ]


def healthy(seed):
    """Return a well-trained network on classes of like size that lie apart."""
    rng = np.random.default_rng([seed, 99])
    classes = int(rng.integers(2, 10))
    source = Gaussians(classes, rng, 32, 6.0)
    splits = draw_splits(source, rng.integers(60, 120, classes))
    network = train(*splits["train"], splits["val"], classes, rng, epochs=10, rate=3e-3)
    return Case.from_network(0, splits, *network).evidence

"""Networks whose ignored class has a known cause, made on features that can be drawn or given.

A case trains a softmax head, sometimes with a hidden layer below it, by minibatch Adam. What it
returns is what a run stores, so a diagnosis sees no more than it would in a run.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
from scipy.special import log_softmax, softmax

from benchmark.evaluation.diagnosis.evidence import Evidence
from benchmark.strategy.outputs import Outputs

FEW, UNDER, CONFUSABLE, WRONG, PRIOR = (
    "too few images",
    "under-trained",
    "confusable",
    "wrong labels",
    "prior bias",
)
CAUSES = (FEW, UNDER, CONFUSABLE, WRONG, PRIOR)
NEAR_ZERO = 0.1


class Source(Protocol):
    """Where features come from."""

    classes: int

    def draw(self, c, n):
        """Return (n, D) images of class c that were not drawn before."""

    def remaining(self, c):
        """Return how many more can be drawn."""


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
        self.scales = np.exp(self.rng.normal(0, 0.5, self.width))
        self.means = means

    def bring_near(self, c, other, distance):
        """Put class c beside another one."""
        way = self.rng.normal(size=self.width)
        self.means[c] = self.means[other] + way * distance / np.linalg.norm(way)

    def draw(self, c, n):
        noise = self.rng.normal(size=(n, self.width))
        return ((self.means[c] + noise) * self.scales).astype(np.float32)

    def remaining(self, c):
        return 1 << 30

    def crowd(self, c, rng):
        """Put class c near one of the two largest, but apart from it."""
        self.bring_near(c, int(rng.integers(0, 2)), rng.uniform(1.5, 2.6))


@dataclass(frozen=True)
class Case:
    """A trained network with its planted class."""

    cause: str
    target: int
    inputs: Evidence
    recall: float  # share of fresh, rightly labelled images of the class found by argmax
    corrected_recall: float  # after prior correction
    twin: int | None = None


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


def outputs(network, x, y):
    features, logits = network(x)
    return Outputs(logits.astype(np.float32), features.astype(np.float16), y)


def wrong_labels(y, k, share, rng, classes):
    """Give a share of class k's images other labels, and as many others the label k."""
    y = y.copy()
    mine, others = np.flatnonzero(y == k), np.flatnonzero(y != k)
    out = rng.permutation(mine)[: round(share * len(mine))]
    into = rng.choice(others, len(out), replace=False)
    y[out] = rng.choice(np.delete(np.arange(classes), k), len(out))
    y[into] = k
    return y


@dataclass(frozen=True)
class Images:
    """Training, validation and test images of one case, and fresh ones of the target's kind."""

    splits: dict[str, tuple[np.ndarray, np.ndarray]]  # features (n, D), labels (n,)
    fresh: np.ndarray  # (n, D) that no label has touched
    counts: np.ndarray  # (C,) training images by label
    target: int
    twin: int | None


def collect(source, rng, counts, target, *, twin=None, share=0.0, even_test=0):
    """Draw `counts` training images (C,), an eighth of each to validate and to test.

    `twin`: the class whose images the target's are, in truth. `share`: wrong labels, the same on
    all sides, as a careless labeller would. `even_test`: so many test images of each class.
    """
    classes = len(counts)
    eighth = np.maximum(1, np.round(counts / 8).astype(int))
    sizes = {"train": counts, "val": eighth, "test": eighth}
    if even_test:
        sizes["test"] = np.full(classes, even_test)
    kind = [twin if (c == target and twin is not None) else c for c in range(classes)]
    features = {
        split: np.concatenate([source.draw(kind[c], n[c]) for c in range(classes)])
        for split, n in sizes.items()
    }
    labels = {split: np.repeat(np.arange(classes), n) for split, n in sizes.items()}
    fresh = source.draw(kind[target], min(200, source.remaining(kind[target])))
    if share:
        changed = wrong_labels(np.concatenate(list(labels.values())), target, share, rng, classes)
        ends = np.cumsum([len(y) for y in labels.values()])[:-1]
        labels = dict(zip(sizes, np.split(changed, ends), strict=True))
    splits = {split: (features[split], labels[split]) for split in sizes}
    return Images(splits, fresh, np.bincount(labels["train"], minlength=classes), target, twin)


def learn(cause, images, rng, **training):
    """Train a network on the images of a case."""
    classes = len(images.counts)
    x, y = images.splits["train"]
    network, curve = train(x, y, images.splits["val"], classes, rng, **training)
    test = outputs(network, *images.splits["test"])
    inputs = Evidence(
        outputs(network, *images.splits["val"]),
        test,
        test.logits.argmax(1),
        images.counts,
        curve,
    )
    logits = network(images.fresh)[1]
    recall = float((logits.argmax(1) == images.target).mean())
    case = float((prior_corrected(logits, images.counts) == images.target).mean())
    return Case(cause, images.target, inputs, recall, case, images.twin)


def prior_corrected(logits, counts):
    """Argmax without the prior."""
    return (logits - np.log(np.maximum(counts, 1) / counts.sum())).argmax(1)


def near_zero(case):
    """Whether the planted class came out as a case: hardly ever found."""
    mine = case.inputs.test.labels == case.target
    return bool(mine.any()) and (case.inputs.predicted[mine] == case.target).mean() <= NEAR_ZERO


def long_tail(rng, classes, head, ratio):
    profile = head * ratio ** (-np.arange(classes) / (classes - 1))
    return np.maximum(3, (profile * rng.uniform(0.8, 1.25, classes)).round()).astype(int)


ENOUGH = 0.5  # of a class' fresh images are found: by the corrected network, or by one trained on
FEWEST = 24  # training images of a class that is not planted as too small
ATTEMPTS = 40


def synthetic(cause, seed, first=0):
    """Return a case on drawn features of a random geometry, and which attempt it came of.

    `first`: the attempt to begin with, where it is known that those before come to none.
    """
    for attempt in range(first, ATTEMPTS):
        rng = np.random.default_rng([seed, CAUSES.index(cause), attempt])
        case = _synthetic(cause, rng)
        if case is not None:
            return case, attempt
    raise ValueError(f"no case of {cause} came of seed {seed}")


def _synthetic(cause, rng):
    classes = int(rng.integers(5, 18))
    source = Gaussians(classes, rng, int(rng.choice([16, 32, 64, 128])), float(rng.uniform(2.8, 5)))
    counts = long_tail(rng, classes, rng.uniform(250, 600), rng.uniform(10, 50))
    training = {
        "epochs": rng.uniform(900, 1800) * 64 / counts.sum(),
        "rate": 10 ** rng.uniform(-3, -2.3),
        "hidden": int(rng.choice([0, 0, 32, 64])),
        "decay": float(rng.choice([0.0, 0.1])),
    }
    settings = {"even_test": int(rng.choice([0, 0, 25]))}
    return plant(cause, source, rng, counts, training, settings)


def plant(cause, source, rng, counts, training, settings):
    """Plant a cause among classes of `counts` images; None if no case comes of it."""
    classes = len(counts)
    target = int(rng.integers(classes // 2, classes))
    if cause == FEW:
        counts[target] = rng.integers(2, 7)
    if cause == CONFUSABLE:
        counts[target] = rng.integers(FEWEST, 80)
        settings["twin"] = twin = int(rng.integers(0, classes // 2))
        whole = source.remaining(twin) / 1.3  # an eighth each to validate and to test
        counts[twin] = min(counts[target] * rng.uniform(2.5, 8), whole - counts[target])
    if cause == WRONG:
        counts[target] = rng.integers(30, 120)
        settings["share"] = rng.uniform(0.6, 0.85)
    if cause == PRIOR:
        counts[target] = rng.integers(FEWEST, 45)
        source.crowd(target, rng)
    if cause == UNDER:
        counts[target] = max(counts[target], 25)
        short = training | {
            "epochs": 10 ** rng.uniform(-0.5, 0.7),
            "rate": 10 ** rng.uniform(-4.3, -2.3),
        }
        images = collect(source, rng, counts, target, **settings)
        case = learn(cause, images, rng, **short)
        if not near_zero(case):
            return None
        # trained on, the class is found
        return case if learn(cause, images, rng, **training).recall >= ENOUGH else None
    images = collect(source, rng, counts, target, **settings)
    case = learn(cause, images, rng, **training)
    if not near_zero(case):
        return None
    if cause == PRIOR:
        # the correction finds it, training on does not: else it would be under-trained
        twice = training | {"epochs": 2 * training["epochs"]}
        if case.corrected_recall < ENOUGH or learn(cause, images, rng, **twice).recall >= ENOUGH:
            return None
    return case


@dataclass
class Photographs:
    """Features of real images, each used once: (N, D) and their classes (N,)."""

    features: np.ndarray
    labels: np.ndarray
    rng: np.random.Generator

    def __post_init__(self):
        self.kinds = np.unique(self.labels)
        self.classes = len(self.kinds)
        self.waiting = [self.rng.permutation(np.flatnonzero(self.labels == c)) for c in self.kinds]

    def draw(self, c, n):
        if n > self.remaining(c):
            raise ValueError(f"{n} images of class {c} wanted, {self.remaining(c)} are left")
        taken, self.waiting[c] = self.waiting[c][:n], self.waiting[c][n:]
        return self.features[taken].astype(np.float32)

    def remaining(self, c):
        return len(self.waiting[c])

    def crowd(self, c, rng):
        """Photographs lie where they lie."""


def photographed(cause, seed, blocks, labels):
    """Return a case on features {block: (N, D)} of images, and how many attempts came to none."""
    for attempt in range(ATTEMPTS):
        rng = np.random.default_rng([seed, CAUSES.index(cause), attempt, 1])
        kinds = rng.permutation(np.unique(labels))[: rng.integers(6, 18)]
        block = sorted(blocks)[rng.integers(len(blocks))]
        class_index = np.full(labels.max() + 1, -1)
        class_index[kinds] = np.arange(len(kinds))
        in_use = class_index[labels] >= 0
        source = Photographs(blocks[block][in_use], class_index[labels[in_use]], rng)
        # among many images of all the others a class of few is most easily ignored
        head, ratio = (280, 2) if cause == PRIOR else (200, rng.uniform(4, 12))
        counts = long_tail(rng, len(kinds), head, ratio).clip(max=300)
        training = {
            "epochs": rng.uniform(800, 1500) * 64 / counts.sum(),
            "rate": 10 ** rng.uniform(-3.3, -2.7),
            "decay": float(rng.choice([0.0, 0.1])),
        }
        if cause == PRIOR:
            training["decay"] = 10 ** rng.uniform(0.3, 1)  # smooth networks follow the prior
        case = plant(cause, source, rng, counts, training, {})
        if case is not None:
            return case, attempt
    raise ValueError(f"no case of {cause} came of seed {seed}")


def ignored(inputs):
    """Return the classes that are hardly ever found in the test images."""
    images = np.bincount(inputs.test.labels, minlength=len(inputs.train_counts))
    return [
        c
        for c in range(len(images))
        if images[c] and (inputs.predicted[inputs.test.labels == c] == c).mean() <= NEAR_ZERO
    ]


def healthy(seed):
    """Return a well-trained network on classes of like size that lie apart."""
    rng = np.random.default_rng([seed, 99])
    classes = int(rng.integers(2, 10))
    source = Gaussians(classes, rng, 32, 6.0)
    images = collect(source, rng, rng.integers(60, 120, classes), 0)
    return learn("", images, rng, epochs=10, rate=3e-3).inputs


def features_of_wheels(blocks, per_class, seed, size):
    """Return {block: (N, D) fp16} of rendered wheels by the bundled weights, and labels (N,)."""
    import torch

    from benchmark.data.wheels import Wheels
    from benchmark.model.inception_v3 import INCEPTION_V3
    from benchmark.model.network import build_network
    from benchmark.model.weights import load_weights

    images = Wheels(images=17 * per_class, classes=17, ratio=1, seed=seed).draw()
    network = build_network(INCEPTION_V3, load_weights("bundled").read()).eval()
    features = {block: [] for block in blocks}
    for begun in range(0, len(images), 16):
        several = range(begun, min(begun + 16, len(images)))
        pixels = np.stack([np.asarray(images.reader.image(i, size)) for i in several])
        x = torch.from_numpy(pixels).permute(0, 3, 1, 2).float().div(127.5).sub(1)
        with torch.inference_mode():
            for name, layers in network.named_children():
                x = layers(x)
                if name in features:
                    features[name].append(x.mean((2, 3)).numpy().astype(np.float16))
                if name == blocks[-1]:
                    break
    return {block: np.concatenate(batches) for block, batches in features.items()}, images.labels

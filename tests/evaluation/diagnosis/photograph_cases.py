"""Planted causes on photographs, each used once, by the features of a pretrained InceptionV3.

Heads are trained by Adam on the frozen features. Shifted test images are the same photographs,
blurred or darkened. No threshold was chosen by these cases.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageEnhance, ImageFilter

from benchmark.model.inception_v3 import INCEPTION_V3
from benchmark.model.network import build_network
from benchmark.model.weights import load_weights
from tests.evaluation.diagnosis import planted_case as kinds
from tests.evaluation.diagnosis.planted_case import (
    FAR_FROM_IT,
    Case,
    exchange,
    exchange_everywhere,
    first_case,
    without,
)
from tests.evaluation.diagnosis.planted_cases import train

BLOCK, SIZE = "Mixed_6e", 128
ALTERED = {
    "as they are": lambda image: image,
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(2.5)),
    "darkened": lambda image: ImageEnhance.Brightness(image).enhance(0.25),
}
SMALLEST = 95  # photographs of a class


def features_of(folder: Path, weights: str):
    """Return {name in ALTERED: features (N, D)} of a folder of classes, and labels (N,)."""
    files = sorted(folder.glob("*/*.jpg"))
    names = sorted({file.parent.name for file in files})
    network = build_network(INCEPTION_V3, load_weights(weights).read()).eval()
    features = {name: [] for name in ALTERED}
    for begin in range(0, len(files), 32):
        images = [
            Image.open(file).convert("RGB").resize((SIZE, SIZE))
            for file in files[begin : begin + 32]
        ]
        for name, alter in ALTERED.items():
            pixels = np.stack([np.asarray(alter(image)) for image in images])
            x = torch.from_numpy(pixels).permute(0, 3, 1, 2).float().div(127.5).sub(1)
            with torch.inference_mode():
                for block, layers in network.named_children():
                    x = layers(x)
                    if block == BLOCK:
                        break
            features[name].append(x.mean((2, 3)).numpy().astype(np.float16))
    labels = np.array([names.index(file.parent.name) for file in files])
    return {name: np.concatenate(batches) for name, batches in features.items()}, labels


@dataclass
class Photographs:
    """What is left of the photographs of each class, while one case is made."""

    features: dict[str, np.ndarray]
    labels: np.ndarray
    rng: np.random.Generator

    def __post_init__(self):
        self.sizes = np.bincount(self.labels)
        self.large = np.flatnonzero(self.sizes >= SMALLEST)
        self.left = [
            list(self.rng.permutation(np.flatnonzero(self.labels == c)))
            for c in range(len(self.sizes))
        ]
        self.channels = slice(None)

    def take(self, c, n):
        """Return positions of at most n photographs of class c that were not taken before."""
        taken, self.left[c] = self.left[c][:n], self.left[c][n:]
        return np.array(taken, int)

    def look(self, positions, how="as they are"):
        return self.features[how][positions][:, self.channels].astype(np.float32)


class Maker:
    """Makes cases on given photographs: a call returns a case and its attempt."""

    def __init__(self, features, labels):
        self.features, self.labels = features, labels

    def __call__(self, cause, seed, first=0):
        return first_case(self._attempt, cause, seed, 77, first)

    def _attempt(self, cause, rng):
        photographs = Photographs(self.features, self.labels, rng)
        return _attempt(cause, rng, photographs)


def _attempt(cause, rng, photographs):
    sizes = photographs.sizes
    least = 300 if cause in (kinds.OVER, kinds.CONFUSABLE) else SMALLEST
    own = int(rng.choice(np.flatnonzero(sizes >= least)))
    others = rng.permutation(np.setdiff1d(photographs.large, [own]))[: rng.integers(5, 12)]
    classes, k = [*others.tolist(), own], len(others)
    counts = [int(min(0.6 * sizes[c], rng.uniform(60, 400))) for c in others]
    few = {kinds.FEW: (3, 17), kinds.PRIOR: (16, 45), kinds.OVER: (20, 45)}
    counts = np.array([*counts, rng.integers(*few.get(cause, (24, 56)))])
    if cause == kinds.CONFUSABLE:
        twin = int(rng.choice(np.flatnonzero(sizes[others] >= 300)))
        classes[k] = classes[twin]
        most = 0.7 * sizes[classes[twin]] - 1.6 * counts[k]
        counts[twin] = int(min(counts[k] * rng.uniform(2.5, 5), most))
    if cause == kinds.WEAK:
        width = photographs.features["as they are"].shape[1]
        photographs.channels = rng.permutation(width)[: rng.integers(2, 7)]
    quarter = np.maximum(3, np.round(counts / 4).astype(int))
    quarter[k] = max(8, quarter[k])
    positions, splits = {}, {}
    for name, n in {"train": counts, "val": quarter, "test": quarter}.items():
        parts = [photographs.take(classes[c], n[c]) for c in range(k + 1)]
        positions[name] = np.concatenate(parts)
        splits[name] = (
            photographs.look(positions[name]),
            np.repeat(np.arange(k + 1), [len(part) for part in parts]),
        )
    settings = {
        "epochs": rng.uniform(700, 1500) * 64 / counts.sum(),
        "rate": 10 ** rng.uniform(-3.3, -2.7),
        # smooth networks follow the prior
        "decay": 10 ** rng.uniform(0.3, 1) if cause == kinds.PRIOR else 0.1 * rng.integers(2),
    }
    seed = int(rng.integers(1 << 30))

    def learn(splits, **changed):
        x, y = splits["train"]
        generator = np.random.default_rng(seed)
        network = train(x, y, splits["val"], k + 1, generator, **(settings | changed))
        return Case.from_network(k, splits, *network)

    return _plant(cause, rng, photographs, positions, splits, own, learn, settings)


def _plant(cause, rng, photographs, positions, splits, own, learn, settings):
    k = int(splits["train"][1].max())
    x, y = splits["train"]
    spare = photographs.take(own, 1 << 30)
    fresh, more = photographs.look(spare[:40]), photographs.look(spare[40:][: 9 * (y == k).sum()])

    def recalled(splits, **changed):
        return learn(splits, **changed).recall(fresh) >= kinds.ENOUGH

    if cause in (kinds.FEW, kinds.OVER):
        case = learn(splits).if_ignored()
        if case is None or (cause == kinds.FEW and (y == k).sum() < 10):
            return case
        if case.prior_free_recall(fresh) >= FAR_FROM_IT:
            return None
        if cause == kinds.OVER and case.recall(x[y == k]) < 0.8:
            return None
        larger = np.concatenate([x, more]), np.concatenate([y, np.full(len(more), k)])
        return case if learn({**splits, "train": larger}).recognises(fresh) else None
    if cause == kinds.UNDER:
        short = {"epochs": 10 ** rng.uniform(-0.5, 0.6), "rate": 10 ** rng.uniform(-4.7, -3)}
        case = learn(splits, **short).if_ignored()
        return case if case and recalled(splits) else None
    if cause == kinds.PRIOR:
        case = learn(splits).if_ignored()
        if case is None or case.prior_free_recall(fresh) < kinds.ENOUGH:
            return None
        return None if recalled(splits, epochs=2 * settings["epochs"]) else case
    if cause in (kinds.NOISE, kinds.SWAP):
        if not learn(splits).recognises(fresh):
            return None
        among = [int(rng.integers(k))] if cause == kinds.SWAP else None
        share = rng.uniform(0.7, 1) if cause == kinds.SWAP else rng.uniform(0.6, 0.95)
        splits["train"] = x, exchange(y, k, share, rng, among)
    if cause == kinds.WRONG:
        splits = exchange_everywhere(splits, k, rng.uniform(0.6, 0.85), rng)
    if cause in (kinds.SHIFT, kinds.BOTH):
        how, alone = rng.choice(["blurred", "darkened"]), rng.random() < 0.5
        for name in ("test",) if rng.random() < 0.4 else ("val", "test"):
            old, labels = splits[name]
            changed = ((labels == k) | (not alone))[:, None]
            splits[name] = np.where(changed, photographs.look(positions[name], how), old), labels
        if cause == kinds.BOTH:
            splits["train"] = x, exchange(y, k, rng.uniform(0.3, 0.5), rng)
    if cause == kinds.TEST_LABELS:
        for name in ("val", "test"):
            splits[name] = splits[name][0], exchange(splits[name][1], k, 1, rng)
    if cause == kinds.NO_WEIGHT:
        unweighted = learn(without(splits, k))
        case = Case.from_network(k, splits, unweighted.network, unweighted.evidence.class_losses)
        return case.if_ignored() if recalled(splits) else None
    case = learn(splits).if_ignored()
    if cause in (kinds.SHIFT, kinds.TEST_LABELS):
        return case if case and case.recall(fresh) >= kinds.ENOUGH else None
    return case


DRAWN = (kinds.BETWEEN, kinds.AROUND, kinds.PERMUTED, kinds.EMPTY)  # by other generators
PLANTED = [cause for cause in (*kinds.CAUSES, *kinds.BEYOND) if cause not in DRAWN]

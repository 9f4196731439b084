"""A trained network with one class whose recall has a planted cause, and how a diagnosis is scored.

A case gives a diagnosis what a run stores, and no more.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmark.evaluation.diagnosis import diagnose
from benchmark.evaluation.diagnosis.evidence import Evidence
from benchmark.execution.outputs import sample_classes
from benchmark.strategy.outputs import Outputs

NEAR_ZERO = 0.1  # recall up to which a class counts as ignored
ENOUGH = 0.5  # recall of fresh images that shows that a class can be recognised
FAR_FROM_IT = 0.35  # and that it can't
ATTEMPTS = 60

FEW, UNDER, OVER, WEAK = "too few images", "under-trained", "over-fitted", "weak features"
CONFUSABLE, WRONG, PRIOR = "confusable", "wrong labels", "prior bias"
NOISE, SWAP, SHIFT = "wrong training labels", "swapped training labels", "shift"
LABELS, IMAGES = "training labels unlike these", "test images unlike training images"
NOT_LINEAR, AROUND = "not linearly separable", "around another class"
# planted -> names that are right
CAUSES = {
    **{name: {name} for name in (FEW, UNDER, CONFUSABLE, WRONG, PRIOR)},
    **{NOISE: {LABELS}, SWAP: {LABELS}, SHIFT: {IMAGES}, OVER: {OVER}, WEAK: {WEAK}},
    AROUND: {NOT_LINEAR},
}
# what no rule was made for -> names that are right nevertheless
TEST_LABELS, BETWEEN = "wrong test labels", "between the classes"
NO_WEIGHT, BOTH = "no weight in the loss", "wrong training labels and a shift"
PERMUTED, EMPTY = "labels permuted after the decision", "empty images"
BEYOND = {
    **{TEST_LABELS: {LABELS, WRONG}, BETWEEN: set(), NO_WEIGHT: set()},
    **{BOTH: {LABELS, IMAGES}, PERMUTED: set(), EMPTY: set()},
}

Network = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]  # images -> features, logits
Split = tuple[np.ndarray, np.ndarray]  # images (n, D), labels (n,)


@dataclass(frozen=True)
class Case:
    target: int
    evidence: Evidence
    network: Network

    @classmethod
    def from_network(cls, target, splits: dict[str, Split], network, curve):
        """Return the case of a trained network; `curve` (T, C) are its validation losses."""
        x, y = splits["train"]
        classes = len(curve[0])
        stored = sample_classes(y)
        outputs = {
            name: _outputs(network, *split)
            for name, split in {**splits, "train": (x[stored], y[stored])}.items()
        }
        predicted = outputs["test"].logits.argmax(1)
        counts = np.bincount(y, minlength=classes)
        evidence = Evidence(
            outputs["val"], outputs["test"], predicted, counts, curve, outputs["train"]
        )
        return cls(target, evidence, network)

    def if_ignored(self):
        """Return the case if the class is hardly ever recognised, else None."""
        mine = self.evidence.test.labels == self.target
        recall = (self.evidence.predicted[mine] == self.target).mean() if mine.any() else 1
        return self if recall <= NEAR_ZERO else None

    def recall(self, images):
        """Recall of the class on other images of it, (n, D)."""
        return float((self.network(images)[1].argmax(1) == self.target).mean())

    def prior_free_recall(self, images):
        logits = self.network(images)[1] - self.evidence.log_prior
        return float((logits.argmax(1) == self.target).mean())

    def recognises(self, images):
        """Whether the class is recognised, if need be without the prior."""
        return max(self.recall(images), self.prior_free_recall(images)) >= ENOUGH

    def named(self):
        return next(d for d in diagnose(self.evidence) if d.index == self.target).cause


def _outputs(network, x, y):
    features, logits = network(x)
    return Outputs(logits.astype(np.float32), features.astype(np.float16), y)


def first_case(attempt, cause, seed, number, first=0):
    """Return a case and which attempt it came of, or None: most attempts give no ignored class.

    `first`: the attempt to begin with, where it is known that those before come to none.
    """
    kinds = [*CAUSES, *BEYOND]
    for k in range(first, ATTEMPTS):
        case = attempt(cause, np.random.default_rng([seed, kinds.index(cause), k, number]))
        if case is not None:
            return case, k
    return None


def exchange(y, k, share, rng, among=None):
    """Give images of class k the labels of as many others, and these the label k.

    `among`: the classes of the others.
    """
    y = y.copy()
    own = rng.permutation(np.flatnonzero(y == k))
    others = np.flatnonzero((y != k) if among is None else np.isin(y, among))
    n = min(round(share * len(own)), len(others))
    into = rng.choice(others, n, replace=False)
    y[own[:n]] = y[into]
    y[into] = k
    return y


def exchange_everywhere(splits, *arguments):
    """`exchange` over all splits at once, as a careless labeller would."""
    labels = exchange(np.concatenate([y for _, y in splits.values()]), *arguments)
    ends = np.cumsum([len(y) for _, y in splits.values()])[:-1]
    return {
        name: (splits[name][0], y) for name, y in zip(splits, np.split(labels, ends), strict=True)
    }


def without(splits, k, keep=2):
    """Leave `keep` images of class k in the training split."""
    x, y = splits["train"]
    kept = (y != k) | (np.cumsum(y == k) <= keep)
    return {**splits, "train": (x[kept], y[kept])}


def summary(pairs):
    """Return the confusion table and the shares that count, from (planted, named) pairs."""
    counts = Counter(pairs)
    result = {"planted": {}}
    for title, known in (("causes", CAUSES), ("beyond the causes", BEYOND)):
        cases = [(planted, name) for planted, name in pairs if planted in known]
        if cases:
            right = sum(name in known[planted] for planted, name in cases)
            unsure = sum(
                name == "undetermined" and name not in known[planted] for planted, name in cases
            )
            result[title] = {
                "cases": len(cases),
                "right": round(right / len(cases), 4),
                "undetermined": round(unsure / len(cases), 4),
                "confidently wrong": round((len(cases) - right - unsure) / len(cases), 4),
            }
        for planted in known:
            row = {name: n for (kind, name), n in sorted(counts.items()) if kind == planted}
            if row:
                result["planted"][planted] = row
    return result

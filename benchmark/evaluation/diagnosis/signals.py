"""Measurements, from stored outputs alone, of a class that is hardly ever recognised."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from scipy.stats import rankdata

from benchmark.evaluation.diagnosis import probe
from benchmark.evaluation.diagnosis.evidence import Evidence
from benchmark.evaluation.metrics.class_counts import Floats, Labels

RIVALS = 8  # classes in the probe besides the class itself: those that take most of its images
PROBED = 40  # images of each of them in the probe, of the class itself up to twice as many
NETWORK = 0.75  # weight of its AUC against the confuser: it has learnt from all training images

SIGNALS = (
    "train_images",
    "evidence_images",  # in validation and test
    "argmax_recall",  # of the largest logit, test images
    "prior_free_recall",  # by f - log pi, or with scale and prior fitted first: the higher of both
    "prior_free_cost",  # loss of recall of the large classes by that decision
    "network_auc",  # class against all others
    "probe_auc",
    "separability_auc",  # mean of the two
    "confuser_auc",  # class against its main confuser, by the network
    "probe_confuser_auc",
    "confuser_separability",  # both, see NETWORK
    "confuser_images",  # in validation and test
    "confuser_share",  # share of the class's images that the confuser takes, see `_taken_shares`
    "confuser_share_of_others",  # and of the remaining classes' images
    "confuser_entropy",  # of the likeliest other classes, 1: all alike
    "probe_recall_of_others",  # mean recall of the rivals, by the probe
    "network_recall_of_others",  # and by the network
    "scale",  # see Evidence.calibration
    "mcfadden_r2",  # see Evidence.mcfadden_r2
    "loss_fall",  # share by which the validation loss fell over the last third of the training
)


def measure(evidence: Evidence, k: int) -> tuple[dict[str, float], int | None]:
    """Return all SIGNALS of class k, nan where one is undefined, and its main confuser.

    The confuser is the class that takes the images of class k most beyond its share of all other
    images, without the prior. With the prior it would mostly be the largest class; without the
    comparison, a class that takes everything, whatever it looks like.
    """
    mine = evidence.labels == k
    tested = evidence.test.labels == k
    signals = dict.fromkeys(SIGNALS, np.nan) | {
        "train_images": float(evidence.train_counts[k]),
        "evidence_images": float(mine.sum()),
        "scale": evidence.calibration[0],
        "mcfadden_r2": evidence.mcfadden_r2,
        "loss_fall": loss_fall(evidence.class_losses),
    }
    taken, taken_of_others = _taken_shares(evidence, k)
    rivals = _rivals(evidence, k, taken, taken_of_others)
    if not mine.any() or not len(rivals):
        return signals, None
    confuser = int(rivals[0])
    signals["confuser_images"] = float(evidence.counts[confuser])
    signals["confuser_share"] = float(taken[confuser])
    signals["confuser_share_of_others"] = float(taken_of_others[confuser])
    if tested.any():
        signals["argmax_recall"] = float((evidence.test.logits[tested].argmax(1) == k).mean())
    signals |= _without_prior(evidence, k)
    signals |= _by_network(evidence, k, confuser)
    signals |= _by_probe(evidence, k, rivals)
    signals["separability_auc"] = (signals["network_auc"] + signals["probe_auc"]) / 2
    probe_part = (1 - NETWORK) * signals["probe_confuser_auc"]
    signals["confuser_separability"] = NETWORK * signals["confuser_auc"] + probe_part
    return signals, confuser


def auc(positive: Floats, negative: Floats) -> float:
    """Probability that a positive's score exceeds a negative's, ties half; nan if one is empty.

    scikit-learn's `roc_auc_score` integrates a curve, which differs in the last bits.
    """
    p, n = len(positive), len(negative)
    if not p or not n:
        return np.nan
    ranks = rankdata(np.concatenate([positive, negative]))[:p]
    return float((ranks.sum() - p * (p + 1) / 2) / (p * n))


def loss_fall(losses: NDArray | None) -> float:
    """Share by which the validation losses (T, C) fell over the last third, mean of all classes."""
    if losses is None or len(losses) < 2:
        return np.nan
    late = len(losses) - 1 - max(1, len(losses) // 3)
    before, after = np.asarray(losses, float)[[late, -1]]
    known = np.isfinite(before + after) & (before > 0)
    return float(1 - (after[known] / before[known]).mean()) if known.any() else np.nan


def _taken_shares(evidence: Evidence, k: int) -> tuple[Floats, Floats]:
    """Return which share of class k's images each class takes, and of the remaining classes'.

    A share is the mean probability, without the prior, by a network that knows neither class k nor
    the classes without images. The remaining classes weigh the same each, and a class's own images
    do not count. Returns (C,) twice; 0 where there is nothing to take.
    """
    present = evidence.counts > 0
    remaining = present & (np.arange(len(present)) != k)
    if not remaining.any():
        return np.zeros(len(present)), np.zeros(len(present))
    p = softmax(np.where(remaining, evidence.balanced, -np.inf), axis=1)  # (N, C)
    shares = np.zeros((len(present), len(present)))  # true class, class that takes
    np.add.at(shares, evidence.labels, p)
    shares[present] /= evidence.counts[present, None]
    total = shares[remaining].sum(0) - np.where(remaining, shares.diagonal(), 0)
    return shares[k], total / np.maximum(remaining.sum() - 1, 1)


def _rivals(evidence: Evidence, k: int, taken: Floats, taken_of_others: Floats) -> Labels:
    """Return the other classes that have images: the confuser, then those that take most."""
    other = (evidence.counts > 0) & (np.arange(len(taken)) != k)
    order = np.argsort(np.where(other, -taken, np.inf), kind="stable")[: other.sum()]
    if not len(order):
        return order
    confuser = order[np.argmax((taken - taken_of_others)[order])]
    return np.concatenate([[confuser], order[order != confuser]])


def _without_prior(evidence: Evidence, k: int) -> dict[str, float]:
    """Recall without the prior, by Menon's correction or by the fitted one: the higher of both."""
    decisions = (evidence.prior_corrected, evidence.balanced.argmax(1))
    best = max(decisions, key=lambda predicted: float(evidence.recall(predicted)[k]))
    recall, cost = float(evidence.recall(best)[k]), evidence.cost_of_large_classes(best)
    return {"prior_free_recall": recall, "prior_free_cost": cost}


def _by_network(evidence: Evidence, k: int, confuser: int) -> dict[str, float]:
    """How well the network separates class k from all others and from its confuser."""
    mine, theirs = evidence.labels == k, evidence.labels == confuser
    confidence = evidence.log_p[:, k]
    difference = evidence.logits[:, k] - evidence.logits[:, confuser]
    others = evidence.balanced[mine].copy()
    others[:, k] = -np.inf
    share = np.bincount(others.argmax(1), minlength=len(evidence.counts)) / mine.sum()
    positive = share[share > 0]
    most = min(len(share) - 1, int(mine.sum()))  # other classes that can occur
    entropy = float(-(positive * np.log(positive)).sum() / np.log(most)) if most > 1 else 0.0
    return {
        "network_auc": auc(confidence[mine], confidence[~mine]),
        "confuser_auc": auc(difference[mine], difference[theirs]),
        "confuser_entropy": entropy,
    }


def _by_probe(evidence: Evidence, k: int, rivals: Labels) -> dict[str, float]:
    """How well a probe separates class k from its rivals; recall of the rivals by both."""
    classes = np.array([k, *rivals[:RIVALS]])
    samples = [
        _evenly_spaced(np.flatnonzero(evidence.labels == c), PROBED * (1 + (c == k)))
        for c in classes
    ]
    labels = np.repeat(np.arange(len(classes)), [len(sample) for sample in samples])
    images = np.concatenate(samples)
    among_rivals = probe.fit(evidence.features[images], labels)
    pair = labels < 2
    against_confuser = probe.fit(evidence.features[images[pair]], labels[pair])
    probe_recall = _recall(labels, among_rivals.scores.argmax(1))
    network_recall = _recall(labels, evidence.balanced[np.ix_(images, classes)].argmax(1))
    return {
        "probe_auc": among_rivals.auc(0),
        "probe_confuser_auc": against_confuser.auc(0),
        "probe_recall_of_others": float(probe_recall[1:].mean()),
        "network_recall_of_others": float(network_recall[1:].mean()),
    }


def _recall(labels: Labels, predicted: Labels) -> Floats:
    hits = np.bincount(labels[predicted == labels], minlength=labels.max() + 1)
    return hits / np.bincount(labels)


def _evenly_spaced(positions: Labels, most: int) -> Labels:
    """Return at most so many positions, evenly spaced, the same at every call."""
    if len(positions) <= most:
        return positions
    return positions[np.linspace(0, len(positions) - 1, most).round().astype(int)]

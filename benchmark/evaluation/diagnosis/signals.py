"""Measurements, from stored outputs alone, of a class that is hardly ever recognised."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, softmax
from scipy.stats import hypergeom

from benchmark.evaluation.diagnosis.auc import auc
from benchmark.evaluation.diagnosis.evidence import Evidence
from benchmark.evaluation.diagnosis.feature_signals import (
    PROBE_SIGNALS,
    TRAINING_SIGNALS,
    measure_features,
)
from benchmark.evaluation.metrics.class_counts import Floats, Labels

RIVALS = 8  # classes in the probe besides the class itself: those that take most of its images
NETWORK = 0.75  # weight of its AUC against the confuser: it has learnt from all training images

MIN_CLASSES = 4  # from which on it is unlikely to hit the runner-up by chance
SIGNALS = (
    "train_images",
    "evidence_images",  # in validation and test
    "argmax_recall",  # of the largest logit, test images
    "validation_recall",  # the same of validation images
    "split_p",  # chance that so much more of the recognised ones are in validation, see `_by_split`
    "moved_to_runner_up",  # share of the test images that the decision moves: to the next logit
    "identical_images",  # share whose features are exactly those of an image of any class
    "prior_free_recall",  # by f - log pi, or with scale and prior fitted first: the higher of both
    "prior_free_cost",  # loss of recall of the large classes by that decision
    "network_auc",  # class against all others
    "separability_auc",  # mean of that and the probe's
    "confuser_auc",  # class against its main confuser, by the network
    "confuser_separability",  # by network and probe, see NETWORK
    "confuser_images",  # in validation and test
    "confuser_share",  # share of the class's images that the confuser takes, see `_taken_shares`
    "confuser_share_of_others",  # and of the remaining classes' images
    "sureness_auc",  # see `_sureness`
    *PROBE_SIGNALS,
    *TRAINING_SIGNALS,
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
    signals["identical_images"] = float(evidence.identical[mine].mean())
    if tested.any():
        signals |= _by_split(evidence, k)
        signals["moved_to_runner_up"] = _moved_to_runner_up(evidence, k)
    signals |= _without_prior(evidence, k)
    signals |= _by_network(evidence, k, confuser)
    signals |= measure_features(evidence, np.array([k, *rivals[:RIVALS]]))
    signals["separability_auc"] = (signals["network_auc"] + signals["probe_auc"]) / 2
    probe_part = (1 - NETWORK) * signals["probe_confuser_auc"]
    signals["confuser_separability"] = NETWORK * signals["confuser_auc"] + probe_part
    return signals, confuser


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


def _by_split(evidence: Evidence, k: int) -> dict[str, float]:
    """Recall of the largest logit on either split, and p that it is lower on test by chance.

    By Fisher's exact test, one-sided: the recognised images of both splits are dealt anew.
    """
    (hits, images), (test_hits, test_images) = (
        (
            int((split.logits[split.labels == k].argmax(1) == k).sum()),
            int((split.labels == k).sum()),
        )
        for split in (evidence.validation, evidence.test)
    )
    p = hypergeom.sf(hits - 1, images + test_images, hits + test_hits, images)
    return {
        "argmax_recall": test_hits / test_images,
        "validation_recall": hits / images if images else np.nan,
        "split_p": float(p),
    }


def _moved_to_runner_up(evidence: Evidence, k: int) -> float:
    """Share, of the test images of class k that the decision takes from it; nan without any."""
    order = np.argsort(evidence.test.logits, axis=1)
    moved = (evidence.test.labels == k) & (order[:, -1] == k) & (evidence.predicted != k)
    if not moved.any() or order.shape[1] < MIN_CLASSES:
        return np.nan
    return float((evidence.predicted == order[:, -2])[moved].mean())


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
    return {
        "network_auc": auc(confidence[mine], confidence[~mine]),
        "confuser_auc": auc(difference[mine], difference[theirs]),
        "sureness_auc": _sureness(evidence, k),
    }


def _sureness(evidence: Evidence, k: int) -> float:
    """Probability that an image of class k is given to another class more surely than one of it is.

    Surely: by the probability, without the prior, that a network which does not know class k gives
    to its likeliest class. About one half where images of class k are those of other classes, as
    with wrong labels; less where they lie between the classes.
    """
    known = np.delete(evidence.balanced, k, axis=1)
    surest = log_softmax(known, axis=1).max(1)
    mine = evidence.labels == k
    return auc(surest[mine], surest[~mine])

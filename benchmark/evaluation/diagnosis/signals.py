"""Measurements, from stored outputs alone, of a class that is hardly ever recognised."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from scipy.stats import hypergeom

from benchmark.evaluation.diagnosis.auc import auc
from benchmark.evaluation.diagnosis.evidence import Evidence
from benchmark.evaluation.diagnosis.feature_signals import (
    PROBE_SIGNALS,
    TRAINING_SIGNALS,
    measure_features,
)
from benchmark.evaluation.diagnosis.left_out_class import log_share_of_likeliest, shares_of_others
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


def measure(
    evidence: Evidence, classes: Sequence[int]
) -> list[tuple[dict[str, float], int | None]]:
    """Return all SIGNALS of each class, nan where one is undefined, and its main confuser.

    The confuser is the class that takes the images of class k most beyond its share of all other
    images, without the prior. With the prior it would mostly be the largest class; without the
    comparison, a class that takes everything, whatever it looks like.
    """
    present = evidence.counts > 0
    measurable = [k for k in classes if present[k]] if present.sum() > 1 else []
    of_others = dict(zip(measurable, shares_of_others(evidence, measurable), strict=True))
    return [_measure(evidence, k, of_others.get(k)) for k in classes]


def _measure(
    evidence: Evidence, k: int, taken_of_others: Floats | None
) -> tuple[dict[str, float], int | None]:
    """Measure class k; `taken_of_others` (C,) are None if no signal of its images is defined."""
    mine = evidence.labels == k
    tested = evidence.test.labels == k
    signals = dict.fromkeys(SIGNALS, np.nan) | {
        "train_images": float(evidence.train_counts[k]),
        "evidence_images": float(mine.sum()),
        "loss_fall": loss_fall(evidence.class_losses),
    }
    if taken_of_others is None:
        return signals, None
    taken = _taken_shares(evidence, k)
    rivals = _rivals(evidence, k, taken, taken_of_others)
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


def _taken_shares(evidence: Evidence, k: int) -> Floats:
    """Return which share of class k's images each class takes, (C,), see `shares_of_others`."""
    remaining = evidence.counts > 0
    remaining[k] = False
    own = evidence.balanced_of(np.flatnonzero(evidence.labels == k))
    p = softmax(np.where(remaining, own, -np.inf), axis=1)  # (n, C)
    return np.asarray(p.sum(0) / evidence.counts[k])


def _rivals(evidence: Evidence, k: int, taken: Floats, taken_of_others: Floats) -> Labels:
    """Return the other classes that have images: the confuser, then those that take most."""
    other = (evidence.counts > 0) & (np.arange(len(taken)) != k)
    order = np.argsort(np.where(other, -taken, np.inf), kind="stable")[: other.sum()]
    # rounded, so that of equal ones the first is taken, whatever the order of a sum
    confuser = order[np.argmax((taken - taken_of_others)[order].round(12))]
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
    others = np.flatnonzero((evidence.test.labels == k) & (evidence.predicted != k))
    order = np.argsort(evidence.test.logits[others], axis=1)
    moved = order[:, -1] == k
    if not moved.any() or order.shape[1] < MIN_CLASSES:
        return np.nan
    return float((evidence.predicted[others] == order[:, -2])[moved].mean())


def _without_prior(evidence: Evidence, k: int) -> dict[str, float]:
    """Recall without the prior, by Menon's correction or by the fitted one: the higher of both."""
    recall, cost = max(evidence.prior_free, key=lambda decision: float(decision[0][k]))
    return {"prior_free_recall": float(recall[k]), "prior_free_cost": cost}


def _by_network(evidence: Evidence, k: int, confuser: int) -> dict[str, float]:
    """How well the network separates class k from all others and from its confuser."""
    mine, theirs = evidence.labels == k, evidence.labels == confuser
    confidence = evidence.log_p(k)
    pair = evidence.logits_of(slice(None), k), evidence.logits_of(slice(None), confuser)
    difference = pair[0] - pair[1]
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
    surest = log_share_of_likeliest(evidence, k)
    mine = evidence.labels == k
    return auc(surest[mine], surest[~mine])

"""What can be measured, from stored outputs alone, about a class that is hardly ever found.

Evidence are the validation and the test images together: a diagnosis chooses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from scipy.stats import rankdata

from benchmark.evaluation.diagnosis import probe
from benchmark.evaluation.diagnosis.inputs import DiagnosisInput

RIVALS = 8  # classes that a class is probed against: those that take most of its images
PROBED = 40  # images of each of them, of the class itself up to twice as many
SURE = 0.9  # probability
NETWORK = 0.75  # weight of its AUC against the confuser: it has learnt from all training images

SIGNALS = (
    "train_images",
    "evidence_images",  # in validation and test
    "argmax_recall",  # of the largest logit, test images
    "corrected_recall",  # argmax f - log pi, all images from here on
    "head_cost",  # recall which that costs the large classes
    "freed_recall",  # the same, or with scale and prior fitted first, whichever finds more
    "freed_cost",
    "network_auc",  # class against all others
    "probe_auc",
    "told_apart",  # mean of the two
    "confuser_auc",  # class against its main confuser
    "probe_confuser_auc",
    "confuser_apart",  # both, see NETWORK
    "confuser_images",  # in validation and test
    "confuser_share",  # what the confuser takes of its images, see `_taken`
    "confuser_elsewhere",  # and of the remaining classes' images
    "confuser_entropy",  # of the likeliest other classes, 1: all alike
    "confident_other",  # of the missed: another class has p > SURE, without the prior
    "probe_recall",  # balanced, among its likeliest confusers
    "probe_others",  # mean recall of these confusers
    "network_others",  # the network's
    "scale",  # see Evidence.fitted
    "prior_missing",
    "learnt",  # see Evidence.learnt
    "loss_fall",  # share of the validation loss lost over the last third of the training
    "own_loss_fall",
    "head_norm",
    "head_cosine",  # with the confuser
)

Floats = NDArray[np.float64]


def auc(positive: Floats, negative: Floats) -> float:
    """Probability that a positive's score exceeds a negative's, ties half; nan if one is empty."""
    p, n = len(positive), len(negative)
    if not p or not n:
        return np.nan
    ranks = rankdata(np.concatenate([positive, negative]))[:p]
    return float((ranks.sum() - p * (p + 1) / 2) / (p * n))


@dataclass(frozen=True)
class Evidence:
    """The N validation and test images of one network, seen together; C classes."""

    inputs: DiagnosisInput

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """(N,)."""
        return np.concatenate([self.inputs.validation.labels, self.inputs.test.labels])

    @cached_property
    def logits(self) -> Floats:
        """(N, C)."""
        parts = [self.inputs.validation.logits, self.inputs.test.logits]
        return np.nan_to_num(np.concatenate(parts).astype(np.float64))

    @cached_property
    def features(self) -> NDArray[np.floating]:
        """(N, D); a half-precision number that overflowed counts as 0."""
        parts = [self.inputs.validation.features, self.inputs.test.features]
        both = np.concatenate(parts).astype(np.float32)
        both[~np.isfinite(both)] = 0
        return both

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """(C,) images here."""
        return np.bincount(self.labels, minlength=self.logits.shape[1])

    @cached_property
    def log_prior(self) -> Floats:
        """(C,) of the training images; an empty class counts as one image."""
        counts = np.maximum(self.inputs.train_counts, 1)
        return np.log(counts / counts.sum())

    @cached_property
    def log_p(self) -> Floats:
        """(N, C) log of the softmax."""
        return log_softmax(self.logits, axis=1)

    @cached_property
    def plain(self) -> NDArray[np.int64]:
        """(N,) argmax of the logits."""
        return self.logits.argmax(1)

    @cached_property
    def posthoc_scores(self) -> NDArray[np.int64]:
        """(N,) after prior correction, argmax f_c - log pi_c (Menon et al. 2021, eq. 9)."""
        return (self.logits - self.log_prior).argmax(1)

    @cached_property
    def weights(self) -> Floats:
        """(N,) sum 1: classes weigh as in training, however many images of each are here."""
        weight = np.exp(self.log_prior[self.labels]) / self.counts[self.labels]
        return weight / weight.sum()

    @cached_property
    def fitted(self) -> tuple[float, float]:
        """Scale s and prior share t that predict these labels best: softmax(s f + t log pi).

        s = 1 is a calibrated network (Guo et al. 2017, temperature scaling); one that was stopped
        early says less than it knows, s > 1. t = 0 where the logits hold the prior, 1 where the
        training was balanced.
        """
        rows, weights = np.arange(len(self.labels)), self.weights

        def loss(parameters: Floats) -> tuple[float, Floats]:
            scale = np.exp(parameters[0])
            log_p = log_softmax(scale * self.logits + parameters[1] * self.log_prior, axis=1)
            p = np.exp(log_p)
            of_logits = (p * self.logits).sum(1) - self.logits[rows, self.labels]
            of_prior = p @ self.log_prior - self.log_prior[self.labels]
            gradient = np.array([scale * (weights @ of_logits), weights @ of_prior])
            return float(-weights @ log_p[rows, self.labels]), gradient

        bounds = [(-5.0, 7.0), (-1.0, 2.0)]
        found = minimize(loss, np.zeros(2), jac=True, bounds=bounds, method="L-BFGS-B")
        return float(np.exp(found.x[0])), float(found.x[1])

    @cached_property
    def balanced(self) -> Floats:
        """(N, C) logits without the prior that they hold, and as sure as the labels bear out."""
        scale, prior = self.fitted
        return scale * self.logits + (prior - 1) * self.log_prior

    @cached_property
    def recall(self) -> Floats:
        """(C,) of the argmax; nan without images."""
        return self.recall_of(self.plain)

    def recall_of(self, predicted: NDArray[np.int64]) -> Floats:
        """(N,) -> (C,), nan without images."""
        hits = np.bincount(self.labels[predicted == self.labels], minlength=len(self.counts))
        return np.where(self.counts > 0, hits / np.maximum(self.counts, 1), np.nan)

    def head_cost(self, predicted: NDArray[np.int64]) -> float:
        """Recall that another decision costs the classes of at least the mean training count."""
        large = self.inputs.train_counts >= self.inputs.train_counts.mean()
        large &= self.counts > 0
        if not large.any():
            return np.nan
        return float((self.recall - self.recall_of(predicted))[large].mean())

    @cached_property
    def mcfadden_r2(self) -> float:
        """Share of the prior's log-loss that the network takes away (McFadden's R squared)."""
        rows = np.arange(len(self.labels))
        network = self.weights @ self.log_p[rows, self.labels]
        return float(1 - network / (self.weights @ self.log_prior[self.labels]))


def measure(evidence: Evidence, k: int) -> tuple[dict[str, float], int | None]:
    """Return all SIGNALS of class k, nan where one can't be had, and its main confuser.

    The confuser is the class that takes the images of class k most beyond what it takes of all
    others, once the prior is out: with the prior in that would mostly be the largest class, and
    without the comparison a class that takes everything, whatever it looks like.
    """
    inputs, mine = evidence.inputs, evidence.labels == k
    tested = inputs.test.labels == k
    scale, prior = evidence.fitted
    signals = dict.fromkeys(SIGNALS, np.nan) | {
        "train_images": float(inputs.train_counts[k]),
        "evidence_images": float(mine.sum()),
        "scale": scale,
        "prior_missing": prior,
        "learnt": evidence.mcfadden_r2,
        **_of_losses(inputs.class_losses, k),
        **_of_head(inputs.head_weight, k),
    }
    taken, elsewhere = _taken(evidence, k)
    rivals = _rivals(evidence, k, taken, elsewhere)
    if not mine.any() or not len(rivals):
        return signals, None
    confuser = int(rivals[0])
    signals["confuser_images"] = float(evidence.counts[confuser])
    signals["confuser_share"] = float(taken[confuser])
    signals["confuser_elsewhere"] = float(elsewhere[confuser])
    if tested.any():
        signals["argmax_recall"] = float((inputs.test.logits[tested].argmax(1) == k).mean())
    signals |= _of_prior(evidence, k)
    signals |= _of_others(evidence, k, confuser)
    signals |= _of_head_pair(inputs.head_weight, k, confuser)
    signals |= _of_probe(evidence, k, rivals)
    signals["told_apart"] = (signals["network_auc"] + signals["probe_auc"]) / 2
    of_probe = (1 - NETWORK) * signals["probe_confuser_auc"]
    signals["confuser_apart"] = NETWORK * signals["confuser_auc"] + of_probe
    return signals, confuser


def _taken(evidence: Evidence, k: int) -> tuple[Floats, Floats]:
    """What each class takes of class k's images, and of the images of the remaining classes.

    It is the mean probability, without the prior, by a network that knows neither class k nor the
    classes without images; of the remaining classes each weighs the same, and what a class takes of
    its own images does not count. Returns (C,) twice; 0 where there is nothing to take.
    """
    there = evidence.counts > 0
    remaining = there & (np.arange(len(there)) != k)
    if not remaining.any():
        return np.zeros(len(there)), np.zeros(len(there))
    p = softmax(np.where(remaining, evidence.balanced, -np.inf), axis=1)  # (N, C)
    by_class = np.zeros((len(there), len(there)))  # whose images, taken by whom
    np.add.at(by_class, evidence.labels, p)
    by_class[there] /= evidence.counts[there, None]
    total = by_class[remaining].sum(0) - np.where(remaining, by_class.diagonal(), 0)
    return by_class[k], total / np.maximum(remaining.sum() - 1, 1)


def _rivals(evidence: Evidence, k: int, taken: Floats, elsewhere: Floats) -> NDArray[np.int64]:
    """Return the other classes that have images: the confuser, then those that take most."""
    other = (evidence.counts > 0) & (np.arange(len(taken)) != k)
    order = np.argsort(np.where(other, -taken, np.inf), kind="stable")[: other.sum()]
    if not len(order):
        return order
    confuser = order[np.argmax((taken - elsewhere)[order])]
    return np.concatenate([[confuser], order[order != confuser]])


def _of_prior(evidence: Evidence, k: int) -> dict[str, float]:
    """Recall without the prior, by Menon's correction and by the fitted one; the better one."""
    balanced = evidence.balanced.argmax(1)
    ways = {"corrected": evidence.posthoc_scores, "balanced": balanced}
    recall = {way: float(evidence.recall_of(said)[k]) for way, said in ways.items()}
    cost = {way: evidence.head_cost(said) for way, said in ways.items()}
    better = max(ways, key=lambda way: recall[way])
    return {
        "corrected_recall": recall["corrected"],
        "head_cost": cost["corrected"],
        "freed_recall": recall[better],
        "freed_cost": cost[better],
    }


def _of_others(evidence: Evidence, k: int, confuser: int) -> dict[str, float]:
    """How the network tells class k from all others and from its confuser; what it says instead."""
    labels, logits = evidence.labels, evidence.logits
    mine, theirs = labels == k, labels == confuser
    certainty = evidence.log_p[:, k]
    difference = logits[:, k] - logits[:, confuser]
    others = evidence.balanced[mine].copy()
    others[:, k] = -np.inf
    share = np.bincount(others.argmax(1), minlength=len(evidence.counts)) / mine.sum()
    spread = share[share > 0]
    most = min(len(share) - 1, int(mine.sum()))  # so many others can there be
    missed = mine & (evidence.plain != k)
    log_p = log_softmax(evidence.balanced[missed], axis=1)
    confident = (log_p.argmax(1) != k) & (log_p.max(1, initial=-np.inf) > np.log(SURE))
    return {
        "network_auc": auc(certainty[mine], certainty[~mine]),
        "confuser_auc": auc(difference[mine], difference[theirs]),
        "confuser_entropy": float(-(spread * np.log(spread)).sum() / np.log(most))
        if most > 1
        else 0.0,
        "confident_other": float(confident.mean()) if missed.any() else np.nan,
    }


def _of_probe(evidence: Evidence, k: int, rivals: NDArray[np.int64]) -> dict[str, float]:
    """What a probe makes of class k among its likeliest confusers, and the network of the same."""
    classes = np.array([k, *rivals[:RIVALS]])
    picked = [
        _evenly(np.flatnonzero(evidence.labels == c), PROBED * (1 + (c == k))) for c in classes
    ]
    labels = np.repeat(np.arange(len(classes)), [len(positions) for positions in picked])
    at = np.concatenate(picked)
    among = probe.fit(evidence.features[at], labels)
    pair = labels < 2
    two = probe.fit(evidence.features[at[pair]], labels[pair])
    by_probe = _recalls(labels, among.scores.argmax(1))
    by_network = _recalls(labels, evidence.balanced[np.ix_(at, classes)].argmax(1))
    return {
        "probe_recall": float(by_probe[0]),
        "probe_auc": among.auc(0),
        "probe_confuser_auc": two.auc(0),
        "probe_others": float(by_probe[1:].mean()),
        "network_others": float(by_network[1:].mean()),
    }


def _recalls(labels: NDArray[np.int64], said: NDArray[np.int64]) -> Floats:
    return np.bincount(labels[said == labels], minlength=labels.max() + 1) / np.bincount(labels)


def _evenly(positions: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Return at most so many of them, evenly spread: the same whenever asked."""
    if len(positions) <= most:
        return positions
    return positions[np.linspace(0, len(positions) - 1, most).round().astype(int)]


def _of_losses(losses: NDArray | None, k: int) -> dict[str, float]:
    """Share by which the validation loss fell over the last third: mean of all classes, and k."""
    if losses is None or len(losses) < 2:
        return {}
    late = len(losses) - 1 - max(1, len(losses) // 3)
    before, after = np.asarray(losses, float)[[late, -1]]
    there = np.isfinite(before + after) & (before > 0)
    if not there.any():
        return {}
    fall = {"loss_fall": float(1 - (after[there] / before[there]).mean())}
    if there[k]:
        fall["own_loss_fall"] = float(1 - after[k] / before[k])
    return fall


def _of_head(weight: NDArray | None, k: int) -> dict[str, float]:
    """Norm of the class' weights over the median one (Kang et al. 2020, section 4.2)."""
    if weight is None:
        return {}
    norms = np.linalg.norm(np.asarray(weight, float), axis=1)
    return {"head_norm": float(norms[k] / np.median(norms)) if np.median(norms) > 0 else np.nan}


def _of_head_pair(weight: NDArray | None, k: int, confuser: int) -> dict[str, float]:
    """Cosine of the weights of two classes, about their mean (Fang et al. 2021)."""
    if weight is None:
        return {}
    centred = np.asarray(weight, float) - np.mean(weight, axis=0, dtype=float)
    norms = np.linalg.norm(centred, axis=1)
    if norms[k] * norms[confuser] == 0:
        return {}
    return {"head_cosine": float(centred[k] @ centred[confuser] / (norms[k] * norms[confuser]))}

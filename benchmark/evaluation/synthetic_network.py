"""A synthetic network on which the audit tests a decision."""

import numpy as np

from benchmark.evaluation.metrics.class_counts import Floats, Labels
from benchmark.strategy import Decision, Outputs
from benchmark.strategy.measurements import DecisionMeasurement
from benchmark.strategy.rules import calibrated

IMAGES_OF_LARGEST = 20  # in the largest class
LEAST_IMAGES = 5  # in any other: one for each fold of a decision that is cross-fitted
LOOK_ALIKES = 4 / 3  # images of the largest class that look like the smallest, for each of that
SURE = 3.0  # times what logits should be
SURE_IMAGES = 4000  # at most, of all classes; 4 to 40 of each
RANDOM_IMAGES = 256  # of a network with random features, or more if classes are many


def decide_on_synthetic_network(
    decision: Decision, counts: Labels, width: int, overlapping: bool = False
) -> DecisionMeasurement:
    """Fit a decision to a synthetic network that it can certainly improve, and apply it there.

    A network that separates its validation images leaves nothing to correct, and a decision that
    does nothing there is not at fault. So a decision's purpose is tested on outputs that depend on
    the class sizes alone: data can neither hide a fault nor cause a false alarm.

    The network has learnt the prior. Every image has some evidence for its own class, smaller
    than the gap between the log priors of the largest and smallest class. Without the prior all
    images are right; with it, those of rare classes are right only where the evidence is strong. A
    row of its head is longer the more images the class has, no axis of the features is that of a
    class, and half the prior is in the bias. `counts` (C,) of training images are the prior, and
    the synthetic images are in proportion, but for the smallest classes. `width` is that of the
    features; C if that is more.

    With `overlapping`, the smallest class looks like some more images of the largest: to give all
    of them to the largest has the highest accuracy, to the smallest the highest macro-F1.
    """
    size = np.maximum(counts, 1)
    images = np.ceil(IMAGES_OF_LARGEST * counts / counts.max()).astype(int)  # (C,)
    images = np.where(counts > 0, np.maximum(images, LEAST_IMAGES), 0)
    labels = np.repeat(np.arange(len(counts)), images)
    strength = np.concatenate([(np.arange(n) + 0.5) / n for n in images])  # (N,) within 0..1
    prior_range = np.log(size.max() / size[counts > 0].min())
    evidence = (prior_range * strength)[:, None] * np.eye(len(counts))[labels]  # (N, C)
    if overlapping:
        evidence = _make_alike(evidence, labels, counts, prior_range)
    prior = np.log(size / size.min())  # (C,) up to a constant
    logits, norms, bias = evidence + prior, 1 + prior, prior / 2
    normal = np.random.default_rng(0).normal(size=(max(width, len(counts)), len(counts)))
    axes = np.linalg.qr(normal)[0].T  # (C, D) orthonormal
    features, head = ((logits - bias) / norms) @ axes, norms[:, None] * axes
    return _decide(decision, counts, labels, logits, features, head)


def decide_on_random_network(decision: Decision, counts: Labels, width: int) -> DecisionMeasurement:
    """Fit a decision to a network with random features and a random head, and apply it there.

    Where every image has evidence for one class alone, a decision by another formula may give the
    labels of the declared one: p - prior those of p / prior. The log prior is the head's bias.
    """
    rng, present = np.random.default_rng(0), np.flatnonzero(counts)
    labels = np.resize(present, max(RANDOM_IMAGES, LEAST_IMAGES * len(present)))
    shape = (len(counts), max(width, len(counts)))
    features = rng.normal(size=(len(labels), shape[1]))
    head = rng.normal(size=shape) * rng.uniform(0.5, 2, (shape[0], 1)) / np.sqrt(shape[1])
    logits = features @ head.T + np.log(np.maximum(counts, 1) / counts.sum())
    return _decide(decision, counts, labels, logits, features, head)


def decide_on_sure_network(decision: Decision, counts: Labels, width: int) -> DecisionMeasurement:
    """Fit a decision to a network that is right at times and always too sure, and apply it there.

    Its logits are SURE times those that would be right, and more for later classes, so that
    probabilities have something to be corrected. The network favours the first class.
    """
    rng, present = np.random.default_rng(0), np.flatnonzero(counts)
    labels = np.repeat(present, min(max(SURE_IMAGES // len(counts), 4), 40))
    logits = rng.normal(size=(len(labels), len(counts))) + 1.5 * np.eye(len(counts))[labels]
    logits *= SURE * (1 + np.linspace(0, 0.5, len(counts)))
    logits[:, present[0]] += 1
    features = rng.normal(size=(len(labels), max(width, 1)))
    return _decide(decision, counts, labels, logits, features, np.zeros((len(counts), width)))


def _decide(
    decision: Decision,
    counts: Labels,
    labels: Labels,
    logits: Floats,
    features: Floats,
    head: Floats,
) -> DecisionMeasurement:
    """Fit a decision to the outputs of a network in single precision, and apply it to them."""
    single = np.float32
    outputs = Outputs(logits.astype(single), features.astype(single), labels, head.astype(single))
    rule = decision.fit(outputs, counts)
    predicted = np.asarray(rule(outputs.without_labels()))
    return DecisionMeasurement(counts, outputs, predicted, calibrated(rule, outputs))


def _make_alike(evidence: Floats, labels: Labels, counts: Labels, prior_range: float) -> Floats:
    """Give images of the smallest class and LOOK_ALIKES of the largest the same evidence (N, C)."""
    present = np.flatnonzero(counts)
    smallest, largest = present[counts[present].argmin()], present[counts[present].argmax()]
    own = np.flatnonzero(labels == smallest)
    alike = np.flatnonzero(labels == largest)[: int(np.ceil(LOOK_ALIKES * len(own)))]
    evidence = evidence.copy()
    evidence[own] = evidence[alike] = 0
    evidence[own, smallest] = evidence[alike, smallest] = (prior_range + 1) / 2
    evidence[own, largest] = evidence[alike, largest] = 0.5
    return evidence

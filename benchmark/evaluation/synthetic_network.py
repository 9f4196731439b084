"""A synthetic network on which the audit tests a decision."""

import numpy as np

from benchmark.evaluation.metrics.class_counts import Labels
from benchmark.strategy import Decision, Outputs
from benchmark.strategy.measurements import DecisionMeasurement

IMAGES_OF_LARGEST = 20  # in the largest class
LEAST_IMAGES = 5  # in any other: one for each fold of a decision that is cross-fitted


def decide_on_synthetic_network(
    decision: Decision, counts: Labels, width: int
) -> DecisionMeasurement:
    """Fit a decision to a synthetic network that it can certainly improve, and apply it there.

    A network that separates its validation images leaves nothing to correct, and a decision that
    does nothing there is not at fault. So a decision's purpose is tested on outputs that depend on
    the class sizes alone: data can neither hide a fault nor cause a false alarm.

    The network has learnt the prior. Every image has some evidence for its own class, smaller
    than the gap between the log priors of the largest and smallest class. Without the prior all
    images are right; with it, those of rare classes are right only where the evidence is strong. A
    row of its head is longer the more images the class has, and the head gives the same logits, but
    for a constant. `counts` (C,) of training images are the prior, and the synthetic images are in
    proportion, but for the smallest classes. `width` is that of the features; C if that is more.
    """
    size = np.maximum(counts, 1)
    images = np.ceil(IMAGES_OF_LARGEST * counts / counts.max()).astype(int)  # (C,)
    images = np.where(counts > 0, np.maximum(images, LEAST_IMAGES), 0)
    labels = np.repeat(np.arange(len(counts)), images)
    strength = np.concatenate([(np.arange(n) + 0.5) / n for n in images])  # (N,) within 0..1
    prior_range = np.log(size.max() / size[counts > 0].min())
    evidence = (prior_range * strength)[:, None] * np.eye(len(counts))[labels]  # (N, C)
    prior = np.log(size / size.min())  # (C,) up to a constant
    logits, norms = evidence + prior, 1 + prior
    axes = np.eye(len(counts), max(width, len(counts)))  # (C, D) orthonormal
    features, head = (logits / norms) @ axes, norms[:, None] * axes
    single = np.float32
    outputs = Outputs(logits.astype(single), features.astype(single), labels, head.astype(single))
    rule = decision.fit(outputs, counts)
    return DecisionMeasurement(counts, outputs, np.asarray(rule(outputs.without_labels())))

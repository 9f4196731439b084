"""A decision on trial: a made-up network on which there surely is something to correct.

A network that tells its validation images apart leaves nothing to correct, and a decision that does
nothing there is not at fault. So what a decision is for is seen on outputs that depend on the class
sizes alone: it can't be hidden by data, nor can data bring a decision into suspicion.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy import Decision, Outputs
from benchmark.strategy.measurements import DecisionMeasurement

IMAGES = 20  # of the largest class


def trial(decision: Decision, counts: NDArray[np.int64], width: int) -> DecisionMeasurement:
    """Fit a decision to a network that has learnt the prior, and apply it there.

    Every image has some evidence for its own class, less than what the log prior of the largest
    class is ahead of that of the smallest. Without the prior all images are right; with it, those
    of rare classes are right only where the evidence is strong. Its head has the longer a row the
    more images the class has, and gives the same logits, but for a constant.

    Parameters
    ----------
    decision
        As the strategy has it.
    counts
        Training images, (C,): they are the prior, and the made-up images are in proportion to them.
    width
        Of the features; C if that is more.
    """
    size = np.maximum(counts, 1)
    images = np.ceil(IMAGES * counts / counts.max()).astype(int)  # (C,)
    labels = np.repeat(np.arange(len(counts)), images)
    strength = np.concatenate([(np.arange(n) + 0.5) / n for n in images])  # (N,) within 0..1
    lead = np.log(size.max() / size[counts > 0].min())
    evidence = (lead * strength)[:, None] * np.eye(len(counts))[labels]  # (N, C)
    ahead = np.log(size / size.min())  # (C,) of the prior
    logits, norms = evidence + ahead, 1 + ahead
    axes = np.eye(len(counts), max(width, len(counts)))  # (C, D) orthonormal
    features, head = (logits / norms) @ axes, norms[:, None] * axes
    single = np.float32
    outputs = Outputs(logits.astype(single), features.astype(single), labels, head.astype(single))
    rule = decision.fit(outputs, counts)
    return DecisionMeasurement(counts, outputs, np.asarray(rule(outputs.without_labels())))

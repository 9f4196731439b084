"""The outputs of an ensemble: those of its networks put together, as arrays alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.outputs import Outputs, log_softmax


def mean_log_probabilities(logits: Sequence[NDArray[np.floating]]) -> NDArray[np.float64]:
    """Return the mean log-softmax (N, C) of the logits of several networks, (N, C) each.

    Its softmax is the geometric mean of their probabilities. Means of probabilities would hold on
    to the classes of which one network alone is sure; logits are what offsets of a prior, and of a
    loss that takes it out, add up in.
    """
    return np.mean([log_softmax(network) for network in logits], axis=0)


def combine_outputs(members: Sequence[Outputs]) -> Outputs:
    """Return the outputs of an ensemble on images that are the same, in order, for its members.

    Features stand side by side, (N, sum of D): two images are near where they are for all
    networks. No head acts on them, so there is none. The prior is the geometric mean of theirs, as
    the logarithms of probabilities are averaged.
    """
    first = members[0]
    priors = [m.effective_prior for m in members if m.effective_prior is not None]
    prior = None
    if len(priors) == len(members):
        powers = np.exp(np.mean(np.log(priors), axis=0))
        prior = powers / powers.sum()
    return Outputs(
        mean_log_probabilities([member.logits for member in members]),
        np.concatenate([member.features for member in members], axis=1),
        first.labels,
        None,
        prior,
    )

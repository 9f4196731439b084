"""A decision is fitted on validation outputs and sees nothing else."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np

from benchmark.contract.clause import Case, described, require
from benchmark.contract.images import COUNTS
from benchmark.strategy import Outputs


def fitted_on_validation_alone(case: Case) -> None:
    """The decision is fitted on validation, and no label of what it decides on reaches it."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), [8, 4, 2, 1])
    logits = rng.normal(size=(15, 4)).astype(np.float32)
    head = rng.normal(size=(4, 6))
    validation = Outputs(logits, rng.normal(size=(15, 6)), labels, head)
    before = copy.deepcopy(validation)
    counts = COUNTS.copy()
    rule = case.strategy.decision.fit(validation, counts)
    require(callable(rule), f"fit must return a rule, outputs -> labels; got {rule!r}")
    require(np.array_equal(counts, COUNTS), "fit changed the counts that it was given; copy them")
    for name in ("logits", "features", "labels", "head"):
        require(
            np.array_equal(getattr(validation, name), getattr(before, name)),
            f"fit changed the {name} that it was given; work on a copy",
        )
    other = Outputs(logits[:7], validation.features[:7], np.zeros(7, np.int64), head)
    predicted = np.asarray(rule(other))
    require(
        predicted.shape == (7,) and np.isin(predicted, range(4)).all(),
        f"of 7 images and 4 classes the rule must give labels (7,) from 0 to 3; got "
        f"{described(predicted)}, {np.unique(predicted).tolist()}",
    )
    again = rule(replace(other, labels=np.ones(7, np.int64)))
    require(
        np.array_equal(predicted, again),
        "with other labels of the same images the rule decides otherwise: it looks at the labels "
        "of what it decides on, which it will not have",
    )
    each = [rule(other.of(np.arange(7) == number)) for number in range(7)]
    require(
        np.array_equal(predicted, np.concatenate(each)),
        "of an image alone the rule decides otherwise than of the same image among others: it "
        "looks at all of the test images; fit it to the validation outputs",
    )

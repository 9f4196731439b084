"""A decision is fitted on validation outputs and sees nothing else."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np

from benchmark.contract.case import Case, describe, require
from benchmark.contract.images import COUNTS
from benchmark.strategy import Outputs


def check_decision_sees_validation_only(case: Case) -> None:
    """The decision is fitted on validation, and sees no label of the images that it decides on."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), [8, 4, 2, 1])
    logits = rng.normal(size=(15, 4)).astype(np.float32)
    head = rng.normal(size=(4, 6))
    validation = Outputs(logits, rng.normal(size=(15, 6)), labels, head)
    before = copy.deepcopy(validation)
    counts = COUNTS.copy()
    rule = case.strategy.decision.fit(validation, counts)
    require(callable(rule), f"fit must return a rule, outputs -> labels; got {rule!r}")
    require(np.array_equal(counts, COUNTS), "fit changed its argument counts; copy it first")
    for name in ("logits", "features", "labels", "head"):
        require(
            np.array_equal(getattr(validation, name), getattr(before, name)),
            f"fit changed its argument {name}; copy it first",
        )
    test = Outputs(logits[:7], validation.features[:7], np.zeros(7, np.int64), head)
    predicted = np.asarray(rule(test))
    require(
        predicted.shape == (7,) and np.isin(predicted, range(4)).all(),
        "for 7 images and 4 classes the rule must return labels (7,) from 0 to 3; got "
        f"{describe(predicted)}, {np.unique(predicted).tolist()}",
    )
    require(
        np.array_equal(predicted, rule(replace(test, labels=np.ones(7, np.int64)))),
        "with other labels of the same images the rule decides otherwise: it uses the labels of "
        "the images that it decides on, which are unknown; fit it to the validation outputs",
    )
    alone = [rule(test.subset(np.arange(7) == index)) for index in range(7)]
    require(
        np.array_equal(predicted, np.concatenate(alone)),
        "the rule decides otherwise for an image alone than for the same image among others: it "
        "uses all of the test images; fit it to the validation outputs",
    )

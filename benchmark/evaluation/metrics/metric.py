"""What a metric is: a formula with its name, its explanation and the way it is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from benchmark.evaluation.metrics.class_counts import ClassCounts, Floats, Labels, count_classes


@dataclass(frozen=True)
class SplitPredictions:
    """What one strategy predicted of the N images of one split, of C classes.

    Attributes
    ----------
    labels, predicted
        (N,), predictions after the strategy's decision.
    log_probabilities
        (N, C) of the network, before the decision: for log-loss and calibration.
    train_counts
        (C,) training images of each class, before any resampling.
    """

    labels: Labels
    predicted: Labels
    log_probabilities: Floats
    train_counts: Labels

    @cached_property
    def counts(self) -> ClassCounts:
        """True and false predictions of each class, (C,)."""
        return count_classes(self.labels, self.predicted, len(self.train_counts))

    @cached_property
    def present(self) -> np.ndarray:
        """Which classes have images, (C,)."""
        return self.counts.support > 0

    @cached_property
    def true_log_probability(self) -> Floats:
        """Log-probability (N,) of each image's true class."""
        return self.log_probabilities[np.arange(len(self.labels)), self.labels]

    @cached_property
    def balanced_weights(self) -> Floats:
        """Weights (N,) that sum to 1, and to the same in every class that has images."""
        counts = np.bincount(self.labels, minlength=len(self.train_counts))
        return 1 / (np.count_nonzero(counts) * counts[self.labels])


@dataclass(frozen=True)
class Metric:
    """One number of one strategy on one split, and all that tables and the glossary say about it.

    Attributes
    ----------
    name
        Key in records and column in CSV files.
    title
        Heading in tables.
    description
        Entry of the glossary.
    compute
        The number of a split; NaN where it is not defined.
    format
        A share has no leading zero, a count no decimals.
    better
        Which direction is the better one; None where neither is.
    main
        Whether the first table shows it.
    of_network
        Whether it is of the network's probabilities, which a decision doesn't change.
    bootstrap
        The same formula on `ClassCounts` (D, C) of D redrawn test sets -> (D,); None where no
        interval is computed.
    balanced_form_of
        The metric whose value this one is if all classes were equally frequent; "" if none.
    """

    name: str
    title: str
    description: str
    compute: Callable[[SplitPredictions], float]
    format: Literal["share", "number", "count"] = "share"
    better: Literal["higher", "lower"] | None = "higher"
    main: bool = False
    of_network: bool = False
    bootstrap: Callable[[ClassCounts], Floats] | None = None
    balanced_form_of: str = ""

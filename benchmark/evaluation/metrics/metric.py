"""What a metric is: a formula with its name, its explanation and the way it is shown."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from benchmark.evaluation.metrics.class_counts import ClassCounts, Floats, Labels, count_classes
from benchmark.evaluation.metrics.one_against_rest import OneAgainstRest, one_against_rest


@dataclass(frozen=True)
class SplitPredictions:
    """What one strategy predicted of the N images of one split, of C classes."""

    labels: Labels  # (N,)
    predicted: Labels  # (N,) after the strategy's decision
    log_probabilities: Floats  # (N, C) of the network, corrected if a calibration does that
    train_counts: Labels  # (C,) training images of each class, before any resampling

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
    def one_against_rest(self) -> OneAgainstRest:
        """How well each class's probability ranks its images, (C,)."""
        return one_against_rest(self.labels, self.log_probabilities)

    @cached_property
    def true_class_rank(self) -> Labels:
        """Return how many classes are likelier than each image's true one, (N,).

        Of equally likely classes the later comes first, as in scikit-learn.
        """
        own, classes = self.true_log_probability[:, None], np.arange(len(self.train_counts))
        before = self.log_probabilities > own
        before |= (self.log_probabilities == own) & (classes > self.labels[:, None])
        return np.count_nonzero(before, axis=1)

    @cached_property
    def balanced_weights(self) -> Floats:
        """Weights (N,) that sum to 1, and to the same in every class that has images."""
        counts = np.bincount(self.labels, minlength=len(self.train_counts))
        return 1 / (np.count_nonzero(counts) * counts[self.labels])


@dataclass(frozen=True)
class Metric:
    """A number of one strategy on one split, and all that tables and the glossary say about it."""

    name: str  # key in records and column in CSV files
    title: str  # heading in tables
    description: str  # entry of the glossary
    compute: Callable[[SplitPredictions], float]  # NaN where it is not defined
    format: Literal["share", "number", "count"] = "share"  # no leading zero; decimals; none
    better: Literal["higher", "lower"] | None = "higher"  # None: neither direction is better
    main: bool = False  # whether the first table shows it
    of_network: bool = False  # of probabilities, which no decision changes but a calibration
    # the same formula on `ClassCounts` (..., C) of many test sets -> (...); None: no interval
    of_counts: Callable[[ClassCounts], Floats] | None = None
    # if it is a ratio of two sums over classes: what each class adds to both, (..., C) each. Then
    # what an image changes is computed from its classes, which a thousand others don't slow down
    of_classes: Callable[[ClassCounts], tuple[Floats, Floats]] | None = None
    balanced_form_of: str = ""  # the metric that this one is if all classes were equally frequent
    present_form_of: str = ""  # the metric that this one is over the classes that have images

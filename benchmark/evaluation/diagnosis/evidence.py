"""What a diagnosis is made from: the stored outputs of one trained network and its decision.

Validation and test images serve together, with their labels. So who chooses a strategy by a
diagnosis has chosen by the test images.
"""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax

from benchmark.evaluation.diagnosis.neighbourhood import Neighbourhood
from benchmark.evaluation.metrics.class_counts import Floats, Labels, count_classes, ratio
from benchmark.strategy.outputs import Outputs


@dataclass(frozen=True)
class Evidence:
    """One strategy and seed: N validation and test images together, C classes, D features.

    Raises ValueError if the shapes do not fit together.
    """

    validation: Outputs
    test: Outputs
    predicted: Labels  # (N_test,) labels of the test images, after the decision
    train_counts: Labels  # (C,) distinct training images
    class_losses: NDArray[np.floating] | None = None  # (T, C) of validation; nan without images
    train: Outputs | None = None  # on some training images of each class, as they are

    def __post_init__(self) -> None:
        classes, images = len(self.train_counts), len(self.test.labels)
        expected: dict[str, tuple[NDArray, tuple[int, ...]]] = {
            "validation logits": (self.validation.logits, (len(self.validation.labels), classes)),
            "test logits": (self.test.logits, (images, classes)),
            "predicted": (self.predicted, (images,)),
        }
        if self.class_losses is not None:
            losses = self.class_losses
            expected["class_losses"] = (losses, (len(losses), classes))
        if self.train is not None:
            expected["train logits"] = (self.train.logits, (len(self.train.labels), classes))
        for name, (array, shape) in expected.items():
            if array.shape != shape:
                raise ValueError(
                    f"{name} has shape {array.shape}; with {classes} training counts, "
                    f"{len(self.validation.labels)} validation and {images} test images it must "
                    f"be {shape}"
                )

    @cached_property
    def labels(self) -> Labels:
        """(N,)."""
        return np.concatenate([self.validation.labels, self.test.labels])

    @cached_property
    def logits(self) -> Floats:
        """(N, C)."""
        splits = [self.validation.logits, self.test.logits]
        return np.nan_to_num(np.concatenate(splits).astype(np.float64))

    @cached_property
    def features(self) -> NDArray[np.floating]:
        """(N, D); a half-precision number that overflowed counts as 0."""
        return _finite(np.concatenate([self.validation.features, self.test.features]))

    @cached_property
    def train_features(self) -> NDArray[np.floating]:
        """The same of the training images; none, (0, D), if they are not stored."""
        return _finite(self.features[:0] if self.train is None else self.train.features)

    @cached_property
    def identical(self) -> NDArray[np.bool_]:
        """(N,) whether an image has exactly the features of another one, or of a training image."""
        rows = [row.tobytes() for row in (*self.features, *self.train_features)]
        images = Counter(rows)
        return np.array([images[row] > 1 for row in rows[: len(self.labels)]], bool)

    @cached_property
    def train_recall(self) -> Floats:
        """(C,) of the largest logit on the training images, which must be there; nan without."""
        assert self.train is not None
        predicted = self.train.logits.argmax(1)
        return recall_by_class(self.train.labels, predicted, len(self.train_counts))

    @cached_property
    def others_among_training(self) -> Neighbourhood:
        """Some training images, and some validation and test images among them."""
        assert self.train is not None
        others = self.features, self.labels
        return Neighbourhood.between((self.train_features, self.train.labels), others)

    @cached_property
    def test_among_others(self) -> Neighbourhood:
        """Some training and validation images, and some test images among them."""
        assert self.train is not None
        images = len(self.validation.labels)
        features = np.concatenate([self.train_features, self.features[:images]])
        labels = np.concatenate([self.train.labels, self.validation.labels])
        return Neighbourhood.between((features, labels), (self.features[images:], self.test.labels))

    @cached_property
    def counts(self) -> Labels:
        """Images of each class, (C,)."""
        return np.bincount(self.labels, minlength=self.logits.shape[1])

    @cached_property
    def log_prior(self) -> Floats:
        """(C,) of the training images; an empty class counts as one image."""
        counts = np.maximum(self.train_counts, 1)
        return np.log(counts / counts.sum())

    @cached_property
    def log_p(self) -> Floats:
        """(N, C) log of the softmax."""
        return log_softmax(self.logits, axis=1)

    @cached_property
    def argmax(self) -> Labels:
        """(N,) argmax of the logits."""
        return self.logits.argmax(1)

    @cached_property
    def prior_corrected(self) -> Labels:
        """(N,) after prior correction, argmax f_c - log pi_c (Menon et al. 2021, eq. 9)."""
        return (self.logits - self.log_prior).argmax(1)

    @cached_property
    def weights(self) -> Floats:
        """(N,) sum 1: classes weigh as in training, however many images of each are here."""
        weight = np.exp(self.log_prior[self.labels]) / self.counts[self.labels]
        return weight / weight.sum()

    @cached_property
    def calibration(self) -> tuple[float, float]:
        """Scale s and prior share t that predict these labels best: softmax(s f + t log pi).

        s = 1 is a calibrated network (Guo et al. 2017, temperature scaling); a network that was
        stopped early is underconfident, s > 1. t = 0 where the logits contain the prior, 1 where
        the training was balanced.
        """
        rows, weights = np.arange(len(self.labels)), self.weights

        def loss(parameters: Floats) -> tuple[float, Floats]:
            scale = np.exp(parameters[0])
            log_p = log_softmax(scale * self.logits + parameters[1] * self.log_prior, axis=1)
            p = np.exp(log_p)
            logit_error = (p * self.logits).sum(1) - self.logits[rows, self.labels]
            prior_error = p @ self.log_prior - self.log_prior[self.labels]
            gradient = np.array([scale * (weights @ logit_error), weights @ prior_error])
            return float(-weights @ log_p[rows, self.labels]), gradient

        bounds = [(-5.0, 7.0), (-1.0, 2.0)]
        result = minimize(loss, np.zeros(2), jac=True, bounds=bounds, method="L-BFGS-B")
        return float(np.exp(result.x[0])), float(result.x[1])

    @cached_property
    def balanced(self) -> Floats:
        """(N, C) calibrated logits, without the prior that they contain."""
        scale, prior = self.calibration
        return scale * self.logits + (prior - 1) * self.log_prior

    def recall(self, predicted: Labels) -> Floats:
        """(N,) -> (C,), nan without images."""
        return recall_by_class(self.labels, predicted, len(self.counts))

    def cost_of_large_classes(self, predicted: Labels) -> float:
        """Loss of recall against the argmax, mean over classes of at least the mean size."""
        large = self.train_counts >= self.train_counts.mean()
        large &= self.counts > 0
        if not large.any():
            return np.nan
        return float((self.recall(self.argmax) - self.recall(predicted))[large].mean())


def recall_by_class(labels: Labels, predicted: Labels, classes: int) -> Floats:
    """Labels and predictions (N,) -> (C,), nan without images."""
    counts = count_classes(labels, predicted, classes)
    return ratio(counts.true_positives, counts.support, np.nan)


def _finite(features: NDArray[np.floating]) -> NDArray[np.floating]:
    features = features.astype(np.float32)
    features[~np.isfinite(features)] = 0
    return features

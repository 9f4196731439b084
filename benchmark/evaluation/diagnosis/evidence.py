"""What a diagnosis is made from: the stored outputs of one trained network and its decision.

Validation and test images serve together, with their labels. So who chooses a strategy by a
diagnosis has chosen by the test images.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax

from benchmark.evaluation.diagnosis.exponential_sums import ExponentialSums
from benchmark.evaluation.diagnosis.neighbourhood import Neighbourhood
from benchmark.evaluation.metrics.class_counts import Floats, Labels, count_classes, ratio
from benchmark.strategy.chunks import chunks, highest_class
from benchmark.strategy.outputs import Outputs

Positions = slice | Labels  # of some images


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
    def logits(self) -> NDArray[np.floating]:
        """(N, C) as they are stored, see `logits_of`."""
        return np.concatenate([self.validation.logits, self.test.logits])

    def logits_of(self, images: Positions, classes: slice | int = slice(None)) -> Floats:
        """Finite logits of some images, (n, C) or (n,), in double precision."""
        return np.nan_to_num(self.logits[images, classes].astype(np.float64), copy=False)

    def chunks(self) -> list[slice]:
        """Positions of all images in turn: nothing copies all of their logits."""
        return chunks(self.logits)

    def _argmax(self, scores: Callable[[slice], Floats]) -> Labels:
        """Likeliest classes (N,) by scores of some images, positions -> (n, C)."""
        return highest_class(self.logits, scores)

    @cached_property
    def features(self) -> NDArray[np.floating]:
        """(N, D) as they are stored; a half-precision number that overflowed counts as 0."""
        return _finite(np.concatenate([self.validation.features, self.test.features]))

    @cached_property
    def train_features(self) -> NDArray[np.floating]:
        """The same of the training images; none, (0, D), if they are not stored."""
        return _finite(self.features[:0] if self.train is None else self.train.features.copy())

    @cached_property
    def identical(self) -> NDArray[np.bool_]:
        """(N,) whether an image has exactly the features of another one, or of a training image."""
        every = (*self.features, *self.train_features)
        rows = [blake2b(row.tobytes(), digest_size=16).digest() for row in every]
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
        return np.bincount(self.labels, minlength=len(self.train_counts))

    @cached_property
    def log_prior(self) -> Floats:
        """(C,) of the training images; an empty class counts as one image."""
        counts = np.maximum(self.train_counts, 1)
        return np.log(counts / counts.sum())

    @cached_property
    def _normaliser(self) -> tuple[Floats, Floats]:
        """Largest logit of each image, (N,), and log of the sum of exponentials above it, (N,)."""
        parts = []
        for images in self.chunks():
            logits = self.logits_of(images)
            largest = logits.max(1, keepdims=True)
            parts.append((largest[:, 0], np.log(np.exp(logits - largest).sum(1))))
        largest, log_sum = zip(*parts, strict=True)
        return np.concatenate(largest), np.concatenate(log_sum)

    def log_p(self, k: int) -> Floats:
        """(N,) log-probabilities of class k."""
        largest, log_sum = self._normaliser
        return self.logits_of(slice(None), k) - largest - log_sum

    @cached_property
    def argmax(self) -> Labels:
        """(N,) argmax of the logits."""
        return self._argmax(self.logits_of)

    @cached_property
    def prior_corrected(self) -> Labels:
        """(N,) after prior correction, argmax f_c - log pi_c (Menon et al. 2021, eq. 9)."""
        return self._argmax(lambda images: self.logits_of(images) - self.log_prior)

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
        weights = self.weights
        errors = np.empty((3, len(self.labels)))  # loss of each image, and by both parameters

        def loss(parameters: Floats) -> tuple[float, Floats]:
            scale = np.exp(parameters[0])
            for images in self.chunks():
                logits, labels = self.logits_of(images), self.labels[images]
                rows = np.arange(len(labels))
                log_p = log_softmax(scale * logits + parameters[1] * self.log_prior, axis=1)
                p = np.exp(log_p)
                errors[0, images] = log_p[rows, labels]
                errors[1, images] = (p * logits).sum(1) - logits[rows, labels]
                errors[2, images] = p @ self.log_prior - self.log_prior[labels]
            log_p_of_label, logit_error, prior_error = errors
            gradient = np.array([scale * (weights @ logit_error), weights @ prior_error])
            return float(-weights @ log_p_of_label), gradient

        bounds = [(-5.0, 7.0), (-1.0, 2.0)]
        result = minimize(loss, np.zeros(2), jac=True, bounds=bounds, method="L-BFGS-B")
        return float(np.exp(result.x[0])), float(result.x[1])

    def balanced_of(self, images: Positions) -> Floats:
        """Calibrated logits (n, C) of some images, without the prior that they contain."""
        scale, prior = self.calibration
        return scale * self.logits_of(images) + (prior - 1) * self.log_prior

    def balanced_for(self, k: int) -> Floats:
        """(N,) the same of all images, of class k."""
        scale, prior = self.calibration
        return scale * self.logits_of(slice(None), k) + (prior - 1) * self.log_prior[k]

    @cached_property
    def balanced_sums(self) -> ExponentialSums:
        """Of the balanced logits of all images and classes."""
        chunks = self.chunks()
        return ExponentialSums.concatenate(
            [ExponentialSums.from_logits(self.balanced_of(i)) for i in chunks]
        )

    @cached_property
    def prior_free(self) -> tuple[tuple[Floats, float], tuple[Floats, float]]:
        """Recall (C,) and cost by both decisions without the prior: Menon's, and the fitted one."""
        first, second = self.prior_corrected, self._argmax(self.balanced_of)
        return (
            (self.recall(first), self.cost_of_large_classes(first)),
            (self.recall(second), self.cost_of_large_classes(second)),
        )

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
    features[~np.isfinite(features)] = 0
    return features

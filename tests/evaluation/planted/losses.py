"""Losses with a planted error."""

from __future__ import annotations

from torch import nn

from benchmark.strategy import (
    CrossEntropy,
    WeightedLoss,
)
from strategies.class_weights import InversePower
from strategies.effective_number import InverseEffectiveNumber
from strategies.focal_loss import FocalLoss
from strategies.generalized_cross_entropy import GeneralizedCrossEntropy
from strategies.label_smoothing import SmoothedCrossEntropy
from strategies.ldam_drw import LDAMLoss
from strategies.logit_adjusted_loss import LogitAdjustedCrossEntropy
from tests.evaluation.planted.planted_error import PlantedError, component, every


@component()
def no_prior(self, logits, target, counts):
    return -(target * (logits - (counts.clamp(min=1) / counts.sum()).log()).log_softmax(1)).sum(1)


@component()
def toward_the_largest(self, logits, target, counts):
    largest = nn.functional.one_hot(counts.argmax(), len(counts)).float()
    return CrossEntropy()(logits, 0.9 * target + 0.1 * largest, counts)


@component()
def margins_by_size(self, logits, target, counts):
    size = counts.clamp(min=1)
    margins = 30 * 0.5 * (size / size.max()) ** 0.25
    return -(target * (logits - target * margins).log_softmax(1)).sum(1)


@component()
def margins_without_scale(self, logits, target, counts):
    return LDAMLoss(0.5, 1.0)(logits, target, counts)


@component()
def focal_of_weighted(self, logits, target, counts):
    weighted = WeightedLoss(InverseEffectiveNumber(0.999))(logits, target, counts)
    return (1 - (-weighted).exp()).clamp(min=1e-7) ** 1.0 * weighted


@component()
def unscaled(self, logits, target, counts):
    return CrossEntropy()(logits, target / counts.clamp(min=1), counts)


@component()
def in_another_order(self, logits, target, counts):
    weights = WeightedLoss(InversePower(1.0)).scaled_weights(counts).flip(0)
    weights = weights * counts.sum() / (weights * counts).sum()
    return CrossEntropy()(logits, weights * target, counts)


@component()
def decimal_logarithm(self, logits, target, counts):
    prior = (counts.clamp(min=1) / counts.sum()).log10()
    return -(target * (logits + prior).log_softmax(1)).sum(1)


@component()
def detached_focal(self, logits, target, counts):
    p = (target * logits.softmax(1)).sum(1).detach()
    return (1 - p) ** 2 * CrossEntropy()(logits, target, counts)


@component()
def squared_weights(self, logits, target, counts):
    return WeightedLoss(InversePower(2.0), FocalLoss(1.0))(logits, target, counts)


@component()
def spread_over_the_others(self, logits, target, counts):
    smooth = 0.9 * target + 0.1 / (target.shape[1] - 1) * (1 - target)
    return -(smooth * logits.log_softmax(1)).sum(1)


_adjusted = "logit_adjusted_loss"
PLANTED = [
    PlantedError("a tenth of tau", "loss", _adjusted, every(loss=LogitAdjustedCrossEntropy(0.1))),
    PlantedError("a tenth of gamma", "loss", "focal_loss", every(loss=FocalLoss(0.2))),
    PlantedError("the prior with the wrong sign", "loss", _adjusted, every(loss=no_prior)),
    PlantedError(
        "the largest class has the widest margin", "loss", "ldam_drw", every(loss=margins_by_size)
    ),
    PlantedError(
        "smoothed toward the largest class",
        "loss",
        "label_smoothing",
        every(loss=toward_the_largest),
    ),
    PlantedError(
        "targets are smoothed over the other classes",
        "loss",
        "label_smoothing",
        every(loss=spread_over_the_others),
    ),
    PlantedError(
        "focal loss of a weighted cross-entropy",
        "loss",
        "class_balanced_focal",
        every(loss=focal_of_weighted),
    ),
    PlantedError(
        "weights that change the learning rate", "loss", "class_weights", every(loss=unscaled)
    ),
    PlantedError("plain cross-entropy", "loss", "class_weights", every(loss=CrossEntropy())),
    PlantedError(
        "another beta",
        "loss",
        "effective_number",
        every(loss=WeightedLoss(InverseEffectiveNumber(0.9))),
    ),
    PlantedError(
        "a tenth of q",
        "loss",
        "generalized_cross_entropy",
        every(loss=GeneralizedCrossEntropy(0.07)),
    ),
    PlantedError("classes in another order", "loss", "class_weights", every(loss=in_another_order)),
]
KEPT_APART = [
    PlantedError(
        "three times epsilon", "loss", "label_smoothing", every(loss=SmoothedCrossEntropy(0.3))
    ),
    PlantedError(
        "the decimal logarithm of the prior", "loss", _adjusted, every(loss=decimal_logarithm)
    ),
    PlantedError(
        "margins without the scale", "loss", "ldam_drw", every(loss=margins_without_scale)
    ),
    PlantedError(
        "weights by the square of the size",
        "loss",
        "class_balanced_focal",
        every(loss=squared_weights),
    ),
    PlantedError(
        "the focal factor without its gradient", "loss", "focal_loss", every(loss=detached_focal)
    ),
]

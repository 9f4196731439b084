"""Expectations: what a strategy declares about its components. The audit checks them.

A strategy is compared with what the same network would have done otherwise with the same images:
draws with class sizes, the gradient of a loss with that of cross-entropy at the same logits, labels
with those by argmax. So no second training is needed to notice a component that is ignored, cancels
itself out or works in the wrong direction.
"""

from benchmark.strategy.expectations.augmentation import (
    AllImagesAugmented,
    NoImageAugmented,
    RepeatsAugmented,
)
from benchmark.strategy.expectations.base import CheckResult, Expectation
from benchmark.strategy.expectations.decision import (
    DecisionIsArgmax,
    PredictsRareClassesMore,
    RaisesFittedMacroF1,
)
from benchmark.strategy.expectations.loss import (
    DownweightsEasyExamples,
    DownweightsUncertainExamples,
    ExpectClassWeights,
    GradientMatchesCrossEntropy,
    UpweightsEasyExamples,
    UpweightsRareClasses,
)
from benchmark.strategy.expectations.mixing import ImagesMixed, NoImageMixed
from benchmark.strategy.expectations.sampler import ExpectClassSampling
from benchmark.strategy.expectations.synthesizer import NoFeatureSynthetic, SyntheticFeatures

__all__ = [
    "AllImagesAugmented",
    "CheckResult",
    "DecisionIsArgmax",
    "DownweightsEasyExamples",
    "DownweightsUncertainExamples",
    "ExpectClassSampling",
    "ExpectClassWeights",
    "Expectation",
    "GradientMatchesCrossEntropy",
    "ImagesMixed",
    "NoFeatureSynthetic",
    "NoImageAugmented",
    "NoImageMixed",
    "PredictsRareClassesMore",
    "RaisesFittedMacroF1",
    "RepeatsAugmented",
    "SyntheticFeatures",
    "UpweightsEasyExamples",
    "UpweightsRareClasses",
]

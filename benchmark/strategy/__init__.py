"""The interface for authors of strategies, who import from here or from a module below.

A strategy is frozen data: stages over the step budget, a head, a decision, and expectations. To
write one, read `protocols` first: the eight components that a strategy can bring. Then `stage`:
how they are put together. `components` has the defaults and pieces that several strategies share,
and `expectations` what a strategy can declare for the audit.
"""

from benchmark.strategy.calibrated import Calibration
from benchmark.strategy.components import (
    AllImages,
    Argmax,
    CrossEntropy,
    LinearHead,
    NoAugmentation,
    NoMixing,
    NoSynthesis,
    RandomAugmentation,
    Shuffle,
    WeightedLoss,
)
from benchmark.strategy.expectations.calibration import ExpectTemperature, ExpectVectorScaling
from benchmark.strategy.expectations.decision import (
    ExpectLeastCost,
    ExpectPriorCorrection,
    ExpectTauNormalisation,
    PredictsRareClassesMore,
    RaisesFittedMacroF1,
)
from benchmark.strategy.expectations.head import ExpectCosineHead
from benchmark.strategy.expectations.inputs import (
    AllImagesAugmented,
    ExpectClassSampling,
    ImagesRotated,
    RepeatsAugmented,
)
from benchmark.strategy.expectations.loss import (
    DownweightsEasyExamples,
    DownweightsUncertainExamples,
    ExpectClassWeights,
    UpweightsEasyExamples,
    UpweightsRareClasses,
)
from benchmark.strategy.expectations.loss_formula import ExpectLoss, ExpectSameLoss
from benchmark.strategy.expectations.mixing import ImagesMixed, LabelsFollowPixels, SharesFromBeta
from benchmark.strategy.expectations.schedule import ExpectStage
from benchmark.strategy.expectations.selection import ExpectSelection
from benchmark.strategy.expectations.synthesis import FeaturesInterpolated, SyntheticFeatures
from benchmark.strategy.measurements import (
    CheckResult,
    DecisionMeasurement,
    Expectation,
    StageMeasurement,
)
from benchmark.strategy.outputs import Outputs
from benchmark.strategy.protocols import (
    Augmentation,
    Decision,
    FeatureSynthesizer,
    Head,
    ImageSelection,
    Loss,
    Mixing,
    Sampler,
)
from benchmark.strategy.registration import strategy
from benchmark.strategy.registry import find
from benchmark.strategy.rules import (
    CalibratedRule,
    DividedLogits,
    LeastExpectedCost,
    NormalisedRows,
    OffsetArgmax,
    ScaledLogits,
)
from benchmark.strategy.search_space import Between, OneOf
from benchmark.strategy.stage import Member, Stage, Strategy

__all__ = [
    "AllImages", "AllImagesAugmented", "Argmax", "Augmentation", "Between", "CalibratedRule",
    "Calibration", "CheckResult", "CrossEntropy", "Decision", "DecisionMeasurement",
    "DividedLogits", "DownweightsEasyExamples", "DownweightsUncertainExamples",
    "ExpectClassSampling", "ExpectClassWeights", "ExpectCosineHead", "ExpectLeastCost",
    "ExpectLoss", "ExpectPriorCorrection", "ExpectSameLoss", "ExpectSelection", "ExpectStage",
    "ExpectTauNormalisation", "ExpectTemperature", "ExpectVectorScaling", "Expectation",
    "FeatureSynthesizer", "FeaturesInterpolated", "Head", "ImageSelection", "ImagesMixed",
    "ImagesRotated", "LabelsFollowPixels", "LeastExpectedCost", "LinearHead", "Loss", "Member",
    "Mixing", "NoAugmentation", "NoMixing", "NoSynthesis", "NormalisedRows", "OffsetArgmax",
    "OneOf", "Outputs", "PredictsRareClassesMore", "RaisesFittedMacroF1", "RandomAugmentation",
    "RepeatsAugmented", "Sampler", "ScaledLogits", "SharesFromBeta", "Shuffle", "Stage",
    "StageMeasurement", "Strategy", "SyntheticFeatures", "UpweightsEasyExamples",
    "UpweightsRareClasses", "WeightedLoss", "find", "strategy",
]  # fmt: skip

"""The interface that every strategy is written against. Strategies import this and nothing else.

A strategy is frozen data: stages laid over the step budget (which images are drawn, how they look,
the loss), a head and a final decision, and what must be seen of them. `timeline` holds those types,
`components` the defaults and the pieces that several strategies share, `expectations` what can be seen,
`registry` finds strategies by name, `fingerprint` tells two
of them apart by content.
"""

from benchmark.strategy.components import (
    AddOffset,
    Argmax,
    CrossEntropy,
    LinearHead,
    NoAugmentation,
    NoMixing,
    NoSynthesis,
    RandomAugmentation,
    Shuffle,
    Weighted,
)
from benchmark.strategy.expectations import (
    AllImagesAugmented,
    DownweightsEasyExamples,
    DownweightsUncertainExamples,
    Expectation,
    ExpectClassSampling,
    ExpectClassWeights,
    ImagesMixed,
    PredictsRareClassesMore,
    RaisesFittedMacroF1,
    RepeatsAugmented,
    SyntheticFeatures,
    UpweightsEasyExamples,
    UpweightsRareClasses,
)
from benchmark.strategy.outputs import Outputs
from benchmark.strategy.registry import find, strategy
from benchmark.strategy.search_space import Between, OneOf
from benchmark.strategy.stage import (
    Augmentation,
    Decision,
    FeatureSynthesizer,
    Head,
    Loss,
    Mixing,
    Sampler,
    Stage,
    Strategy,
)

__all__ = [
    "AddOffset",
    "AllImagesAugmented",
    "Argmax",
    "Augmentation",
    "Between",
    "CrossEntropy",
    "Decision",
    "DownweightsEasyExamples",
    "DownweightsUncertainExamples",
    "ExpectClassSampling",
    "ExpectClassWeights",
    "Expectation",
    "FeatureSynthesizer",
    "Head",
    "ImagesMixed",
    "LinearHead",
    "Loss",
    "Mixing",
    "NoAugmentation",
    "NoMixing",
    "NoSynthesis",
    "OneOf",
    "Outputs",
    "PredictsRareClassesMore",
    "RaisesFittedMacroF1",
    "RandomAugmentation",
    "RepeatsAugmented",
    "Sampler",
    "Shuffle",
    "Stage",
    "Strategy",
    "SyntheticFeatures",
    "UpweightsEasyExamples",
    "UpweightsRareClasses",
    "Weighted",
    "find",
    "strategy",
]

"""The interface that every strategy is written against. Strategies import this and nothing else.

A strategy is frozen data: stages laid over the step budget (which images are drawn, how they look,
the loss), a head and a final decision, and what must be seen of them. `timeline` holds those types,
`components` the defaults and the pieces that several strategies share, `effects` what can be seen,
`registry` finds strategies by name, `identity` tells two
of them apart by content.
"""

from benchmark.strategy.components import (
    AddOffset,
    Argmax,
    AsIs,
    CrossEntropy,
    ImagesAlone,
    LinearHead,
    NoMix,
    RandomView,
    Shuffle,
    Weighted,
)
from benchmark.strategy.expectations import (
    AllAltered,
    DrawnAs,
    EasyPullLess,
    EasyPullMore,
    Effect,
    FittedOnValidation,
    MadeUp,
    Mixed,
    RareCalledMore,
    RarePullMore,
    RepeatsAltered,
    UnsurePullLess,
    WeighedAs,
)
from benchmark.strategy.outputs import Outputs
from benchmark.strategy.registry import find, strategy
from benchmark.strategy.search_space import Between, OneOf
from benchmark.strategy.stage import (
    Augment,
    Decision,
    Head,
    Loss,
    Mix,
    Sampler,
    Stage,
    Strategy,
    Synthesis,
)

__all__ = [
    "AddOffset",
    "AllAltered",
    "Argmax",
    "AsIs",
    "Augment",
    "Between",
    "CrossEntropy",
    "Decision",
    "DrawnAs",
    "EasyPullLess",
    "EasyPullMore",
    "Effect",
    "FittedOnValidation",
    "Head",
    "ImagesAlone",
    "LinearHead",
    "Loss",
    "MadeUp",
    "Mix",
    "Mixed",
    "NoMix",
    "OneOf",
    "Outputs",
    "RandomView",
    "RareCalledMore",
    "RarePullMore",
    "RepeatsAltered",
    "Sampler",
    "Shuffle",
    "Stage",
    "Strategy",
    "Synthesis",
    "UnsurePullLess",
    "WeighedAs",
    "Weighted",
    "find",
    "strategy",
]

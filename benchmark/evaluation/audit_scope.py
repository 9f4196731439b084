"""What the audit can see of a strategy, and what it can't."""

from collections.abc import Iterator

from benchmark.strategy import (
    ExpectClassSampling,
    ExpectClassWeights,
    ExpectCosineHead,
    ExpectLeastCost,
    ExpectLoss,
    ExpectPriorCorrection,
    ExpectSameLoss,
    ExpectSelection,
    ExpectStage,
    ExpectTauNormalisation,
    ExpectTemperature,
    ExpectVectorScaling,
    FeaturesInterpolated,
    ImagesRotated,
    LabelsFollowPixels,
    RaisesFittedMacroF1,
    Strategy,
)
from benchmark.strategy.expectations.head import HeadIsLinear
from benchmark.strategy.stage import acting_components
from benchmark.system.text import join_names

# component, what is compared, what a strategy's error may still do without being noticed
SCOPE = (
    (
        "selection",
        "how many images of each class are left out, and that these are never shown",
        "which images of a class are left out",
    ),
    (
        "sampler",
        "draws by class with the declared shares, by image within a class; the order of classes",
        "which images of a class are drawn together",
    ),
    (
        "augmentation",
        "pixels before and after; rotation, content and overflow on synthetic images",
        "shift, zoom and light, and whether they suit these images",
    ),
    (
        "mixing",
        "shares of the label with those of the pixels, and their distribution",
        "images that are sums of others, as those of one colour",
    ),
    (
        "synthesizer",
        "rows by class; whether each lies between neighbours of its class, and which",
        "neighbours of a wrong label; which of two images, where one neighbour is declared",
    ),
    (
        "loss",
        "the gradient of sampled and of synthetic images with the declared formula's, to 1 %",
        "a formula that is declared as wrongly as it is computed",
    ),
    (
        "head",
        "logits with the products, or cosines, of features and weights, synthetic ones too",
        "another bias, and heads that declare nothing",
    ),
    (
        "calibration",
        "probabilities on a synthetic network that is too sure with the declared formula's",
        "whether they hold for other images than those of validation",
    ),
    (
        "decision",
        "labels on synthetic networks with the formula's; labels of the run, fitted again",
        "a fit that is a few points of macro-F1 below the best",
    ),
    (
        "schedule",
        "share of the steps, blocks that change, a new head",
        "stages that declare none of it",
    ),
)
_STRENGTH: dict[str, tuple[type, ...]] = {  # component -> expectations that check how strong it is
    "selection": (ExpectSelection,),
    "sampler": (ExpectClassSampling,),
    "augmentation": (ImagesRotated,),
    "mixing": (LabelsFollowPixels,),
    "synthesizer": (FeaturesInterpolated,),
    "loss": (ExpectLoss, ExpectSameLoss, ExpectClassWeights),
    "head": (ExpectCosineHead, HeadIsLinear),
    "calibration": (ExpectTemperature, ExpectVectorScaling),
    "decision": (
        *(ExpectPriorCorrection, ExpectTauNormalisation, ExpectLeastCost),
        RaisesFittedMacroF1,
    ),
    "schedule": (ExpectStage,),
}


def unchecked_strengths(strategy: Strategy) -> Iterator[str]:
    """Yield a sentence for each component whose strength no expectation declares."""
    declared = strategy.declared()
    declared_components = {each.component for each in declared}
    for component in acting_components(strategy):
        checks = _STRENGTH[component]
        if any(isinstance(each, checks) for each in declared):
            continue
        has_direction = component in declared_components
        sees = "the declared direction" if has_direction else "some effect"
        names = join_names([check.__name__ for check in checks], "or")
        yield (
            f"The audit sees that its {component} has {sees}, not how strong it is: a tenth or ten "
            f"times of it would pass. To have that checked, declare {names}"
        )

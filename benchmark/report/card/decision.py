"""How a model decides, in words, from the rule that its model.json holds."""

from typing import Any

from benchmark.inference.model_info import ModelInfo
from benchmark.report.render.blocks import as_code
from benchmark.report.render.formats import MINUS

MOST_PROBABLE = "It decides for the most probable class."


def decision_sentence(info: ModelInfo) -> str:
    """Say how probabilities become a class."""
    if info.decision is None:
        files = ", ".join(info.plugins)
        return f"Its decision is code of {files} and is not here: the model gives probabilities."
    return _sentence(info.decision, [each.name for each in info.classes])


def _sentence(rule: dict[str, Any], classes: list[str]) -> str:
    kind = rule["kind"]
    if kind == "OffsetArgmax":
        offsets = dict(zip(classes, rule["offset"], strict=True))
        if not any(offsets.values()):
            return MOST_PROBABLE
        low, high = min(offsets, key=lambda c: offsets[c]), max(offsets, key=lambda c: offsets[c])
        return (
            "An offset is added to the logarithm of each class's probability, from "
            f"{_signed(offsets[low])} for {as_code(low)} to {_signed(offsets[high])} for "
            f"{as_code(high)}, and the largest sum decides. So the class need not be the most "
            "probable one; `confidence` is the probability of the class that was decided for."
        )
    if kind == "NormalisedRows":
        return (
            "The rows of the classifier are divided by their norms to the power of "
            f"{rule['tau']:g}, and the largest product with the features decides; probabilities "
            "are those of the classifier as it was trained."
        )
    if kind == "DividedLogits":
        return f"Logits are divided by {rule['temperature']:.3g}, which labels do not change."
    if kind == "ScaledLogits":
        return f"The logit of each class has a scale and a shift of its own. {MOST_PROBABLE}"
    if kind == "LeastExpectedCost":
        return "It decides for the class of the least expected cost, by the costs in model.json."
    if kind == "CalibratedRule":
        first = _sentence(rule["calibration"], classes).removesuffix(f" {MOST_PROBABLE}")
        return f"{first} Then: {_sentence(rule['rule'], classes)}"
    return ""


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", MINUS)

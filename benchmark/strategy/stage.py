"""A strategy as data: stages over the step budget, a head and a decision."""

from __future__ import annotations

from dataclasses import dataclass, replace

from benchmark.strategy.components import (
    Argmax,
    CrossEntropy,
    LinearHead,
    NoAugmentation,
    NoMixing,
    NoSynthesis,
    Shuffle,
)
from benchmark.strategy.expectations import Expectation
from benchmark.strategy.measurements import DecisionMeasurement, StageMeasurement
from benchmark.strategy.protocols import (
    Augmentation,
    Decision,
    FeatureSynthesizer,
    Head,
    Loss,
    Mixing,
    Sampler,
)

STAGE_COMPONENTS = ("sampler", "augmentation", "mixing", "synthesizer", "loss")  # fields of Stage


@dataclass(frozen=True)
class Stage:
    """A fraction of the step budget. Every field has a neutral default.

    Attributes
    ----------
    fraction
        Fraction of the step budget, above 0 and up to 1.
    sampler, augmentation, mixing, synthesizer, loss
        See `benchmark.strategy.protocols`.
    train_from
        The first block to train, or "head" for the classifier alone. None trains the blocks of the
        recipe's phase.
    reset_head
        Begin this stage with a new head.
    expectations
        Declared effects of this stage's components, for the audit.
    """

    fraction: float = 1.0
    sampler: Sampler = Shuffle()
    augmentation: Augmentation = NoAugmentation()
    mixing: Mixing = NoMixing()
    synthesizer: FeatureSynthesizer = NoSynthesis()
    loss: Loss = CrossEntropy()
    train_from: str | None = None
    reset_head: bool = False
    expectations: tuple[Expectation[StageMeasurement], ...] = ()

    def __post_init__(self) -> None:
        if not 0 < self.fraction <= 1:
            raise ValueError(f"a stage's fraction must be in (0, 1], got {self.fraction}")
        if self.mixing != NoMixing() and self.synthesizer != NoSynthesis():
            raise ValueError(
                "a stage can mix images or synthesize features, not both: synthetic features have "
                f"no image to mix; got mixing={self.mixing!r} and synthesizer={self.synthesizer!r}"
            )

    def is_neutral(self, component: str) -> bool:
        """Return whether one of STAGE_COMPONENTS is the default."""
        return bool(getattr(self, component) == getattr(Stage(), component))


@dataclass(frozen=True)
class Strategy:
    """Stages in order, a head and a decision.

    The audit checks a component without declared expectations as well: it must have some effect,
    and a neutral component must have none. See `benchmark.evaluation.audit`.

    Attributes
    ----------
    stages
        Their fractions add up to 1.
    head, decision
        See `benchmark.strategy.protocols`.
    expectations
        Declared effects of the decision, for the audit.
    """

    stages: tuple[Stage, ...] = (Stage(),)
    head: Head = LinearHead()
    decision: Decision = Argmax()
    expectations: tuple[Expectation[DecisionMeasurement], ...] = ()

    def __post_init__(self) -> None:
        if not callable(getattr(self.decision, "fit", None)):
            raise ValueError(
                f"decision must have a method fit(outputs, counts) that returns a rule "
                f"outputs -> labels, got {self.decision!r}"
            )
        total = sum(stage.fraction for stage in self.stages)
        if abs(total - 1) > 1e-9:
            raise ValueError(
                f"the fractions of a strategy's stages must add up to 1, got {total:g} from "
                f"{[stage.fraction for stage in self.stages]}"
            )

    def then(self, final: Stage) -> Strategy:
        """Return this strategy with one more stage. The other stages are shortened to fit."""
        shorter = tuple(
            replace(stage, fraction=stage.fraction * (1 - final.fraction)) for stage in self.stages
        )
        return replace(self, stages=(*shorter, final))


def acting_components(strategy: Strategy) -> list[str]:
    """Return the components in which a strategy differs from plain training.

    They are STAGE_COMPONENTS, head, decision and schedule. The schedule acts if there are several
    stages, a new head, or a stage with blocks of its own to train.
    """
    plain, stages = Strategy(), strategy.stages
    acting = [
        component
        for component in STAGE_COMPONENTS
        if not all(stage.is_neutral(component) for stage in stages)
    ]
    acting += [
        name for name in ("head", "decision") if getattr(strategy, name) != getattr(plain, name)
    ]
    if len(stages) > 1 or any(stage.reset_head or stage.train_from for stage in stages):
        acting.append("schedule")
    return acting

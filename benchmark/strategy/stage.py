"""A strategy as data: stages over the step budget, a head and a decision."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchmark.strategy import components, protocols
from benchmark.strategy.calibrated import Calibration, in_class_order, on_top, parts
from benchmark.strategy.expectations.schedule import ExpectStage
from benchmark.strategy.measurements import DecisionMeasurement, Expectation, StageMeasurement

STAGE_COMPONENTS = (  # fields of Stage
    *("selection", "sampler", "augmentation", "mixing", "synthesizer", "loss"),
)


@dataclass(frozen=True)
class Stage:
    """What happens in a fraction of the step budget. Every field has a neutral default."""

    fraction: float = 1.0  # of the steps that train more than the head, above 0 and up to 1
    sampler: protocols.Sampler = components.Shuffle()
    augmentation: protocols.Augmentation = components.NoAugmentation()
    mixing: protocols.Mixing = components.NoMixing()
    synthesizer: protocols.FeatureSynthesizer = components.NoSynthesis()
    loss: protocols.Loss = components.CrossEntropy()
    # first block to train, "head" for the classifier alone, None for those of the recipe's phase
    train_from: str | None = None
    reset_head: bool = False  # begin with a new head, and the learning-rate schedule anew
    lr_factor: float = 1.0  # times the recipe's learning rates; `--tune` tries it for all stages
    # epochs of the training images after the common budget, in place of a fraction of it, which is
    # then 0: more steps than other strategies get, and the report says so
    extra_epochs: float = 0.0
    expectations: tuple[Expectation[StageMeasurement], ...] = ()  # of its components, for the audit
    selection: protocols.ImageSelection = components.AllImages()

    def __post_init__(self) -> None:
        if not 0 < self.lr_factor < math.inf:
            raise ValueError(f"a stage's lr_factor must be above 0, got {self.lr_factor}")
        if not 0 <= self.extra_epochs < math.inf:
            raise ValueError(f"extra_epochs must be 0 or more, got {self.extra_epochs}")
        if self.extra_epochs and self.fraction:
            raise ValueError(
                "a stage has a fraction of the common budget or epochs after it, not both; got "
                f"fraction={self.fraction:g} and extra_epochs={self.extra_epochs:g}"
            )
        if not self.extra_epochs and not 0 < self.fraction <= 1:
            raise ValueError(f"a stage's fraction must be in (0, 1], got {self.fraction}")
        if self.mixing != components.NoMixing() and self.synthesizer != components.NoSynthesis():
            raise ValueError(
                "a stage can mix images or synthesize features, not both: synthetic features have "
                f"no image to mix; got mixing={self.mixing!r} and synthesizer={self.synthesizer!r}"
            )

    def is_neutral(self, component: str) -> bool:
        """Return whether one of STAGE_COMPONENTS is the default."""
        return bool(getattr(self, component) == getattr(Stage(), component))

    def shortened(self, factor: float) -> Stage:
        """Return the stage with a part of its fraction, and expectations of the same length."""
        expectations = tuple(
            replace(each, fraction=each.fraction * factor)
            if isinstance(each, ExpectStage)
            else each
            for each in self.expectations
        )
        return replace(self, fraction=self.fraction * factor, expectations=expectations)


@dataclass(frozen=True)
class Member:
    """One network of an ensemble: the strategy that trains it, and its name."""

    name: str
    strategy: Strategy


@dataclass(frozen=True)
class Strategy:
    """Stages in order, a head and a decision; or members, whose networks are averaged.

    The audit checks a component without declared expectations as well: it must have some effect,
    and a neutral component must have none. See `benchmark.evaluation.audit`.
    """

    # their fractions add up to 1; those with epochs of their own come last
    stages: tuple[Stage, ...] = (Stage(),)
    head: protocols.Head = components.LinearHead()
    decision: protocols.Decision = components.Argmax()
    expectations: tuple[Expectation[DecisionMeasurement], ...] = ()  # of the decision, likewise
    # of an ensemble, which trains nothing of its own: its outputs are those of `combine_outputs`
    members: tuple[Member, ...] = ()

    def __post_init__(self) -> None:
        if self.members:
            _check_members(self)
        if not callable(getattr(self.decision, "fit", None)):
            raise ValueError(
                f"decision must have a method fit(outputs, counts) that returns a rule "
                f"outputs -> labels, got {self.decision!r}"
            )
        if not isinstance(self.stages, tuple) or not all(isinstance(s, Stage) for s in self.stages):
            raise ValueError(
                f"stages must be a tuple of stages, as in Strategy((Stage(),)), got {self.stages!r}"
            )
        fractions = [stage.fraction for stage in self.stages]
        if abs(sum(fractions) - 1) > 1e-9:
            raise ValueError(
                "the fractions of a strategy's stages must add up to 1, got "
                f"{sum(fractions):g} from {fractions}"
            )
        is_extra = [stage.extra_epochs > 0 for stage in self.stages]
        if is_extra != sorted(is_extra):
            raise ValueError(
                "stages with extra_epochs come after the common budget, so they must be the last; "
                f"got extra_epochs of {[stage.extra_epochs for stage in self.stages]}"
            )

    @property
    def trainings(self) -> tuple[Strategy, ...]:
        """The strategies whose networks are trained: the members, or this one."""
        return tuple(member.strategy for member in self.members) or (self,)

    def declared(self) -> list[Expectation[Any]]:
        """Return all that is expected of the stages, those of members too, and of the decision."""
        stages = (stage for training in self.trainings for stage in training.stages)
        return [*(each for stage in stages for each in stage.expectations), *self.expectations]

    def for_classes(self, classes: Sequence[str]) -> Strategy:
        """Return this strategy with what names classes, as a decision may, in their order.

        ValueError if it names others.
        """
        decision = in_class_order(self.decision, classes)
        expectations = tuple(in_class_order(each, classes) for each in self.expectations)
        return replace(self, decision=decision, expectations=expectations)

    def with_lr_factor(self, factor: float) -> Strategy:
        """Return this strategy with all learning rates times a factor, those of members too."""
        if self.members:
            members = (replace(m, strategy=m.strategy.with_lr_factor(factor)) for m in self.members)
            return replace(self, members=tuple(members))
        stages = tuple(replace(s, lr_factor=s.lr_factor * factor) for s in self.stages)
        return replace(self, stages=stages)

    def then(self, final: Stage) -> Strategy:
        """Return this strategy with one more stage. The others are shortened by its fraction.

        It trains on the images that the stage before it selects, unless it selects some itself:
        an image whose label is likely wrong is no better for it.
        """
        shorter = (stage.shortened(1 - final.fraction) for stage in self.stages)
        before = self.stages[-1]
        if final.is_neutral("selection") and not before.is_neutral("selection"):
            declared = (each for each in before.expectations if each.component == "selection")
            expectations = (*final.expectations, *declared)
            final = replace(final, selection=before.selection, expectations=expectations)
        return replace(self, stages=(*shorter, final))

    def decided_by(
        self, decision: protocols.Decision, *expectations: Expectation[DecisionMeasurement]
    ) -> Strategy:
        """Return this strategy with another decision; what it declares of its head stays.

        A decision takes the place of another, and a calibration that of another: of both, the
        decision is fitted to the calibrated outputs, see `on_top`.
        """
        other = "decision" if isinstance(decision, Calibration) else "calibration"
        kept = (each for each in self.expectations if each.component in ("head", other))
        decision = on_top(self.decision, decision)
        return replace(self, decision=decision, expectations=(*kept, *expectations))


def _check_members(strategy: Strategy) -> None:
    """Raise ValueError, in words, for members that are no ensemble."""
    names = [member.name for member in strategy.members]
    if strategy.stages != (Stage(),) or strategy.head != components.LinearHead():
        raise ValueError(
            f"the mean of {' and '.join(names)} trains nothing of its own, so it can have no "
            "stages and no head: average strategies that have them"
        )
    if len(names) < 2:
        raise ValueError(
            f"a mean is of two networks or more, got {names[0]} alone; part their names with |"
        )
    for number, member in enumerate(strategy.members):
        if member.strategy.members:
            raise ValueError(f"{member.name} is a mean of networks: name these instead")
        if member.strategy.decision != components.Argmax():
            raise ValueError(
                f"{member.name} has a decision of its own, which would not count: networks are "
                "averaged before anything is decided. Put the decision on top of the mean"
            )
        for other in strategy.members[:number]:
            if other.strategy == member.strategy:
                raise ValueError(f"{other.name} and {member.name} train the same network")


def acting_components(strategy: Strategy) -> list[str]:
    """Return the components in which a strategy differs from plain training.

    They are STAGE_COMPONENTS, head, calibration, decision and schedule. The schedule acts if there
    are several stages, a new head, or a stage with blocks to train or learning rates of its own.
    """
    stages = [stage for training in strategy.trainings for stage in training.stages]
    heads = [training.head for training in strategy.trainings]
    calibration, decision = parts(strategy.decision)
    firsts = [training.stages[0] for training in strategy.trainings]
    of_its_own = any(s.reset_head or bool(s.train_from) or s.lr_factor != 1 for s in firsts)
    acts = {
        **{name: not all(stage.is_neutral(name) for stage in stages) for name in STAGE_COMPONENTS},
        "head": any(head != Strategy().head for head in heads),
        "calibration": calibration is not None,
        "decision": decision != Strategy().decision,
        "schedule": len(stages) > len(firsts) or of_its_own,
    }
    return [component for component, acting in acts.items() if acting]

"""In which places a strategy acts: what its data changes, whatever it is called."""

from __future__ import annotations

from benchmark.strategy.stage import Stage, Strategy

# place -> the field of a stage
FIELDS = {
    "draws": "sampler",
    "views": "augmentation",
    "mix": "mixing",
    "features": "synthesizer",
    "loss": "loss",
}


def is_neutral(stage: Stage, place: str) -> bool:
    """Return whether a stage changes nothing in one of FIELDS."""
    return bool(getattr(stage, FIELDS[place]) == getattr(Stage(), FIELDS[place]))


def places(strategy: Strategy) -> list[str]:
    """Return where a strategy differs from a plain training.

    Out of draws, views, mix, features, loss, head, decision and timeline (stages that differ from
    each other, a head begun anew, blocks frozen otherwise than the recipe has it).
    """
    plain, stages = Strategy(), strategy.stages
    found = [p for p in FIELDS if not all(is_neutral(stage, p) for stage in stages)]
    if strategy.head != plain.head:
        found.append("head")
    if strategy.decision != plain.decision:
        found.append("decision")
    if len(stages) > 1 or any(stage.reset_head or stage.train_from for stage in stages):
        found.append("timeline")
    return found

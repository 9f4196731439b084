"""Stages: when they run, and what they train; with a planted error."""

from __future__ import annotations

from dataclasses import replace

from benchmark.strategy import Strategy
from tests.evaluation.planted.planted_error import PlantedError, last


def swapped(right: Strategy) -> Strategy:
    """Run the last stage for the time of all others, which come last."""
    first, final = right.stages
    return replace(
        right,
        stages=(replace(final, fraction=first.fraction), replace(first, fraction=final.fraction)),
    )


def for_the_first_time(right: Strategy) -> Strategy:
    first, final = right.stages
    return replace(
        right,
        stages=(replace(first, fraction=final.fraction), replace(final, fraction=first.fraction)),
    )


def short_last(right: Strategy) -> Strategy:
    first, final = right.stages
    return replace(right, stages=(replace(first, fraction=0.96), replace(final, fraction=0.04)))


def head_alone_in_the_first_stage(right: Strategy) -> Strategy:
    first, final = right.stages
    return replace(right, stages=(replace(first, train_from="head"), final))


def not_deferred(right: Strategy) -> Strategy:
    first, final = right.stages
    return replace(right, stages=(replace(first, sampler=final.sampler), final))


PLANTED = [
    PlantedError("balanced from the start", "stages", "deferred_resampling", not_deferred),
    PlantedError("the body is trained as well", "stages", "crt", last(train_from=None)),
    PlantedError("the old head is kept", "stages", "crt", last(reset_head=False)),
    PlantedError(
        "four fifths in place of one", "stages", "deferred_reweighting", for_the_first_time
    ),
    PlantedError("the stages are swapped", "stages", "deferred_resampling", swapped),
]
KEPT_APART = [
    PlantedError("a last stage of hardly any step", "stages", "crt", short_last),
    PlantedError(
        "the first stage trains the head alone", "stages", "crt", head_alone_in_the_first_stage
    ),
    PlantedError(
        "weights are never applied",
        "stages",
        "ldam_drw",
        lambda right: replace(
            right, stages=(right.stages[0], replace(right.stages[1], loss=right.stages[0].loss))
        ),
    ),
]

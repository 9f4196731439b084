"""Two runs train the same networks, or do not, whatever their settings are called."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmark.execution.same_training import train_the_same, why_the_same
from tests.report.fabricate import fabricate_run

RUN = fabricate_run("one", strategies=["no_change"]).manifest
RUN = replace(RUN, splits={0: "hash"})


def changed(phases=None, splits=None, **experiment):
    """Return the run with other values of its experiment."""
    own = replace(RUN.experiment, **experiment)
    if phases is not None:
        own = replace(own, recipe=replace(own.recipe, phases=phases))
    return replace(RUN, experiment=own, splits=splits or RUN.splits)


def with_setting(**settings):
    return changed(settings=RUN.experiment.settings | settings)


HEADS = tuple({**phase, "train_from": "head"} for phase in RUN.experiment.recipe.phases)
LONGER = tuple({**phase, "epochs": 99} for phase in RUN.experiment.recipe.phases)


@pytest.mark.parametrize(
    "other",
    [
        RUN,
        with_setting(fine_tune="another name"),
        with_setting(label_noise="0.0001"),
        with_setting(budget="steps"),
        changed(phases=LONGER),
        changed(splits={0: "hash", 1: "more"}),
    ],
)
def test_what_leads_to_the_same_is_the_same(other):
    assert train_the_same(RUN, other)


@pytest.mark.parametrize(
    "other",
    [
        with_setting(backbone="another"),
        changed(first_trained="another"),
        changed(batch_size=999),
        changed(phase_steps=tuple(n + 1 for n in RUN.experiment.phase_steps)),
        changed(phases=HEADS),
        changed(splits={0: "other labels"}),
        changed(splits={7: "hash"}),
        replace(RUN, weights=replace(RUN.weights, sha256="another")),
    ],
)
def test_what_leads_to_another_training_is_not(other):
    assert not train_the_same(RUN, other)


def test_a_recipe_of_heads_has_one_depth():
    head, half = changed(phases=HEADS, first_trained="head"), changed(phases=HEADS)
    assert train_the_same(head, half)
    assert why_the_same("fine_tune", half.experiment) == (
        f"the recipe {half.experiment.recipe.name} trains the head alone"
    )
    assert "same steps" in why_the_same("epochs", half.experiment)

"""Stages, strategies, and the components in which a strategy differs from plain training."""

from dataclasses import dataclass

import numpy as np
import pytest

from benchmark.strategy import RandomAugmentation, Stage, Strategy, find
from benchmark.strategy.expectations.schedule import ExpectStage
from benchmark.strategy.stage import acting_components


@dataclass(frozen=True)
class Other:
    """A selection of all images."""

    def __call__(self, features, labels, groups, rng):
        return np.ones(len(labels), bool)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("no_change", []),
        ("class_weights", ["loss"]),
        ("focal_loss", ["loss"]),
        ("random_oversampling", ["sampler"]),
        ("augmentation_oversampling", ["sampler", "augmentation"]),
        ("threshold_moving", ["decision"]),
        ("threshold_moving:base=focal_loss", ["loss", "decision"]),
        ("prior_correction", ["decision"]),
    ],
)
def test_acting_components_of_built_in_strategies(name, expected):
    assert acting_components(find(name)) == expected


def test_a_second_stage_or_other_trained_blocks_are_the_schedule():
    assert acting_components(Strategy((Stage(0.5), Stage(0.5)))) == ["schedule"]
    assert acting_components(Strategy((Stage(train_from="head"),))) == ["schedule"]
    assert acting_components(Strategy((Stage(lr_factor=3),))) == ["schedule"]
    assert acting_components(Strategy((Stage(augmentation=RandomAugmentation()),))) == [
        "augmentation"
    ]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Stage(0.0), r"fraction must be in \(0, 1\], got 0.0"),
        (
            lambda: Stage(mixing=RandomAugmentation(), synthesizer=RandomAugmentation()),
            "mix images or synthesize features, not both",
        ),
        (
            lambda: Strategy((Stage(0.5), Stage(0.6))),
            r"must add up to 1, got 1.1 from \[0.5, 0.6\]",
        ),
        (lambda: Stage(lr_factor=0), "lr_factor must be above 0, got 0"),
        (lambda: Stage(extra_epochs=2), "fraction=1 and extra_epochs=2"),
        (lambda: Stage(0, extra_epochs=-1), "extra_epochs must be 0 or more, got -1"),
        (
            lambda: Strategy((Stage(0, extra_epochs=2), Stage())),
            r"must be the last; got extra_epochs of \[2, 0.0\]",
        ),
        (lambda: Strategy(decision=len), r"a method fit\(outputs, counts\)"),
        (lambda: Strategy(Stage()), r"a tuple of stages, as in Strategy\(\(Stage\(\),\)\), got"),
    ],
)
def test_impossible_strategies_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_further_stage_shortens_the_others():
    strategy = Strategy((Stage(0.5), Stage(0.5, reset_head=True))).then(Stage(0.2))
    assert [stage.fraction for stage in strategy.stages] == pytest.approx([0.4, 0.4, 0.2])
    assert strategy.stages[1].reset_head


def test_a_stage_after_the_budget_shortens_none():
    strategy = Strategy((Stage(0.5), Stage(0.5, reset_head=True))).then(Stage(0, extra_epochs=10))
    assert [stage.fraction for stage in strategy.stages] == [0.5, 0.5, 0]


def test_a_further_stage_keeps_to_the_selected_images_unless_it_selects_some_itself():
    (first,) = find("drop_suspects").stages
    strategy = Strategy((first,))
    plain, own = strategy.then(Stage(0.2)), strategy.then(Stage(0.2, selection=Other()))
    assert plain.stages[1].selection == first.selection
    assert plain.stages[1].expectations == first.expectations
    assert own.stages[1].selection == Other()
    assert acting_components(Strategy().then(Stage(0.2))) == ["schedule"]


def test_the_length_that_a_stage_of_the_base_declares_is_shortened_with_it():
    stages = find("crt:base=deferred_resampling").stages
    declared = [
        (stage.fraction, each.fraction)
        for stage in stages
        for each in stage.expectations
        if isinstance(each, ExpectStage)
    ]
    assert declared == [(pytest.approx(0.2 * 0.7),) * 2, (0.3, 0.3)]

"""Where a strategy acts is read from its data."""

import pytest

from benchmark.strategy import RandomAugmentation, Stage, Strategy, find
from benchmark.strategy.places import places


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("no_change", []),
        ("class_weights", ["loss"]),
        ("focal_loss", ["loss"]),
        ("random_oversampling", ["draws"]),
        ("augmentation_oversampling", ["draws", "views"]),
        ("threshold_moving", ["decision"]),
        ("threshold_moving:base=focal_loss", ["loss", "decision"]),
        ("prior_correction", ["decision"]),
    ],
)
def test_of_the_strategies_at_hand(name, expected):
    assert places(find(name)) == expected


def test_a_second_stage_or_a_frozen_rest_is_the_timeline():
    assert places(Strategy((Stage(0.5), Stage(0.5)))) == ["timeline"]
    assert places(Strategy((Stage(train_from="head"),))) == ["timeline"]
    assert places(Strategy((Stage(augmentation=RandomAugmentation()),))) == ["views"]

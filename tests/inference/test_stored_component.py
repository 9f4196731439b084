"""Heads and fitted rules as JSON, and back."""

import json
from dataclasses import dataclass

import pytest

from benchmark.inference.stored_component import KINDS, from_content, is_ours, to_content
from benchmark.strategy import rules
from benchmark.strategy.components import CosineHead, LinearHead

COMPONENTS = [
    LinearHead(),
    CosineHead(30.0),
    rules.OffsetArgmax((0.1, -1 / 3)),
    rules.NormalisedRows(0.5),
    rules.DividedLogits(1.7),
    rules.ScaledLogits((1.0, 2.0), (0.0, -0.1)),
    rules.LeastExpectedCost(((0.0, 1.0), (5.0, 0.0))),
    rules.CalibratedRule(rules.DividedLogits(1.7), rules.OffsetArgmax((0.0, 1e-17))),
]


@dataclass(frozen=True)
class OfAPlugin:
    tau: float


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda each: type(each).__name__)
def test_it_is_the_same_after_json(component):
    assert is_ours(component)
    text = json.dumps(to_content(component))
    assert from_content(json.loads(text)) == component


def test_every_kind_is_tried_here():
    assert {type(component).__name__ for component in COMPONENTS} == set(KINDS)


def test_a_component_of_a_plug_in_is_not_ours_nor_what_holds_one():
    assert not is_ours(OfAPlugin(1.0))
    assert not is_ours(rules.CalibratedRule(rules.DividedLogits(1.0), OfAPlugin(1.0)))
    assert not is_ours(lambda outputs: outputs)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({"kind": "Unknown"}, "'Unknown' is none of LinearHead"),
        ({}, "None is none of"),
        ({"kind": "CosineHead"}, "has not the fields none"),
        ({"kind": "CosineHead", "scale": 1, "more": 2}, "has not the fields scale, more"),
    ],
)
def test_another_content_is_refused(content, error):
    with pytest.raises(ValueError, match=error):
        from_content(content)

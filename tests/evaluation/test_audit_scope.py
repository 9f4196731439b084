"""A strength that no expectation checks is named; the built-in strategies have none."""

import pytest

from benchmark.evaluation.audit_scope import SCOPE, unchecked_strengths
from benchmark.strategy import Stage, Strategy, UpweightsRareClasses, find
from benchmark.strategy.registry import groups
from benchmark.strategy.stage import acting_components
from strategies.logit_adjusted_loss import LogitAdjustedCrossEntropy


@pytest.mark.parametrize("name", groups()["every"])
def test_the_strengths_of_the_strategies_here_are_checked(name):
    assert not list(unchecked_strengths(find(name)))


def test_a_direction_is_no_strength():
    loss = LogitAdjustedCrossEntropy(1.0)
    stage = Stage(loss=loss, expectations=(UpweightsRareClasses(),))
    (sentence,) = unchecked_strengths(Strategy((stage,)))
    assert "its loss has the declared direction, not how strong it is" in sentence
    assert sentence.endswith("ExpectLoss, ExpectSameLoss or ExpectClassWeights")
    (sentence,) = unchecked_strengths(Strategy((Stage(loss=loss),)))
    assert "its loss has some effect" in sentence


def test_every_component_is_in_the_table():
    strategies = [find(name) for name in groups()["every"]]
    acting = {component for each in strategies for component in acting_components(each)}
    assert acting <= {component for component, *_ in SCOPE}

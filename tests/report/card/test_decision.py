"""How a model decides, in words."""

from types import SimpleNamespace

import pytest

from benchmark.inference.stored_component import to_content
from benchmark.report.card.decision import MOST_PROBABLE, decision_sentence
from benchmark.strategy import rules
from tests.inference.test_stored_component import COMPONENTS

CLASSES = (SimpleNamespace(name="cat"), SimpleNamespace(name="dog"))


def sentence(rule):
    content = None if rule is None else to_content(rule)
    return decision_sentence(SimpleNamespace(decision=content, classes=CLASSES, plugins=("a.py",)))


@pytest.mark.parametrize(
    ("rule", "begin"),
    [
        (rules.OffsetArgmax((0.0, 0.0)), MOST_PROBABLE),
        (rules.OffsetArgmax((-0.5, 1.25)), "An offset is added to the logarithm of each class's "
         "probability, from −0.50 for `cat` to +1.25 for `dog`"),
        (rules.CalibratedRule(rules.DividedLogits(2.0), rules.OffsetArgmax((0.0, 0.0))),
         f"Logits are divided by 2, which labels do not change. Then: {MOST_PROBABLE}"),
        (None, "Its decision is code of a.py and is not here"),
    ],
)  # fmt: skip
def test_sentences(rule, begin):
    assert sentence(rule).startswith(begin)


def test_every_rule_has_one():
    for component in COMPONENTS:
        if type(component).__module__ == rules.__name__:
            assert sentence(component).endswith(".")

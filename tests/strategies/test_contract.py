"""Every built-in strategy passes the contract; a new file is tested with no other change."""

import ast
import inspect
import re
import sys

import pytest

from benchmark.contract.case import Case
from benchmark.contract.checks import CHECKS, error_sentence
from benchmark.strategy import find
from benchmark.strategy.registry import groups, registered, resolve
from benchmark.strategy.stage import acting_components

NAMES = list(groups()["every"])  # without those that need a parameter, as a file
COMPONENTS = {  # a check is about one of these components, or about the whole strategy
    "check_loss_is_finite": "loss",
    "check_loss_is_linear_in_target": "loss",
    "check_loss_is_cross_entropy_on_equal_classes": "loss",
    "check_selection": "selection",
    "check_sampler": "sampler",
    "check_augmentation": "augmentation",
    "check_first_occurrences": "augmentation",
    "check_mixing": "mixing",
    "check_synthesizer": "synthesizer",
    "check_decision_sees_validation_only": "decision",
}


def applies(check, name):
    """Whether a strategy has more than the neutral component, which `no_change` is checked for."""
    component = COMPONENTS.get(check.__name__)
    return component is None or name == "no_change" or component in acting_components(find(name))


def lines_of_code(source):
    """Number of lines with code, without docstrings, comments and empty lines."""
    tree = ast.parse(source)
    lines = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt | ast.expr)
        for line in range(node.lineno, node.end_lineno + 1)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            lines -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    text = source.splitlines()
    return sum(bool(text[line - 1].strip()) for line in lines)


@pytest.mark.parametrize(
    ("name", "check"),
    [
        pytest.param(name, check, id=f"{name}-{check.__name__}")
        for name in NAMES
        for check in CHECKS
        if applies(check, name)
    ],
)
def test_passes_the_contract(name, check):
    entry = registered().get(name)
    try:
        check(Case(entry, entry.build()))
    except Exception as error:
        pytest.fail(error_sentence(error, entry))


@pytest.mark.parametrize("name", registered())
def test_explains_itself(name):
    entry = registered().get(name)
    assert entry.summary.endswith("."), "the first line is a sentence"
    assert len(entry.summary) <= 100
    *_, formula, example = entry.doc.split("\n\n")
    assert re.search(r"=|->|~", formula), "the last but one paragraph is the formula"
    assert re.search(r"\b(19|20)\d\d\b", entry.doc), "the literature is named, with its year"
    strategies = re.fullmatch(r"Example: --strategies '?([^\s']+)'?", example)
    assert strategies, "the last paragraph is an example"
    if not entry.needs:
        assert name in [spec.name.partition(":")[0] for spec in resolve(strategies[1])]


@pytest.mark.parametrize("name", registered())
def test_is_small(name):
    source = inspect.getsource(sys.modules[registered().get(name).build.__module__])
    assert lines_of_code(source) <= 40

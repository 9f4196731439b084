"""What every strategy must hold to; a new one inherits these tests by being there."""

import ast
import inspect
import re
import sys

import pytest

from benchmark.contract import CLAUSES, said
from benchmark.contract.clause import Case
from benchmark.strategy.registry import registered, resolve

NAMES = list(registered())


def lines_of_code(source):
    """How many lines hold code: no docstring, no comment, nothing empty."""
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


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.__name__)
@pytest.mark.parametrize("name", NAMES)
def test_keeps_the_contract(name, clause):
    entry = registered()[name]
    try:
        clause(Case(entry, entry.build()))
    except Exception as error:
        pytest.fail(said(error, entry))


@pytest.mark.parametrize("name", NAMES)
def test_explains_itself(name):
    entry = registered()[name]
    assert entry.summary.endswith("."), "the first line is a sentence"
    assert len(entry.summary) <= 100
    *_, formula, example = entry.doc.split("\n\n")
    assert re.search(r"=|->|~", formula), "the last but one paragraph is the formula"
    assert re.search(r"\b(19|20)\d\d\b", entry.doc), "the literature is named, with its year"
    words = re.fullmatch(r"Example: --strategies (\S+)", example)
    assert words, "the last paragraph is an example"
    assert name in [one.name.partition(":")[0] for one in resolve(words[1])]


@pytest.mark.parametrize("name", NAMES)
def test_is_small(name):
    source = inspect.getsource(sys.modules[registered()[name].build.__module__])
    assert lines_of_code(source) <= 40

"""No module of the harness names a strategy: a new one is a file, with no other change."""

import ast
import re
from pathlib import Path

import pytest

import benchmark
from benchmark.strategy.registry import groups, registered

PACKAGE = Path(benchmark.__file__).parent
EXCEPT = ("cli/commands/",)  # the help gives examples
FILES = [
    file
    for file in sorted(PACKAGE.rglob("*.py"))
    if not str(file.relative_to(PACKAGE)).startswith(EXCEPT)
]


def words_of_code(source):
    """Identifiers and words of strings, without docstrings and comments."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return set(re.findall(r"\w+", ast.unparse(tree)))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_names_no_strategy(file):
    assert not words_of_code(file.read_text(encoding="utf-8")) & set(registered())


def test_imports_no_strategy():
    for file in sorted(PACKAGE.rglob("*.py")):
        assert not re.search(r"^\s*(from|import) strategies\b", file.read_text(), re.MULTILINE)
        assert not re.search(r"import_module\(.strategies", file.read_text())


def test_the_modules_that_act_on_strategies_are_tested():
    tested = {str(file.relative_to(PACKAGE)) for file in FILES}
    for name in (
        "train/trainer.py",
        "plan/segments.py",
        "evaluation/audit.py",
        "report/single/page.py",
        "execution/executor.py",
    ):
        assert name in tested


def test_a_group_and_a_strategy_never_have_the_same_name():
    assert not set(groups()) & set(registered())

"""The size of the house: few modules at its door, small files, short functions, imports on top."""

import ast
from pathlib import Path

import benchmark

PACKAGE = Path(benchmark.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
LINES_OF_A_FILE, LINES_OF_A_FUNCTION, LOCAL_IMPORTS = 300, 60, 25
LONG_FILES: set[str] = set()  # at most three, each with its reason beside it


def functions(file):
    """All functions of a file."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def name(file):
    """A file's path within the package."""
    return file.relative_to(PACKAGE).as_posix()


def test_few_modules_stand_at_the_door():
    assert len(list(PACKAGE.glob("*.py"))) <= 6


def test_files_are_short():
    long = {name(f) for f in FILES if f.read_text(encoding="utf-8").count("\n") > LINES_OF_A_FILE}
    assert long == LONG_FILES
    assert len(LONG_FILES) <= 3


def test_functions_are_short():
    long = [
        f"{name(file)}:{function.name}"
        for file in FILES
        for function in functions(file)
        if function.end_lineno - function.lineno >= LINES_OF_A_FUNCTION
    ]
    assert not long


def test_imports_stand_at_the_top_of_a_file():
    local = [
        f"{name(file)}:{node.lineno}"
        for file in FILES
        for function in functions(file)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert len(set(local)) < LOCAL_IMPORTS, local


def test_torchvision_is_imported_only_by_who_needs_its_network_or_data():
    importing = {
        file.name
        for file in FILES
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Import | ast.ImportFrom) and "torchvision." in ast.unparse(node)
    }
    needed = {"inception_blocks.py", "resnet18_blocks.py"}
    assert importing == needed, "it takes seconds, and a finished run needs none"

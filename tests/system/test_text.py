"""Lists and counts in sentences."""

import doctest

from benchmark.system import text


def test_examples_in_docstrings() -> None:
    results = doctest.testmod(text)
    assert results.attempted
    assert not results.failed


def test_few_names_are_all_written() -> None:
    assert text.first_names(["a", "b"], most=2) == "a, b"
    assert text.first_names([], most=2) == ""

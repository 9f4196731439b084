"""The words with which the user has started the program."""

import sys

import pytest

from benchmark.cli.program import program_words


@pytest.mark.parametrize(
    ("started", "words"),
    [
        ("/somewhere/bin/imbalance-bench", ["imbalance-bench"]),
        ("C/Scripts/imbalance-bench.exe", ["imbalance-bench"]),
        ("/somewhere/benchmark/__main__.py", ["python", "-m", "benchmark"]),
        ("/somewhere/pytest", ["python", "-m", "benchmark"]),
    ],
)
def test_the_words_are_those_that_were_typed(monkeypatch, started, words):
    monkeypatch.setattr(sys, "argv", [started, "list"])
    assert program_words() == words

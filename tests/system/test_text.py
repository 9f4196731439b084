"""Lists and counts in sentences."""

from benchmark.system import text


def test_few_names_are_all_written() -> None:
    assert text.first_names(["a", "b"], most=2) == "a, b"
    assert text.first_names([], most=2) == ""

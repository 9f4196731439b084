"""What is printed, from made results: the table, failures, checks, what the cache holds."""

from pathlib import Path

from benchmark.cli.console import format_cache, format_removal, print_checks
from benchmark.contract.case import ContractResult
from benchmark.storage.cache import Entry


def test_a_check_is_a_line_and_an_error_is_wrapped_below(capsys):
    outcomes = [ContractResult("It is fast"), ContractResult("It is small", "it is large " * 10)]
    assert print_checks("mine", outcomes) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["  PASS  It is fast", "  FAIL  It is small"]
    assert lines[2].startswith("        it is large it is large")
    assert lines[-1] == "  mine passes 1 of 2 checks"
    assert max(map(len, lines)) <= 96


def entry(description, in_use=False):
    return Entry(Path("folder"), "key", description, 5_000_000, 0.0, in_use)


def test_the_cache_is_a_table_with_its_sum():
    lines = format_cache([entry("pixels", True), entry("rows")], 10**9, Path("/cache")).splitlines()
    assert lines[0].split() == ["what", "size", "last", "used", "in", "use"]
    assert lines[1].endswith("yes")
    assert lines[-1] == ("10 MB in /cache; a run without --cache-limit lets it grow to 1.0 GB")


def test_a_removal_says_what_stays():
    lines = format_removal([entry("pixels")], [entry("rows", True)], Path("/cache")).splitlines()
    assert lines == [
        "removed 1 entry, 5.0 MB, from /cache",
        "kept, as it is in use: rows, 5.0 MB",
    ]

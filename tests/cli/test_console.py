"""What is printed, from made results: the table, failures, checks, what the cache holds."""

from pathlib import Path
from types import SimpleNamespace

import pandas as pd

from benchmark.cli.console import format_cache, format_removal, print_checks, print_summary
from benchmark.contract.case import CheckOutcome
from benchmark.evaluation.metrics.registry import METRICS
from benchmark.storage.cache import Entry

MAIN = [metric for metric in METRICS.values() if metric.main]


def summary_row(strategy, status="ok"):
    numbers = dict.fromkeys(METRICS, 0.25)
    counts = {name: 7 / 3 for name, metric in METRICS.items() if metric.format == "count"}
    return {
        "strategy": strategy,
        **numbers,
        **counts,
        "steps": 40,
        "seconds": 1.6,
        "status": status,
    }


def test_the_table_has_the_main_metrics_and_says_which_strategies_failed(capsys):
    failure = {"strategy": "worse", "seed": 3, "error": "RuntimeError: no"}
    print_summary(
        SimpleNamespace(
            summary=pd.DataFrame([summary_row("better"), summary_row("worse", "failed")]),
            failures=pd.DataFrame([failure]),
            reports={"markdown": Path("r.md"), "html": Path("r.html")},
            main_metrics=MAIN,
        )
    )
    out = capsys.readouterr().out
    lines = [line.split() for line in out.splitlines()]
    words = out.split()
    for metric in MAIN:
        assert set(metric.title.split()) <= set(words)
    (better,) = [line for line in lines if line[:1] == ["better"]]
    expected = ["2.33" if metric.format == "count" else "0.250" for metric in MAIN]
    assert better[1:] == [*expected, "40", "2"]
    (worse,) = [line for line in lines if line[:1] == ["worse"]]
    assert set(worse[1:]) == {"-"}
    assert "failed: worse (seed 3): RuntimeError: no" in out
    assert out.endswith("report: r.md\nreport: r.html\n")


def test_a_check_is_a_line_and_an_error_is_wrapped_below(capsys):
    outcomes = [CheckOutcome("It is fast"), CheckOutcome("It is small", "it is large " * 10)]
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

"""What is printed, from made results: the table, failures, checks, what the cache holds."""

from dataclasses import replace
from pathlib import Path

from benchmark.analysis.comparison import Comparison
from benchmark.cli.console import format_cache, format_removal, print_checks, print_result
from benchmark.contract.case import ContractResult
from benchmark.report.single.metric_tables import main_table
from benchmark.result import Result
from benchmark.storage.cache import Entry
from tests.report.fabricate import fabricate

REPORTS = {"markdown": Path("r.md"), "html": Path("r.html")}


def printed(capsys, comparison: Comparison) -> str:
    print_result(Result(comparison, REPORTS))
    return capsys.readouterr().out


def row(text: str, strategy: str) -> list[str]:
    (cells,) = [line.split()[1:] for line in text.splitlines() if line.split()[:1] == [strategy]]
    return cells


def test_the_table_on_the_terminal_is_that_of_the_report(capsys):
    comparison = fabricate(shared={"threshold_moving": "no_change"}, seeds=(0, 1))
    text, table = printed(capsys, comparison), main_table(comparison, plain=True)
    for line in table.rows:
        strategy, *cells = (cell.text for cell in line.cells)
        assert row(text, strategy) == cells
    assert row(text, "threshold_moving")[-1] == "–"  # the seconds are those of no_change
    assert table.caption in " ".join(text.split())
    assert "Bold" not in text
    assert text.endswith("report: r.md\nreport: r.html\n")


def test_a_metric_that_a_run_does_not_have_is_a_dash(capsys):
    comparison = fabricate()
    without = replace(comparison, summary=comparison.summary.assign(macro_f1=float("nan")))
    text = printed(capsys, without)
    assert "nan" not in text
    assert row(text, "no_change")[0] == "–"


def test_what_failed_is_said_in_the_table_and_below_it_with_its_error(capsys):
    text = printed(capsys, fabricate(failed=[("focal_loss", 0)]))
    assert row(text, "focal_loss") == ["failed"]
    assert "failed: focal_loss (seed 0): " in text


def test_a_file_cuts_no_line(capsys):
    name = "focal_loss:" + ",".join(f"parameter_{number}=1.5" for number in range(10))
    text = printed(capsys, fabricate(strategies=("no_change", name)))
    assert len(row(text, name)) == len(row(text, "no_change"))


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

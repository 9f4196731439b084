"""What `run` and `report` print: the first table of the report, what failed, the files."""

from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from benchmark.analysis.comparison import Comparison
from benchmark.cli.result_summary import print_result
from benchmark.report.render.formats import lower_first
from benchmark.report.single.metric_tables import main_table
from benchmark.result import Result, SweepResult
from tests.report.fabricate import STRATEGIES, fabricate
from tests.report.sweep.sweeps import fabricated_grid

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


def test_what_failed_in_many_runs_of_a_grid_has_one_line(capsys, tmp_path):
    axes = {"fine_tune": ("head", "half"), "epochs": ("2", "6")}
    failed = [("focal_loss", 0), ("focal_loss", 1)]
    grid = fabricated_grid(tmp_path, axes, failed=failed, seeds=(0, 1, 2))
    runs = {name: Result(run, REPORTS) for name, run in zip(grid.names, grid.runs, strict=True)}
    print_result(SweepResult(grid, runs, REPORTS))
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "failed: " in line]
    assert line.startswith("failed: focal_loss (seeds 0 and 1; 4 runs): ")


def test_a_file_cuts_no_line(capsys):
    name = "focal_loss:" + ",".join(f"parameter_{number}=1.5" for number in range(10))
    text = printed(capsys, fabricate(strategies=("no_change", name)))
    assert len(row(text, name)) == len(row(text, "no_change"))


def on_terminal(comparison: Comparison, width: int) -> str:
    console = Console(width=width, file=StringIO(), force_terminal=True, color_system=None)
    print_result(Result(comparison, REPORTS), console)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [120, 80, 60])
@pytest.mark.parametrize("strategies", [STRATEGIES[:6], tuple(f"strategy_{n}" for n in range(26))])
def test_scores_are_whole_on_every_terminal_and_seconds_go_first(width, strategies, capsys):
    comparison = fabricate(strategies=strategies, baseline=strategies[0])
    lines = on_terminal(comparison, width).splitlines()
    table, below = main_table(comparison, plain=True), " ".join(capsys.readouterr().out.split())
    assert max(map(len, lines)) <= width
    assert "…" not in "".join(lines)
    count = len(row("\n".join(lines), strategies[0]))
    for line in table.rows:
        strategy, *cells = (cell.text for cell in line.cells)
        assert row("\n".join(lines), strategy) == cells[:count]
    titles = [lower_first(title.rstrip(" ↑↓")) for title in table.columns[1 + count :]]
    assert ("Left out here" in below) == bool(titles)
    assert all(title in below for title in titles)
    assert count >= {120: 7, 80: 6, 60: 4}[width]


def test_a_long_name_folds_and_leaves_the_scores_room():
    name = "threshold_moving:base=focal_loss,gamma=0.5,folds=10,steps=200,seed=3"
    lines = on_terminal(fabricate(strategies=("no_change", name)), 80).splitlines()
    assert max(map(len, lines)) <= 80
    pieces = [line.split()[0] for line in lines if line.strip()]
    assert name in "".join(pieces)


def test_where_the_pictures_are_is_said_if_there_are_some(capsys, tmp_path):
    comparison = fabricate(tmp_path)
    assert "pictures:" not in printed(capsys, comparison)
    (tmp_path / "gallery.html").touch()
    lines = printed(capsys, comparison).splitlines()
    assert lines[-4:] == [
        f"pictures: {tmp_path}/gallery.html",
        f"the best network, with its decision: python -m benchmark export {tmp_path}",
        "report: r.md",
        "report: r.html",
    ]


def test_a_run_in_which_all_failed_has_no_network_to_take_home(capsys):
    failed = fabricate(failed=[(name, 0) for name in STRATEGIES])
    assert "export" not in printed(capsys, failed)

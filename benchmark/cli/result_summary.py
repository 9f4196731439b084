"""What `run` and `report` print about a run, or a sweep."""

import shlex
import textwrap
from collections.abc import Iterator

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table as RichTable

from benchmark.analysis.choice import best_on_validation
from benchmark.cli.console import print_reports
from benchmark.cli.program import program_words
from benchmark.report.render.blocks import Table
from benchmark.report.render.formats import lower_first
from benchmark.report.single.metric_tables import main_table
from benchmark.report.sweep.tables import lead_tables
from benchmark.result import Result, StudyResult, SweepResult
from benchmark.system.output import lasting_stdout
from benchmark.system.terminal import print_lines
from benchmark.system.text import join_names, printable

WIDEST = 1000  # columns of a table that is written to a file
GAPS = (2, 1)  # spaces between columns, the first that fits


def print_result(
    result: Result | SweepResult | StudyResult, console: Console | None = None
) -> None:
    """Print the first tables of the report, or a study's answer, what failed, and the reports."""
    if isinstance(result, StudyResult):
        print_lines(f"\n{result.answer}\n")
        print_reports(result.reports)
        return
    console = console or Console(file=lasting_stdout(), highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = WIDEST  # a file cuts no line
    if isinstance(result, SweepResult):
        tables = lead_tables(result.comparison, plain=True)
    else:
        tables = [main_table(result.comparison, plain=True)]
    for table in tables:
        _print_table(table, console)
    axis = result.comparison.axis if isinstance(result, SweepResult) else ""
    for line in _failure_lines(result.failures, axis):
        print_lines(line)
    if isinstance(result, Result):
        _print_beside(result)
    print_reports(result.reports)  # last: it is what a run is for


def _print_beside(result: Result) -> None:
    """Print where the pictures are, and how to take the best network home."""
    if result.gallery:
        print_lines(f"pictures: {result.gallery}")
    if best_on_validation(result.comparison) is not None:
        export = shlex.join([*program_words(), "export", str(result.folder)])
        print_lines(f"the best network, with its decision: {export}")


def _failure_lines(failures: pd.DataFrame, axis: str) -> Iterator[str]:
    """Yield a line for each strategy and error, with the seeds and, of a sweep, the runs."""
    for (strategy, error), rows in failures.groupby(["strategy", "error"], sort=False):
        seeds = list(map(str, dict.fromkeys(rows["seed"])))
        where = f"{'seed' if len(seeds) == 1 else 'seeds'} {join_names(seeds)}"
        if axis:
            runs = list(dict.fromkeys(map(str, rows[axis])))
            where += f"; {runs[0] if len(runs) == 1 else f'{len(runs)} runs'}"
        yield printable(f"failed: {strategy} ({where}): {error}")


def _print_table(table: Table, console: Console) -> None:
    """Print a table; a narrow terminal leaves out the last columns, and names them below."""
    width, unlimited = console.width, console.options.update(max_width=WIDEST)
    rows = (
        _first_columns(table, number, gap, width)
        for number in range(len(table.columns), 0, -1)
        for gap in GAPS
    )
    fitting = next(
        some
        for some in rows
        if len(some.columns) == 1 or console.measure(some, options=unlimited).minimum <= width
    )
    console.print("", fitting, "", sep="\n")
    columns = table.columns[len(fitting.columns) :]
    left_out = [lower_first(heading.rstrip(" ↑↓")) for heading in columns]
    note = f" Left out here: {join_names(left_out)}." if left_out else ""
    print_lines(textwrap.fill(f"{table.caption}{note}", min(96, width)) + "\n")


def _first_columns(table: Table, number: int, gap: int, width: int) -> RichTable:
    """Return the first columns, `gap` spaces apart; names fold at half the width."""
    rows = RichTable(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, gap - 1, 0, 0))
    rows.add_column(table.columns[0], overflow="fold", max_width=width // 2)
    for heading in table.columns[1:number]:
        lines = heading.replace(" ", "\n").replace("-class", "-\nclass")
        rows.add_column(lines, justify="right", no_wrap=True)
    for row in table.rows:
        strategy, *cells = (cell.text for cell in row.cells)
        cells = ["failed"] if row.kind == "failed" else cells
        rows.add_row(printable(strategy), *cells[: number - 1])
    return rows

"""Progress that is drawn in place: bars on a terminal, by rich, and a line in a notebook's cell."""

import html
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich import progress, table
from rich.console import Console, OverflowMethod

from benchmark.system.output import lasting_stdout
from benchmark.system.progress import Advance, LogProgress
from benchmark.system.text import printable, printable_lines


class RichProgress:
    """Shows a bar with the time left."""

    def __init__(self) -> None:
        # of a closed pipe alone, rich would end the process
        self._console = Console(file=lasting_stdout(), highlight=False, markup=False, emoji=False)
        self._describe: Callable[[str], None] = lambda _: None

    def say(self, text: str) -> None:
        """Print a sentence above the bar."""
        self._console.print(printable_lines(text))

    def show_status(self, text: str) -> None:
        """Show what the open task is working on."""
        self._describe(text)

    @contextmanager
    def task(self, name: str, total: int, unit: str) -> Iterator[Advance]:
        """Show a bar."""
        # the sign of a cut is beyond ASCII
        overflow: OverflowMethod = "crop" if self._console.options.ascii_only else "ellipsis"
        whole = table.Column(no_wrap=True, overflow=overflow)
        cut = table.Column(
            no_wrap=True, ratio=1, overflow=overflow
        )  # the only one that a narrow terminal may cut
        with progress.Progress(
            progress.TextColumn("{task.description}", table_column=whole, markup=False),
            progress.BarColumn(bar_width=20),
            progress.MofNCompleteColumn(table_column=whole),
            progress.TextColumn(unit, table_column=whole),
            progress.TimeRemainingColumn(elapsed_when_finished=True, table_column=whole),
            progress.TextColumn("{task.fields[time]}", table_column=whole, markup=False),
            progress.TextColumn("{task.fields[work]}", table_column=cut, markup=False),
            console=self._console,
            expand=True,
        ) as display:
            bar = display.add_task(name, total=total, work="", time="left")
            mark = "-" if self._console.options.ascii_only else "·"
            self._describe = lambda text: display.update(bar, work=f"{mark} {printable(text)}")
            yield lambda units: display.advance(bar, units)
            if display.finished:  # the time is now that of the whole task
                display.update(bar, time="in all")
        self._describe = lambda _: None


class NotebookProgress(LogProgress):
    """Shows a line for each task in a cell, which is replaced as the task goes on.

    Rich's bars would need ipywidgets there, and show nothing without.
    """

    seconds_between_lines = 0.5

    def __init__(self) -> None:
        super().__init__()
        # a kernel has imported it; IPython is no requirement of ours
        self._display: Callable[..., Any] = sys.modules["IPython.display"].display
        self._line: Any = None  # the handle of the open task's line

    def show(self, line: str, last: bool = False) -> None:
        """Draw the open task's line anew; `last`: it is done, and the line stays."""
        line = printable(line)
        content = {"text/plain": line, "text/html": f"<div>{html.escape(line)}</div>"}
        if self._line is None:
            self._line = self._display(content, raw=True, display_id=True)
        else:
            self._line.update(content, raw=True)
        if last:
            self._line = None

    @contextmanager
    def task(self, name: str, total: int, unit: str) -> Iterator[Advance]:
        """Show how far the task is and how much time is left."""
        self._line = None  # if the task before was interrupted
        with super().task(name, total, unit) as advance:
            yield advance

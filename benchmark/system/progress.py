"""What a run says while it works: bars with time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Advance = Callable[[int], None]
SECONDS_BETWEEN_LINES = 5.0
TOO_EARLY = 0.03  # share of a task below which its start-up would be taken for its pace


class NullProgress:
    """Says nothing."""

    def say(self, text: str) -> None:
        """Pass on a sentence."""

    @contextmanager
    def task(self, what: str, total: int, unit: str) -> Iterator[Advance]:  # noqa: ARG002
        """Open a task of `total` units; yields a function to call with the units newly done."""
        yield lambda _: None

    def now(self, what: str) -> None:
        """Name what the open task is working on."""


class Timer(NullProgress):
    """Passes everything on and adds up the seconds of every task."""

    def __init__(self, shown: NullProgress | None = None) -> None:
        self._shown = shown or NullProgress()
        self._begun = time.perf_counter()
        self.seconds: dict[str, float] = {}

    @property
    def whole(self) -> float:
        """Seconds since it was made."""
        return time.perf_counter() - self._begun

    def say(self, text: str) -> None:
        """Pass on a sentence."""
        self._shown.say(text)

    def now(self, what: str) -> None:
        """Name what the open task is working on."""
        self._shown.now(what)

    @contextmanager
    def task(self, what: str, total: int, unit: str) -> Iterator[Advance]:
        """Open a task, and time it."""
        begun = time.perf_counter()
        try:
            with self._shown.task(what, total, unit) as advance:
                yield advance
        finally:
            took = time.perf_counter() - begun
            self.seconds[what] = self.seconds.get(what, 0.0) + took


class LogProgress(NullProgress):
    """Plain lines on a stream, at most one every few seconds: for logs and pipes."""

    def __init__(self) -> None:
        self._now = ""

    def say(self, text: str) -> None:
        """Print a sentence."""
        print(text, flush=True)

    def now(self, what: str) -> None:
        """Name what the open task is working on."""
        self._now = what

    @contextmanager
    def task(self, what: str, total: int, unit: str) -> Iterator[Advance]:
        """Print how far the task is and how long it may still take."""
        begun = last = time.monotonic()
        done, self._now = 0, ""

        def advance(units: int) -> None:
            nonlocal done, last
            done += units
            now = time.monotonic()
            if now - last >= SECONDS_BETWEEN_LINES:
                last = now
                on = f" · {self._now}" if self._now else ""
                left = ""
                if done >= TOO_EARLY * total:
                    left = f", {duration((now - begun) / done * (total - done))} left"
                print(
                    f"{what}: {done} of {total} {unit} ({done / total:.0%}){left}{on}", flush=True
                )

        yield advance
        if done:
            took = time.monotonic() - begun
            print(f"{what}: {done} of {total} {unit} in {duration(took)}", flush=True)


class RichProgress(NullProgress):
    """A bar with the time left, by rich."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(highlight=False)
        self._describe: Callable[[str], None] = lambda _: None

    def say(self, text: str) -> None:
        """Print a sentence above the bars."""
        self._console.print(text, markup=False)

    def now(self, what: str) -> None:
        """Name what the open task is working on."""
        self._describe(what)

    @contextmanager
    def task(self, what: str, total: int, unit: str) -> Iterator[Advance]:
        """Show a bar."""
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )
        from rich.table import Column

        with Progress(
            TextColumn("{task.description}", table_column=Column(no_wrap=True)),
            BarColumn(bar_width=20),
            MofNCompleteColumn(table_column=Column(no_wrap=True)),
            TextColumn(unit, table_column=Column(no_wrap=True)),
            TimeRemainingColumn(elapsed_when_finished=True, table_column=Column(no_wrap=True)),
            TextColumn("left"),
            # the one that may be cut on a narrow terminal
            TextColumn("{task.fields[on]}", table_column=Column(no_wrap=True, ratio=1)),
            console=self._console,
            expand=True,
        ) as bars:
            bar = bars.add_task(what, total=total, on="")
            self._describe = lambda text: bars.update(bar, on=f"· {text}")
            yield lambda units: bars.advance(bar, units)
        self._describe = lambda _: None


def for_terminal() -> NullProgress:
    """Return bars if someone is watching, lines if not."""
    return RichProgress() if sys.stdout.isatty() else LogProgress()


def duration(seconds: float) -> str:
    """Return `42 s`, `3 min 10 s` or `2 h 05 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"

"""The progress of a run: timed, and as plain lines. `live_progress` has bars."""

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, Protocol

from benchmark.system import stopping
from benchmark.system.output import lasting_stdout
from benchmark.system.terminal import print_lines

Advance = Callable[[int], None]
TOO_EARLY = 0.03  # fraction of a task below which its start-up would be taken for its pace


class Progress(Protocol):
    """Shows how far a run is."""

    def say(self, text: str) -> None:
        """Show a sentence."""

    def task(self, name: str, total: int, unit: str) -> AbstractContextManager[Advance]:
        """Open a task of `total` units; yields a function to call with the units newly done."""

    def show_status(self, text: str) -> None:
        """Show what the open task is working on."""


class NullProgress:
    """Shows nothing."""

    def say(self, text: str) -> None:
        """Ignore a sentence."""

    def show_status(self, text: str) -> None:
        """Ignore what the open task is working on."""

    @contextmanager
    def task(self, name: str, total: int, unit: str) -> Iterator[Advance]:  # noqa: ARG002
        """Open a task that is not shown."""
        yield lambda _: None


class EndingProgress(NullProgress):
    """Shows nothing, and raises `Stopped` where the process has been asked to end."""

    @contextmanager
    def task(self, name: str, total: int, unit: str) -> Iterator[Advance]:  # noqa: ARG002
        """Open a task that may be broken off."""
        yield lambda _: stopping.raise_if_requested()


class Timer:
    """Measures the seconds of every task and passes everything on."""

    def __init__(self, progress: Progress | None = None) -> None:
        self._progress = progress or NullProgress()
        self._begun = time.perf_counter()
        self.seconds: dict[str, float] = {}  # by the name of the task

    @property
    def total_seconds(self) -> float:
        """Seconds since this timer was made."""
        return time.perf_counter() - self._begun

    def say(self, text: str) -> None:
        """Pass on a sentence."""
        self._progress.say(text)

    def show_status(self, text: str) -> None:
        """Show what the open task is working on."""
        self._progress.show_status(text)

    @contextmanager
    def task(self, name: str, total: int, unit: str) -> Iterator[Advance]:
        """Open a task, and time it."""
        begun = time.perf_counter()
        try:
            with self._progress.task(name, total, unit) as advance:
                yield advance
        finally:
            seconds = time.perf_counter() - begun
            self.seconds[name] = self.seconds.get(name, 0.0) + seconds


class LastingProgress:
    """Passes everything on; what fails there is shown no more, and the run goes on."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self._failed = False

    def say(self, text: str) -> None:
        """Pass on a sentence."""
        self._pass_on(lambda: self.progress.say(text))

    def show_status(self, text: str) -> None:
        """Show what the open task is working on."""
        self._pass_on(lambda: self.progress.show_status(text))

    @contextmanager
    def task(self, name: str, total: int, unit: str) -> Iterator[Advance]:
        """Open a task; errors of the work in it are raised, those of showing it are not."""
        opened = self._pass_on(lambda: self.progress.task(name, total, unit))
        advance = self._pass_on(lambda: opened.__enter__())
        failure: BaseException | None = None
        try:
            yield lambda units: self._pass_on(lambda: advance(units))
        except BaseException as error:
            failure = error
            raise
        finally:
            if callable(advance):  # it was opened: also after a failure a display must end
                about = (type(failure), failure, failure and failure.__traceback__)
                self._try(lambda: opened.__exit__(*(about if failure else (None, None, None))))

    def _pass_on(self, call: Callable[[], Any]) -> Any:
        """Return what a call returns; None once a call has failed."""
        return None if self._failed else self._try(call)

    def _try(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except Exception as error:
            if not self._failed:
                self._failed = True
                reason = f"{type(error).__name__}: {error}"
                with suppress(Exception):  # warnings may be errors
                    warnings.warn(f"progress is shown no more, since {reason}", stacklevel=2)
            return None


class LogProgress:
    """Prints plain lines, at most one every few seconds: for logs and pipes."""

    seconds_between_lines = 5.0

    def __init__(self) -> None:
        self._now = ""

    def show(self, line: str, last: bool = False) -> None:  # noqa: ARG002
        """Print how far the open task is; `last`: it is done."""
        print_lines(line, lasting_stdout())

    def say(self, text: str) -> None:
        """Print a sentence."""
        print_lines(text, lasting_stdout())

    def show_status(self, text: str) -> None:
        """Show what the open task is working on."""
        self._now = text

    @contextmanager
    def task(self, name: str, total: int, unit: str) -> Iterator[Advance]:
        """Print how far the task is and how much time is left."""
        begun = last = time.monotonic()
        done, self._now = 0, ""

        def advance(units: int) -> None:
            nonlocal done, last
            done += units
            now = time.monotonic()
            if now - last >= self.seconds_between_lines:
                last = now
                line = f"{name}: {done} of {total} {unit} ({done / total:.0%})"
                if done >= TOO_EARLY * total:
                    line += f", {format_duration((now - begun) / done * (total - done))} left"
                self.show(line + (f" · {self._now}" if self._now else ""))

        yield advance
        if done:
            seconds = time.monotonic() - begun
            self.show(f"{name}: {done} of {total} {unit} in {format_duration(seconds)}", last=True)


def format_duration(seconds: float) -> str:
    """Return `42 s`, `3 min 10 s` or `2 h 05 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"

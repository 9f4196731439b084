"""Times a command from outside: the wall clock from its start to its end, and its memory."""

from __future__ import annotations

import datetime
import json
import os
import resource
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import benchmark
from tests.perf.memory import MemoryMonitor

LINES_SHOWN = 12  # of the output of a command that failed


@dataclass(frozen=True)
class Timed:
    """What a command took."""

    seconds: float  # wall clock, start of the interpreter included
    load: float  # runnable processes, mean of the minute before, our earlier ones included
    others: float | None  # cores that other programs used meanwhile, mean
    begun: str  # UTC
    memory: dict[str, int]  # peak bytes of the whole tree of processes, see `memory.KINDS`
    output: str

    def result(self) -> Any:
        """Return the JSON on the last line of the output."""
        return json.loads(self.output.strip().rpartition("\n")[2])

    def measured(self) -> dict[str, Any]:
        """Return all but the output, for a journal."""
        return {
            "seconds": round(self.seconds, 3),
            "load": round(self.load, 2),
            "others": None if self.others is None else round(self.others, 2),
            "begun": self.begun,
            "memory": self.memory,
        }


def run_timed(
    command: Sequence[str | Path],
    log: Path,
    *,
    environment: Mapping[str, str] | None = None,
    gpu: bool = False,
) -> Timed:
    """Run a command to its end.

    Parameters
    ----------
    command
        Words.
    log
        The output goes to files of this name, with .out and .err.
    environment
        Variables in addition to ours.
    gpu
        Whether to sample the memory of GPUs.

    Raises
    ------
    ChildProcessError
        If it fails, with the end of its output.
    """
    words = [str(word) for word in command]
    # the command imports this package, wherever it runs
    root = str(Path(benchmark.__file__).parents[1])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    variables = {**os.environ, "PYTHONPATH": path, **(environment or {})}
    log.parent.mkdir(parents=True, exist_ok=True)
    out, err = log.with_name(f"{log.name}.out"), log.with_name(f"{log.name}.err")
    busy, own = _busy_seconds(), _own_seconds()
    load, begun = os.getloadavg()[0], f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M:%S}"
    with out.open("w") as output, err.open("w") as errors:
        start = time.perf_counter()
        process = subprocess.Popen(words, stdout=output, stderr=errors, env=variables)
        try:
            with MemoryMonitor(process.pid, gpu=gpu) as monitor:
                code = process.wait()
                seconds = time.perf_counter() - start
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
    if code:
        lines = (err.read_text(errors="replace") or out.read_text(errors="replace")).splitlines()
        raise ChildProcessError(
            f"{' '.join(words)} ended with code {code}; see {err}. Its last lines:\n"
            + "\n".join(lines[-LINES_SHOWN:])
        )
    others = None
    if busy is not None and (later := _busy_seconds()) is not None:
        others = max(0.0, (later - busy - (_own_seconds() - own)) / seconds)
    return Timed(seconds, load, others, begun, monitor.peak, out.read_text(errors="replace"))


def _busy_seconds() -> float | None:
    """Return the core-seconds of all programs since the machine started; None if unknown."""
    try:
        user, nice, system, _, _, *rest = map(int, _first_line("/proc/stat").split()[1:9])
    except (OSError, ValueError):
        return None
    return float(user + nice + system + sum(rest)) / os.sysconf("SC_CLK_TCK")


def _own_seconds() -> float:
    """Return the core-seconds of this process and of its descendants that have ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _first_line(path: str) -> str:
    with Path(path).open(encoding="ascii") as file:
        return file.readline()

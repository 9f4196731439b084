"""What planning a run takes as the data set grows: seconds of each step, and memory.

For each size a table of that many images is written, hard links to a few files of a byte, with a
store of made-up pixels of 16 x 16. All else of a plan is done as in a run.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmark.storage.atomic import write_text
from tests.perf.figures import GIB
from tests.perf.inputs import own_cache
from tests.perf.journal import Journal, Row
from tests.perf.many_images import write_many
from tests.perf.markdown import disturbed, table
from tests.perf.timed import run_timed

CLASSES, SEEDS, STRATEGIES = 1000, 10, 20
BAR_IMAGES, BAR_SECONDS, BAR_MEMORY = 1_000_000, 60, 4 * GIB


def planning(sizes: Sequence[int], out: Path, say: Callable[[str], None] = print) -> Path:
    """Measure the sizes that the journal in `out` lacks, and write the page; return its path."""
    from benchmark.system.device import choose_device
    from benchmark.system.provenance import environment

    journal = Journal(out / "planning.jsonl")
    about = environment(choose_device("cpu", "fp32"))
    for size in sorted(set(sizes)):
        if any(row["size"] == size for row in journal.rows()):
            continue
        say(f"{size:,} images: writing them, not timed")
        work = out / "work"
        shutil.rmtree(work, ignore_errors=True)
        try:
            listed = write_many(work / "data", size, min(CLASSES, size // 100))
            command = [sys.executable, "-m", "tests.perf.planning_worker", str(listed)]
            counts = ["--seeds", str(SEEDS), "--strategies", str(STRATEGIES)]
            with own_cache(work / "cache"):
                run_timed([*command, "--fabricate"], out / "logs" / f"{size}-store")
                say(f"{size:,} images ...")
                timed = run_timed([*command, *counts], out / "logs" / str(size))
        finally:
            shutil.rmtree(work, ignore_errors=True)
        result = {"size": size, "environment": about, "result": timed.result()}
        journal.add({**result, **timed.measured()})
    rows = [row for row in journal.rows() if row["size"] in sizes]
    path = out / "planning.md"
    write_text(path, render(sorted(rows, key=lambda row: int(row["size"]))))
    return path


def render(rows: Sequence[Row]) -> str:
    """Return the page of one or more sizes, smallest first."""
    return "\n\n".join(_parts(rows)) + "\n"


def _parts(rows: Sequence[Row]) -> Iterator[str]:
    environment = rows[0]["environment"]
    yield f"# Planning {STRATEGIES} strategies on {SEEDS} seeds as the data set grows"
    yield (
        f"{environment['device']}; {environment['cores']} cores; commit "
        f"{environment['git_commit']}. {CLASSES:,} classes, or one for 100 images. Pixels are "
        'stored already; "plan" lists, opens and splits them, finds keys and says what is to be '
        "trained."
    )
    yield from disturbed(rows)
    yield table(
        ("seconds (of the CPU)", *(f"{row['size']:,} images" for row in rows)),
        [(step, *(_seconds(row, step) for row in rows)) for step in rows[0]["result"]["seconds"]],
    )
    yield table(
        ("peak memory, GiB", *(f"{row['size']:,} images" for row in rows)),
        [("all processes", *(f"{row['memory']['anonymous'] / GIB:.2f}" for row in rows))],
    )
    for row in rows:
        if row["size"] == BAR_IMAGES:
            yield _verdict(row)


def _seconds(row: Row, step: str) -> str:
    seconds, cpu = (row["result"][kind][step] for kind in ("seconds", "cpu"))
    return f"{seconds:.3g} ({cpu:.3g})"


def _verdict(row: Row) -> str:
    """Say whether a million images keep within the bar."""
    steps = ("plan", "run.json and splits", "read again")
    seconds, cpu = (sum(row["result"][kind][s] for s in steps) for kind in ("seconds", "cpu"))
    memory = row["memory"]["anonymous"]
    kept = seconds <= BAR_SECONDS and memory <= BAR_MEMORY
    return (
        f"{BAR_IMAGES:,} images: {seconds:.0f} s, {cpu:.0f} of the CPU (at most {BAR_SECONDS}), "
        f"{memory / GIB:.1f} GiB (at most {BAR_MEMORY / GIB:.0f}): "
        f"{'reached' if kept else '**not reached**'}."
    )

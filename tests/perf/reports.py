"""What a report costs as its classes, strategies and seeds grow, from records that never happened.

    python tests/perf/reports.py OUT --sizes 100x20x3,300x20x3,1000x20x3,1000x20x10

A size is classes x strategies x seeds, with 50 test images a class. For each the files of a run
are fabricated, uncounted; then a process of its own reads them and writes the report. Processor
seconds are told beside those of the clock, for a machine on which other programs run. OUT gets
reports.jsonl and reports.md; a size that was measured is not measured again.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmark.execution.run_folder import RunFolder
from benchmark.storage.atomic import write_text
from tests.perf.figures import GIB
from tests.perf.journal import Journal, Row
from tests.perf.markdown import disturbed, table
from tests.perf.timed import run_timed
from tests.report.fabricate_many import STRATEGIES, fabricate_curves, fabricate_many

SIZES = "100x20x3,300x20x3,1000x20x3,1000x20x10"
Size = tuple[int, int, int]  # classes, strategies, seeds


def read_sizes(text: str) -> tuple[Size, ...]:
    """Read the sizes of --sizes.

    Raises
    ------
    ValueError
        If one is no three whole numbers, of 2 classes or more and at most as many strategies as
        can be fabricated.
    """
    sizes = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d+)x(\d+)x(\d+)", part.strip())
        classes, strategies, seeds = map(int, match.groups()) if match else (0, 0, 0)
        if classes < 2 or seeds < 1 or not 2 <= strategies <= len(STRATEGIES):
            raise ValueError(
                f"--sizes takes classes x strategies x seeds, like {SIZES}, with 2 to "
                f"{len(STRATEGIES)} strategies, got {part!r}"
            )
        sizes.append((classes, strategies, seeds))
    return tuple(sizes)


def measure(sizes: Sequence[Size], out: Path) -> Path:
    """Measure the sizes that the journal in `out` lacks, and write the page; return its path."""
    journal = Journal(out / "reports.jsonl")
    for size in sizes:
        if any(tuple(row["size"]) == size for row in journal.rows()):
            continue
        folder = out / "run"
        shutil.rmtree(folder, ignore_errors=True)
        classes, strategies, seeds = size
        run = fabricate_many(classes, STRATEGIES[:strategies], range(seeds))
        run.write(folder)
        fabricate_curves(run).write(RunFolder(folder))
        del run
        name = "x".join(map(str, size))
        try:
            timed = run_timed([sys.executable, __file__, folder, "--child"], out / "logs" / name)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        journal.add({"size": size, **timed.measured(), "result": timed.result()})
    rows = [row for row in journal.rows() if tuple(row["size"]) in sizes]
    path = out / "reports.md"
    write_text(path, render(rows))
    return path


def render(rows: Sequence[Row]) -> str:
    """Return the table of all sizes as markdown."""
    lines = []
    for row in rows:
        result, (classes, strategies, seeds) = row["result"], row["size"]
        megabytes = [f"{size / 1e6:.1f}" for size in result["bytes"].values()]
        numbers = [result["read"], result["write"], result["processor"], row["seconds"]]
        lines.append(
            (
                f"{classes:,} x {strategies} x {seeds}",
                *(f"{number:.0f}" for number in numbers),
                f"{row['memory']['all'] / GIB:.2f}",
                *megabytes,
            )
        )
    head = ("classes x strategies x seeds", "reading, s", "report, s", "processor, s", "all, s")
    files = ("report.html, MB", "report.md", "verdict.json", "CSV files")
    parts = [*disturbed(rows), table((*head, "peak, GiB", *files), lines)]
    return "\n\n".join(parts) + "\n"


def write_timed(folder: Path) -> dict[str, object]:
    """Read a run and write its report; return seconds, and bytes by file."""
    from benchmark.analysis.comparison import load_comparison
    from benchmark.report import write_report

    begun = time.perf_counter()
    comparison = load_comparison(folder)
    read = time.perf_counter()
    files = write_report(comparison)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    size = {name: path.stat().st_size for name, path in files.items()}
    return {
        "read": round(read - begun, 2),
        "write": round(time.perf_counter() - read, 2),
        "processor": round(usage.ru_utime + usage.ru_stime, 2),
        "bytes": {
            "html": size["html"],
            "markdown": size["markdown"],
            "verdict": size["verdict"],
            "csv": sum(number for name, number in size.items() if name.endswith(".csv")),
        },
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the journal lacks and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--sizes", default=SIZES)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child:
        print(json.dumps(write_timed(options.out)))
        return
    print(measure(read_sizes(options.sizes), options.out))


if __name__ == "__main__":
    main()

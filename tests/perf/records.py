"""What the record of a strategy costs as images and classes grow, from a network never trained.

    python tests/perf/records.py OUT --sizes 20000x1000 --strategies no_change,threshold_moving

A size is validation images x classes, with as many test images, and eight times as many of training
in a long tail, of which at most 50 a class are stored. For each the outputs of a network are
fabricated, uncounted; then a process of its own computes the record of each strategy from them:
decision, metrics, audit, post-hoc adjustments and diagnosis. Processor seconds are told beside
those of the clock, for a machine on which other programs run. OUT gets records.jsonl and
records.md; what was measured is not measured again.
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

from benchmark.execution.record_schema import Record
from benchmark.execution.run_folder import RunFolder
from benchmark.storage.atomic import write_text
from tests.perf.figures import GIB
from tests.perf.journal import Journal, Row
from tests.perf.markdown import disturbed, table
from tests.perf.timed import run_timed

SIZES = "2000x100,20000x1000"
STRATEGIES = "no_change,threshold_moving"
KEY = "0" * 32  # of the network
Size = tuple[int, int]  # validation images, classes


def read_sizes(text: str) -> tuple[Size, ...]:
    """Read the sizes of --sizes.

    Raises
    ------
    ValueError
        If one is no two whole numbers, of 2 classes or more and at least as many images.
    """
    sizes = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d+)x(\d+)", part.strip())
        images, classes = map(int, match.groups()) if match else (0, 0)
        if not 2 <= classes <= images:
            raise ValueError(
                f"--sizes takes validation images x classes, like {SIZES}, with 2 classes or more "
                f"and as many images, got {part!r}"
            )
        sizes.append((images, classes))
    return tuple(sizes)


def measure(sizes: Sequence[Size], strategies: Sequence[str], out: Path) -> Path:
    """Measure what the journal in `out` lacks, and write the page; return its path."""
    journal = Journal(out / "records.jsonl")
    for size in sizes:
        known = {row["strategy"] for row in journal.rows() if tuple(row["size"]) == size}
        lacking = [name for name in strategies if name not in known]
        if not lacking:
            continue
        folder = out / "run"
        shutil.rmtree(folder, ignore_errors=True)
        command = [sys.executable, __file__, folder, "--sizes", "{}x{}".format(*size)]
        try:
            run_timed([*command, "--child", "fabricate"], out / "logs" / "fabricate")
            for name in lacking:
                timed = run_timed([*command, "--child", name], out / "logs" / name)
                row = {"size": size, "strategy": name, **timed.measured()}
                journal.add({**row, "result": timed.result()})
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    rows = [row for row in journal.rows() if tuple(row["size"]) in sizes]
    path = out / "records.md"
    write_text(path, render([row for row in rows if row["strategy"] in strategies]))
    return path


def render(rows: Sequence[Row]) -> str:
    """Return the table of all sizes and strategies as markdown."""
    lines = []
    for row in rows:
        result, (images, classes) = row["result"], row["size"]
        lines.append(
            (
                f"{images:,} x {classes:,}",
                row["strategy"],
                f"{result['ignored']:,}",
                f"{result['seconds']:.0f}",
                f"{result['processor']:.0f}",
                f"{result['outputs'] / 1e6:,.0f}",
                f"{row['memory']['all'] / GIB:.2f}",
            )
        )
    head = ("images x classes", "strategy", "ignored classes", "record, s", "processor, s")
    parts = [*disturbed(rows), table((*head, "outputs, MB", "peak, GiB"), lines)]
    return "\n\n".join(parts) + "\n"


def write_timed(folder: RunFolder, size: Size, name: str) -> dict[str, object]:
    """Compute the record of a strategy; return seconds, and what it is of."""
    from benchmark.execution.outputs import OutputStore
    from benchmark.execution.record import write_record
    from benchmark.strategy.registry import resolve
    from tests.perf.fabricate_network import class_counts, seed_context

    context, (spec,) = seed_context(class_counts(*size)), resolve(name)
    before, begun = _processor_seconds(), time.perf_counter()
    write_record(folder, spec, 0, KEY, context)
    seconds, processor = time.perf_counter() - begun, _processor_seconds() - before
    record = folder.read_record(spec.name, 0)
    if not isinstance(record, Record):
        raise SystemExit(f"{name} failed: {record}")
    return {
        "seconds": round(seconds, 2),
        "processor": round(processor, 2),
        "ignored": len(record.diagnoses),
        "outputs": OutputStore(folder).tensor_file(KEY).stat().st_size,
    }


def _processor_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the journal lacks and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--sizes", default=SIZES)
    parser.add_argument("--strategies", default=STRATEGIES)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    sizes = read_sizes(options.sizes)
    if options.child == "fabricate":
        from tests.perf.fabricate_network import class_counts, fabricate_network

        (size,) = sizes
        fabricate_network(RunFolder(options.out), KEY, size[0], class_counts(*size))
    elif options.child:
        print(json.dumps(write_timed(RunFolder(options.out), sizes[0], options.child)))
    else:
        print(measure(sizes, options.strategies.split(","), options.out))


if __name__ == "__main__":
    main()

"""The cost of an image as the data set grows: it should not depend on the number of images.

For each size a folder of that many JPEGs is written, uncounted: 64 rendered images repeated, each
with its own square of noise, so that all must be decoded and none is a duplicate.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmark.storage.atomic import write_text
from tests.perf.figures import FLAT, GIB, rise
from tests.perf.inputs import own_cache
from tests.perf.journal import Journal, Row
from tests.perf.markdown import disturbed, table
from tests.perf.timed import run_timed

JUDGED = ("decoding", "frozen layers", "row read", "training step")
STEPS = {"cpu": 8, "cuda": 50}  # of a slice


def growth(
    sizes: Sequence[int],
    *,
    weights: str,
    image_size: int,
    batch_size: int,
    device: str,
    precision: str,
    out: Path,
    say: Callable[[str], None] = print,
) -> Path:
    """Measure the sizes that the journal in `out` lacks, and write the page; return its path."""
    from benchmark.system.device import choose_device
    from benchmark.system.provenance import environment

    chosen = choose_device(device, precision)
    config = {
        "weights": Path(weights).name,  # no path: the journal may be published
        "image_size": image_size,
        "batch_size": batch_size,
        "device": chosen.name,
        "precision": precision,
    }
    journal = Journal(out / "growth.jsonl")
    for size in sorted(set(sizes)):
        if any(row["size"] == size and row["setting"] == config for row in journal.rows()):
            continue
        say(f"{size} images: writing them, not timed")
        folder = out / "images"
        shutil.rmtree(folder, ignore_errors=True)
        try:
            _write_images(size, folder, image_size)
            say(f"{size} images ...")
            flags = [
                part
                for name, value in {**config, "weights": weights}.items()
                for part in (f"--{name.replace('_', '-')}", str(value))
            ]
            command: list[str | Path] = [
                *(sys.executable, "-m", "tests.perf.growth_worker", str(folder), *flags),
                *("--steps", str(STEPS[chosen.type])),
            ]
            with own_cache(out / "cache"):
                timed = run_timed(command, out / "logs" / str(size), gpu=chosen.type == "cuda")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        about = {"size": size, "setting": config, "environment": environment(chosen)}
        journal.add({**about, **timed.measured(), "result": timed.result()})
    rows = [row for row in journal.rows() if row["setting"] == config and row["size"] in sizes]
    path = out / "growth.md"
    write_text(path, render(sorted(rows, key=lambda row: int(row["size"]))))
    return path


def _write_images(size: int, folder: Path, image_size: int) -> None:
    from benchmark.data.wheels import Wheels
    from tests.perf.photographs import ORIGINALS, Variants, write_photographs

    originals = Wheels(ORIGINALS).draw().reader
    write_photographs(Wheels(size).draw(), Variants(originals), folder, image_size)


def render(rows: Sequence[Row]) -> str:
    """Return the page of one or more sizes, smallest first."""
    return "\n\n".join(_parts(rows)) + "\n"


def _parts(rows: Sequence[Row]) -> Iterator[str]:
    config, environment = rows[0]["setting"], rows[0]["environment"]
    commits = dict.fromkeys(str(row["environment"]["git_commit"]) for row in rows)
    yield f"# Cost per image as the data set grows, {config['image_size']} px"
    yield (
        f"{environment['device']}; {environment['cores']} cores; torch {environment['torch']}; "
        f"commit {', '.join(commits)}; batches of {config['batch_size']}, precision "
        f"{config['precision']}. Empty cache, a process for each size."
    )
    yield from disturbed(rows)
    names = list(rows[0]["result"]["seconds"])
    costs: dict[str, list[float]] = {
        name: [row["result"]["seconds"][name] for row in rows] for name in names
    }
    yield table(
        ("milliseconds", *(f"{row['size']:,} images" for row in rows), "largest rise", "≤ 15 %"),
        [(name, *(f"{1e3 * cost:.3g}" for cost in costs[name]), *_verdict(name, costs[name]))
         for name in names],
    )  # fmt: skip
    yield (
        "An image; for a training step the step, on rows of the activation store at random. The "
        "largest rise is from any size to any larger one; a cost that falls is a fixed cost. "
        "Listing, splitting and loading weights is not judged."
    )
    yield table(
        ("peak memory, GiB", *(f"{row['size']:,} images" for row in rows)),
        [
            (name, *(f"{row['memory'].get(part, 0) / GIB:.2f}" for row in rows))
            for name, part in (
                ("without pages of files", "anonymous"),
                ("pages of files", "files"),
                ("GPU", "gpu"),
            )
            if part in rows[0]["memory"]
        ],
    )


def _verdict(name: str, costs: Sequence[float]) -> tuple[str, str]:
    largest = rise(costs)
    judged = ("yes" if largest <= FLAT else "**no**") if name in JUDGED else ""
    return f"{100 * largest:.0f} %", judged


def read_sizes(text: str, flag: str = "--growth") -> tuple[int, ...]:
    """Read the sizes of --growth, or of another flag.

    Raises
    ------
    ValueError
        If a size is no whole number of 100 or more.
    """
    parts: list[Any] = text.split(",")
    if not all(part.strip().isdigit() and int(part) >= 100 for part in parts):
        raise ValueError(f"{flag} takes sizes of 100 or more, like 1000,4000, got {text!r}")
    return tuple(int(part) for part in parts)

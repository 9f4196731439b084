"""The page about one or more GPUs, made from the rows of `devices.py` alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tests.perf.journal import Row
from tests.perf.markdown import QUIET, table

AIM = 1.0  # six strategies for the price of one
AIM_AGAINST_PLAIN = 5.0
NETWORKS = 6


def render(rows: Sequence[Row]) -> str:
    """Return the page; a part that was not measured has no section."""
    parts = {row["part"]: row["result"] for row in rows}
    about = rows[-1]["about"] if rows else {}
    machine = about.get("environment", {})
    lines = ["# On GPUs", ""]
    if rows:
        sizes = ", ".join(map(str, about.get("batch_size", {}).values()))
        lines += [
            f"{machine.get('device')}, {machine.get('cores')} cores, torch {machine.get('torch')}, "
            f"{about.get('precision')}, {about.get('images')} images ({about.get('data')}), "
            f"batches of {sizes}; each figure is from one run.",
            "",
        ]
    for name, section in SECTIONS.items():
        if name in parts:
            lines += [*section(parts[name]), ""]
    return "\n".join(lines)


def six(result: dict[str, Any]) -> Iterator[str]:
    """Yield the lines about six strategies and one script."""
    plain, harness = result["plain"], result["harness"]
    yield "## Six strategies against one plain script"
    yield ""
    rows = [
        ["one *plain* script", f"{plain:.1f} s", ""],
        ["harness, six strategies, an empty cache", f"{harness:.1f} s", ""],
        ["six strategies against **one** *plain*", f"**{harness / plain:.2f} x**", f"<= {AIM:g}"],
        [
            "six *plain* scripts against six strategies",
            f"**{NETWORKS * plain / harness:.1f} x**",
            f">= {AIM_AGAINST_PLAIN:g}",
        ],
    ]
    yield table(["what", "measured", "aim"], rows)
    yield ""
    split = {name: taken for name, taken in result["split"].items() if name != "all of the run"}
    split["start of Python, imports, end"] = harness - sum(split.values())
    yield table(["phase", "seconds"], [[name, f"{taken:.1f}"] for name, taken in split.items()])
    if result["others"] > QUIET:
        yield ""
        yield f"**Unreliable:** other programs used {result['others']:.1f} cores meanwhile."


def prefix(result: dict[str, Any]) -> Iterator[str]:
    """Yield the lines about altered images in the frozen layers."""
    yield f"## Altered images in the frozen layers, {result['precision']}"
    yield ""
    head = ["images", "eager", "graph", "capture", "same filled up", "same beside others", "differ"]
    yield table(
        head,
        [
            [
                str(row["images"]),
                *(f"{1000 * row[name]:.1f} ms" for name in ("eager", "graph", "capture")),
                *(_yes(row[name]) for name in ("same filled up", "same beside others")),
                f"{row['largest difference']:.2g}",
            ]
            for row in result["rows"]
        ],
    )
    yield ""
    yield "The last column is the largest difference from an eager pass of that many images."


def start(result: dict[str, Any]) -> Iterator[str]:
    """Yield the lines about the first use of a GPU."""
    yield "## The first use of the GPU, while images are decoded and after"
    yield ""
    names = list(next(iter(result.values()))["seconds"])
    rows = [[name, *(f"{way['seconds'][name]:.1f} s" for way in result.values())] for name in names]
    rows.append(["all", *(f"**{way['all']:.1f} s**" for way in result.values())])
    yield table(["", *result], rows)


def streams(result: dict[str, Any]) -> Iterator[str]:
    """Yield the lines about several networks on one GPU."""
    yield f"## Several networks on one GPU, {result['steps']} steps each, {result['precision']}"
    yield ""
    ways = {name: way for name, way in result.items() if isinstance(way, dict)}
    alone = ways["one after the other"]["seconds"]
    expected = ways["one after the other"]["networks"]
    rows = [
        [
            name + (", MPS was not there" if "MPS" in name and not way["mps"] else ""),
            f"{way['seconds']:.2f} s",
            f"{alone / way['seconds']:.2f} x",
            _yes(way["networks"] == expected),
        ]
        for name, way in ways.items()
    ]
    yield table([f"{len(expected)} networks", "seconds", "faster", "equal to the bit"], rows)


def runs(title: str, first: str, result: dict[str, Any]) -> Iterator[str]:
    """Yield the lines about runs that differ in how many networks are trained at the same time."""
    ways = {name: way for name, way in result.items() if isinstance(way, dict)}
    yield f"## {title}"
    yield ""
    if not ways:
        yield "This machine has one."
        return
    alone = next(iter(ways.values()))
    rows = [
        [
            name,
            f"{way['seconds']:.1f} s",
            f"{way['split'].get('training', 0):.1f} s",
            f"{alone['seconds'] / way['seconds']:.2f} x",
            _yes(way["macro_f1"] == alone["macro_f1"]),
        ]
        for name, way in ways.items()
    ]
    yield table([first, "six strategies", "of it training", "faster", "same scores"], rows)
    yield ""
    steps = sorted(alone["steps"].values())
    yield (
        f"Training steps of the first row: {sum(taken for _, taken in steps):.1f} s ("
        f"{', '.join(f'{name} {taken:.1f}' for name, taken in steps)}). What else is in its "
        "training are captures of graphs, stored outputs, and the wait for the last records."
    )


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "**no**"


SECTIONS = {
    **{"six": six, "prefix": prefix, "start": start, "streams": streams},
    "jobs": lambda result: runs("Several processes on one GPU", "--jobs-per-gpu", result),
    "gpus": lambda result: runs("Several GPUs", "GPUs", result),
}

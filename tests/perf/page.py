"""The page of a bench, from its journal alone: what was measured, and what follows from it.

``python -m tests.perf.page DIR [DIR ...]`` prints the pages of several, one after the other.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmark.storage.atomic import read_json, write_text
from tests.perf.figures import (
    FULL_BENCH,
    GIB,
    Target,
    by_script,
    difference,
    is_extrapolated,
    macro_f1,
    of,
    rounds_of,
    targets,
)
from tests.perf.inputs import BenchConfig
from tests.perf.journal import Journal, Row
from tests.perf.markdown import disturbed, table

PAGE = "performance.md"


def write_page(
    out: Path, about: dict[str, Any], settings: BenchConfig, rows: Sequence[Row]
) -> Path:
    """Write the page of a bench and return its path."""
    path = out / PAGE
    write_text(path, render(about, settings, rows))
    return path


def render(about: dict[str, Any], settings: BenchConfig, rows: Sequence[Row]) -> str:
    """Return the page as markdown."""
    return "\n\n".join(_parts(about, settings, rows)) + "\n"


def _parts(about: dict[str, Any], settings: BenchConfig, rows: Sequence[Row]) -> Iterator[str]:
    device = about["device"]
    yield f"# What it costs: {about['data']}, {settings.image_size} px, {_device(about)}"
    yield "\n".join(_facts(about, settings, rows))
    found = list(targets(rows, settings.strategies, settings.seeds, device, about["gpu_memory"]))
    yield from disturbed(rows)
    yield "## Must reach"
    if found:
        yield table(
            ("what", "measured, median", "smallest to largest", "bar", "reached"),
            [_target(target) for target in found],
        )
    strategies, images = FULL_BENCH
    if len(settings.strategies) < strategies or about["images"] < images:
        yield (
            f"The bars were set for {strategies} strategies and at least {images:,} images; this "
            f"bench has {len(settings.strategies)} and {about['images']:,}."
        )
    yield from _wording(rows, settings)
    yield "## Seconds"
    yield _seconds(rows, settings, about)
    yield from _phases(rows, settings)
    yield from _bare(rows)
    yield from _scores(rows, settings)
    yield from _memory(rows)
    yield from _runs(rows)


def _device(about: dict[str, Any]) -> str:
    cores = about["environment"]["cores"]
    return f"{cores} CPU cores" if about["device"] == "cpu" else about["environment"]["device"]


def _facts(about: dict[str, Any], settings: BenchConfig, rows: Sequence[Row]) -> Iterator[str]:
    environment = about["environment"]
    train, val, test = about["split"]
    seed = str(settings.seeds[0])
    commits = sorted({row["commit"] for row in rows if row.get("commit")})
    versions = [f"{name} {environment[name]}" for name in ("python", "torch", "torchvision")]
    yield f"- hardware: {environment['device']}; {environment['cores']} cores"
    yield f"- versions: {', '.join(versions)}; commit {', '.join(commits) or 'unknown'}"
    yield (
        f"- data: {about['images']:,} images of {about['classes']} classes; seed {seed}: {train:,} "
        f"train, {val:,} val, {test:,} test"
    )
    yield (
        f"- recipe: forum, {about['steps'][seed]} steps of {about['batch_size'][seed]} images; "
        f"weights: {about['weights']}; harness and *tuned* in {about['precision']}, *plain* in fp32"
    )
    yield f"- strategies: {', '.join(settings.strategies)}"
    yield f"- rounds: {len(rounds_of(rows))}, each *plain*, *tuned*, harness, one after the other"


def _target(target: Target) -> tuple[str, ...]:
    def shown(value: float) -> str:
        unit = {"x": " ×", "%": " %", "GiB": " GiB"}[target.unit]
        return f"{value:.1f}{unit}" if target.unit == "%" else f"{value:.2f}{unit}"

    sign = "≥" if target.at_least else "≤"
    spread = f"{shown(min(target.values))} to {shown(max(target.values))}"
    reached = "yes" if target.reached else "**no**"
    runs = f"{spread} ({len(target.values)})"
    return target.what, shown(target.median), runs, f"{sign} {shown(target.bar)}", reached


def _wording(rows: Sequence[Row], settings: BenchConfig) -> Iterator[str]:
    count = len(settings.strategies)
    lines = [
        "*plain* is what a practitioner writes: a script a strategy, ImageFolder and DataLoader, "
        "fp32, the full network for every image of every epoch. *tuned* is the same with "
        "channels-last, the harness' precision, fused Adam, and **images decoded beforehand for "
        "free**. *bare* is a loop over activations that are ready in memory.",
        "Measured: the wall clock of whole processes from outside, start of Python included. The "
        "harness begins with an empty cache and an empty folder: it decodes, runs the frozen "
        "layers, trains and writes the report within its time. All read files that the system has "
        "in memory already. A ratio is taken within a round; the median over the rounds counts.",
    ]
    lines += [
        f"Extrapolated: not every *{kind}* script ran in every round; {count} of them are "
        f"{count} × the median of those that ran in the round (a different one each)."
        for kind in ("plain", "tuned")
        if is_extrapolated(rows, kind, settings.strategies)
    ]
    if len(settings.seeds) > 1:
        lines.append(
            f"Extrapolated: {len(settings.seeds)} seeds of *plain* are {len(settings.seeds)} × one."
        )
    if "threshold_moving" in settings.strategies:
        lines.append(
            "The script of threshold_moving trains a network of its own, as one script a strategy "
            "does; whoever re-uses that of no_change pays for one training less: multiply the "
            f"ratios by {count - 1}/{count}."
        )
    yield "\n".join(f"- {line}" for line in lines)


def _seconds(rows: Sequence[Row], settings: BenchConfig, about: dict[str, Any]) -> str:
    count, seed = len(settings.strategies), str(settings.seeds[0])
    shown = about["steps"][seed] * about["batch_size"][seed]  # images, in one training
    lines: list[tuple[str, list[float], int]] = []
    for kind in ("plain", "tuned"):
        one = [row["seconds"] for row in of(rows, kind)]
        numbers = [number for number in rounds_of(rows) if of(rows, kind, number)]
        all_of = [by_script(rows, kind, number, settings.strategies) for number in numbers]
        lines += [(f"*{kind}*, one script", one, 1), (f"*{kind}*, {count} scripts", all_of, count)]
    for runs in sorted({1, len(settings.seeds)}):
        own = [row["seconds"] for row in of(rows, "harness", seeds=runs)]
        over = "one seed" if runs == 1 else f"{runs} seeds"
        lines.append((f"harness, {count} strategies, {over}", own, count * runs))
    return table(
        ("what", "seconds, median", "smallest to largest", "runs", "images trained a second"),
        [
            (
                what,
                f"{median(values):.1f}",
                f"{min(values):.1f} to {max(values):.1f}",
                str(len(values)),
                f"{trainings * shown / median(values):.0f}",
            )
            for what, values, trainings in lines
            if values
        ],
    ) + (
        "\n\nImages trained a second: showings that the strategies' trainings take in all, by the "
        "whole wall clock; what two strategies share counts for both."
    )


def _phases(rows: Sequence[Row], settings: BenchConfig) -> Iterator[str]:
    yield "## Seconds by phase"
    found: list[tuple[str, dict[str, float]]] = []
    for kind in ("plain", "tuned"):
        chosen = of(rows, kind)
        if chosen:
            parts = _medians([row["result"]["seconds"] for row in chosen])
            whole = median(row["seconds"] for row in chosen)
            parts["start-up, rest"] = max(0.0, whole - sum(parts.values()))
            found.append((f"*{kind}*, one script", parts))
    for runs in sorted({1, len(settings.seeds)}):
        chosen = of(rows, "harness", seeds=runs)
        told = [row["result"]["cost"].get("seconds") for row in chosen]
        if chosen and all(told):
            parts = _medians(told)
            whole = median(row["seconds"] for row in chosen)
            parts["start-up, rest"] = max(0.0, whole - sum(parts.values()))
            found.append((f"harness, {runs} seed{'s' * (runs > 1)}", parts))
        elif chosen:
            yield "The harness' run folder held no cost.json: its phases are not known."
    yield table(
        ("what", "phase", "seconds, median"),
        [(what, phase, f"{value:.1f}") for what, parts in found for phase, value in parts.items()],
    )


def _medians(told: Sequence[dict[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for one in told for name in one)
    return {name: median(one.get(name, 0.0) for one in told) for name in names}


def _bare(rows: Sequence[Row]) -> Iterator[str]:
    for row in of(rows, "bare")[-1:]:
        result = row["result"]
        yield "## Training of a segment against a bare loop"
        speeds = {name: [pair[name] for pair in result["pairs"]] for name in ("harness", "bare")}
        yield table(
            ("loop", "images a second, median", "smallest to largest"),
            [
                (name, f"{median(one):.1f}", f"{min(one):.1f} to {max(one):.1f}")
                for name, one in speeds.items()
            ],
        )
        yield (
            f"{len(result['pairs'])} slices of {result['steps']} steps each, in turn, in one "
            f"process of {result['threads']} threads, {result['precision']}."
        )


def _scores(rows: Sequence[Row], settings: BenchConfig) -> Iterator[str]:
    found = {kind: macro_f1(rows, kind) for kind in ("plain", "tuned", "harness")}
    if not any(found.values()):
        return
    yield "## Macro-F1 on the test images"
    lines = []
    for name in settings.strategies:
        cells = []
        for kind in found:
            values = [
                value
                for (strategy, seed), value in sorted(found[kind].items())
                if strategy == name and (kind == "harness" or (strategy, seed) in found["harness"])
            ]
            cells.append(f"{sum(values) / len(values):.3f} ({len(values)})" if values else "–")
        lines.append((name, *cells))
    yield table(("strategy", "*plain*", "*tuned*", "harness"), lines)
    said = ["Means; in brackets the number of seeds."]
    for kind in ("plain", "tuned"):
        gap = difference(found[kind], found["harness"])
        if gap:
            said.append(
                f"Harness less *{kind}* on the same strategy and seed: {gap[0]:+.3f} ± "
                f"{gap[1]:.3f} (standard error, {gap[2]} pairs)."
            )
    yield " ".join(said)


def _memory(rows: Sequence[Row]) -> Iterator[str]:
    lines = []
    for kind in ("plain", "tuned", "harness"):
        for runs in sorted({len(row["seeds"]) for row in of(rows, kind)}):
            peaks = [row["memory"] for row in of(rows, kind, seeds=runs)]
            name = f"{kind}, {runs} seeds" if runs > 1 else kind
            parts = ("all", "anonymous", "files", "gpu")
            held = [[peak[part] / GIB for peak in peaks if part in peak] for part in parts]
            lines.append((name, *(f"{max(one):.2f}" if one else "–" for one in held)))
    if not lines:
        return
    yield "## Peak memory"
    yield table(
        ("what", "all, GiB", "without pages of files", "pages of files", "GPU, beyond the start"),
        lines,
    )
    yield (
        "Largest of all runs; proportional set size of the whole tree of processes, a sample a "
        "second; each column has a peak of its own. Pages of files are libraries and stores in "
        "memory-mapped files, which the system may drop when it needs the room."
    )


def _runs(rows: Sequence[Row]) -> Iterator[str]:
    yield "## Every run"
    yield table(
        (
            "begun (UTC)",
            "what",
            "strategies",
            "seeds",
            "round",
            "load before",
            "cores of others",
            "seconds",
        ),
        [
            (
                row["begun"],
                row["kind"],
                ", ".join(row["strategies"]) if len(row["strategies"]) < 3 else "all",
                ", ".join(map(str, row["seeds"])),
                str(row["round"] + 1),
                f"{row['load']:.2f}",
                "–" if row["others"] is None else f"{row['others']:.2f}",
                f"{row['seconds']:.1f}",
            )
            for row in rows
        ],
    )


def main(folders: Sequence[str]) -> None:
    """Print the pages of benches."""
    for folder in map(Path, folders):
        inputs = read_json(folder / "inputs" / "inputs.json")
        settings = BenchConfig.from_json(inputs["settings"])
        print(render(inputs["about"], settings, Journal(folder / "measured.jsonl").rows()))


if __name__ == "__main__":
    main(sys.argv[1:])

"""The page of a bench, from its journal alone.

``python -m tests.perf.page DIR [DIR ...]`` prints the pages of several, one after the other.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmark.storage.atomic import write_text
from tests.perf.figures import (
    FULL_BENCH,
    GIB,
    Target,
    difference,
    is_extrapolated,
    macro_f1,
    rounds_of,
    script_seconds,
    select,
    targets,
)
from tests.perf.inputs import BenchConfig
from tests.perf.journal import Journal, Row
from tests.perf.markdown import disturbed, table

PAGE = "performance.md"


def write_page(out: Path, about: dict[str, Any], config: BenchConfig, rows: Sequence[Row]) -> Path:
    """Write the page of a bench and return its path."""
    path = out / PAGE
    write_text(path, render(about, config, rows))
    return path


def render(about: dict[str, Any], config: BenchConfig, rows: Sequence[Row]) -> str:
    """Return the page as markdown."""
    return "\n\n".join(_parts(about, config, rows)) + "\n"


def _parts(about: dict[str, Any], config: BenchConfig, rows: Sequence[Row]) -> Iterator[str]:
    device = about["device"]
    yield f"# Cost: {about['data']}, {config.image_size} px, {_device(about)}"
    yield "\n".join(_facts(about, config, rows))
    measured = list(targets(rows, config.strategies, config.seeds, device, about["gpu_memory"]))
    yield from disturbed(rows)
    yield "## Must reach"
    if measured:
        yield table(
            ("what", "measured, median", "smallest to largest", "bar", "reached"),
            [_target(target) for target in measured],
        )
    strategies, images = FULL_BENCH
    if len(config.strategies) < strategies or about["images"] < images:
        yield (
            f"The bars were set for {strategies} strategies and at least {images:,} images; this "
            f"bench has {len(config.strategies)} and {about['images']:,}."
        )
    yield from _method(rows, config)
    yield "## Seconds"
    yield _seconds(rows, config, about)
    yield from _phases(rows, config)
    yield from _bare(rows)
    yield from _scores(rows, config)
    yield from _memory(rows)
    yield from _runs(rows)


def _device(about: dict[str, Any]) -> str:
    cores = about["environment"]["cores"]
    return f"{cores} CPU cores" if about["device"] == "cpu" else about["environment"]["device"]


def _facts(about: dict[str, Any], config: BenchConfig, rows: Sequence[Row]) -> Iterator[str]:
    environment = about["environment"]
    train, val, test = about["split"]
    seed = str(config.seeds[0])
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
    yield f"- strategies: {', '.join(config.strategies)}"
    yield f"- rounds: {len(rounds_of(rows))}, each *plain*, *tuned*, harness, one after the other"


def _target(target: Target) -> tuple[str, ...]:
    def with_unit(value: float) -> str:
        unit = {"x": " ×", "%": " %", "GiB": " GiB"}[target.unit]
        return f"{value:.1f}{unit}" if target.unit == "%" else f"{value:.2f}{unit}"

    relation = "≥" if target.at_least else "≤"
    spread = f"{with_unit(min(target.values))} to {with_unit(max(target.values))}"
    reached = "yes" if target.reached else "**no**"
    runs = f"{spread} ({len(target.values)})"
    return (
        target.name,
        with_unit(target.median),
        runs,
        f"{relation} {with_unit(target.bar)}",
        reached,
    )


def _method(rows: Sequence[Row], config: BenchConfig) -> Iterator[str]:
    count = len(config.strategies)
    lines = [
        "*plain* is the script of a practitioner: one per strategy, ImageFolder and DataLoader, "
        "fp32, the full network for every image of every epoch. *tuned* is the same with "
        "channels-last, the harness' precision, fused Adam, and **images decoded beforehand, "
        "uncounted**. *bare* is a loop over activations in memory.",
        "Measured: the wall clock of whole processes from outside, start of Python included. The "
        "harness begins with an empty cache and an empty folder: it decodes, runs the frozen "
        "layers, trains and writes the report within its time. All read files that are in the "
        "system's memory already. A ratio is taken within a round; the median over the rounds "
        "counts.",
    ]
    lines += [
        f"Extrapolated: not every *{kind}* script ran in every round; {count} of them are "
        f"{count} × the median of those that ran in the round (a different one each)."
        for kind in ("plain", "tuned")
        if is_extrapolated(rows, kind, config.strategies)
    ]
    if len(config.seeds) > 1:
        lines.append(
            f"Extrapolated: {len(config.seeds)} seeds of *plain* are {len(config.seeds)} × one."
        )
    if "threshold_moving" in config.strategies:
        lines.append(
            "The script of threshold_moving trains its own network, as one script a strategy does. "
            "If it used that of no_change, one training would be saved: multiply the ratios by "
            f"{count - 1}/{count}."
        )
    yield "\n".join(f"- {line}" for line in lines)


def _seconds(rows: Sequence[Row], config: BenchConfig, about: dict[str, Any]) -> str:
    count, seed = len(config.strategies), str(config.seeds[0])
    images = about["steps"][seed] * about["batch_size"][seed]  # of one training
    lines: list[tuple[str, list[float], int]] = []
    for kind in ("plain", "tuned"):
        single = [row["seconds"] for row in select(rows, kind)]
        numbers = [number for number in rounds_of(rows) if select(rows, kind, number)]
        together = [script_seconds(rows, kind, number, config.strategies) for number in numbers]
        lines += [
            (f"*{kind}*, one script", single, 1),
            (f"*{kind}*, {count} scripts", together, count),
        ]
    for runs in sorted({1, len(config.seeds)}):
        own = [row["seconds"] for row in select(rows, "harness", seeds=runs)]
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
                f"{trainings * images / median(values):.0f}",
            )
            for what, values, trainings in lines
            if values
        ],
    ) + (
        "\n\nImages trained a second: samples of all the strategies' trainings over the whole wall "
        "clock; a network that two strategies share counts for both."
    )


def _phases(rows: Sequence[Row], config: BenchConfig) -> Iterator[str]:
    yield "## Seconds by phase"
    phases: list[tuple[str, dict[str, float]]] = []
    for kind in ("plain", "tuned"):
        chosen = select(rows, kind)
        if chosen:
            parts = _medians([row["result"]["seconds"] for row in chosen])
            whole = median(row["seconds"] for row in chosen)
            parts["start-up, rest"] = max(0.0, whole - sum(parts.values()))
            phases.append((f"*{kind}*, one script", parts))
    for runs in sorted({1, len(config.seeds)}):
        chosen = select(rows, "harness", seeds=runs)
        seconds = [row["result"]["cost"].get("seconds") for row in chosen]
        if chosen and all(seconds):
            parts = _medians(seconds)
            whole = median(row["seconds"] for row in chosen)
            parts["start-up, rest"] = max(0.0, whole - sum(parts.values()))
            phases.append((f"harness, {runs} seed{'s' * (runs > 1)}", parts))
        elif chosen:
            yield "The harness' run folder held no cost.json: its phases are not known."
    yield table(
        ("what", "phase", "seconds, median"),
        [(what, phase, f"{value:.1f}") for what, parts in phases for phase, value in parts.items()],
    )


def _medians(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: median(row.get(name, 0.0) for row in rows) for name in names}


def _bare(rows: Sequence[Row]) -> Iterator[str]:
    for row in select(rows, "bare")[-1:]:
        result = row["result"]
        yield "## Training of a segment against a bare loop"
        speeds = {name: [pair[name] for pair in result["pairs"]] for name in ("harness", "bare")}
        yield table(
            ("loop", "images a second, median", "smallest to largest"),
            [
                (name, f"{median(values):.1f}", f"{min(values):.1f} to {max(values):.1f}")
                for name, values in speeds.items()
            ],
        )
        yield (
            f"{len(result['pairs'])} slices of {result['steps']} steps each, in turn, in one "
            f"process of {result['threads']} threads, {result['precision']}."
        )


def _scores(rows: Sequence[Row], config: BenchConfig) -> Iterator[str]:
    scores = {kind: macro_f1(rows, kind) for kind in ("plain", "tuned", "harness")}
    if not any(scores.values()):
        return
    yield "## Macro-F1 on the test images"
    lines = []
    for name in config.strategies:
        cells = []
        for kind in scores:
            values = [
                value
                for (strategy, seed), value in sorted(scores[kind].items())
                if strategy == name and (kind == "harness" or (strategy, seed) in scores["harness"])
            ]
            cells.append(f"{sum(values) / len(values):.3f} ({len(values)})" if values else "–")
        lines.append((name, *cells))
    yield table(("strategy", "*plain*", "*tuned*", "harness"), lines)
    sentences = ["Means; in brackets the number of seeds."]
    for kind in ("plain", "tuned"):
        gap = difference(scores["harness"], scores[kind])
        if gap:
            sentences.append(
                f"Harness less *{kind}* on the same strategy and seed: {gap[0]:+.3f} ± "
                f"{gap[1]:.3f} (standard error, {gap[2]} pairs)."
            )
    yield " ".join(sentences)


def _memory(rows: Sequence[Row]) -> Iterator[str]:
    lines = []
    for kind in ("plain", "tuned", "harness"):
        for runs in sorted({len(row["seeds"]) for row in select(rows, kind)}):
            peaks = [row["memory"] for row in select(rows, kind, seeds=runs)]
            name = f"{kind}, {runs} seeds" if runs > 1 else kind
            parts = ("all", "anonymous", "files", "gpu")
            held = [[peak[part] / GIB for peak in peaks if part in peak] for part in parts]
            lines.append((name, *(f"{max(values):.2f}" if values else "–" for values in held)))
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
        "memory-mapped files, which the system may drop when it needs the memory."
    )


def _runs(rows: Sequence[Row]) -> Iterator[str]:
    yield "## All runs"
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
        inputs = json.loads((folder / "inputs" / "inputs.json").read_text("utf-8"))
        config = BenchConfig.from_json(inputs["settings"])
        print(render(inputs["about"], config, Journal(folder / "measured.jsonl").rows()))


if __name__ == "__main__":
    main(sys.argv[1:])

"""What one or more GPUs bring, each part a process of its own, in one call of eight minutes.

    python -m tests.perf.devices OUT [--parts six,streams] [--mps]

Parts: six      six strategies against one plain script, 4,096 JPEGs, 299 px; where the seconds go
       prefix   frozen layers of altered images: eager and as CUDA graphs
       start    the first use of a GPU while images are decoded, and after
       streams  four networks: one after the other, on streams, in processes (with --mps also MPS)
       jobs     six strategies with --jobs-per-gpu 1, 2 and 4
       gpus     six strategies on one GPU and on all

Rows are appended to OUT/devices.jsonl as soon as they are measured; OUT/devices.md is made of them,
for results/. A part that has a row is not measured again, so the same call goes on where it was
stopped. `--small --device cpu` tries all of it without a GPU.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from benchmark.storage.atomic import write_text
from benchmark.strategy.registry import groups
from tests.perf import rounds
from tests.perf.devices_page import render
from tests.perf.gpu import call, scratch
from tests.perf.inputs import BenchConfig, Inputs, prepare_inputs
from tests.perf.journal import Journal
from tests.perf.schedule import Job

HERE = Path(__file__).resolve().parent
JOBS = (1, 2, 4)
SAFETY = 15.0  # seconds that are left for the page

Part = Callable[[argparse.Namespace, Inputs], dict[str, Any]]


def six(options: argparse.Namespace, inputs: Inputs) -> dict[str, Any]:
    """Time one plain script, and the harness with an empty cache."""
    out = scratch(options, "six")
    script_job, run_job = (
        Job(kind, 0, names, (0,))
        for kind, names in (("plain", options.strategies[:1]), ("harness", options.strategies))
    )
    config = config_of(options)
    plain, harness = (
        rounds._measure(job, config, inputs, HERE, out) for job in (script_job, run_job)
    )
    cost = harness["result"]["cost"]
    return {
        "plain": plain["seconds"],
        "harness": harness["seconds"],
        "others": max(plain["others"] or 0, harness["others"] or 0),
        "split": {**cost.get("seconds", {}), "all of the run": cost.get("whole", 0.0)},
        "macro_f1": harness["result"]["macro_f1"],
        "memory": harness["memory"],
    }


def prefix(options: argparse.Namespace, inputs: Inputs) -> dict[str, Any]:
    """Time the frozen layers of altered images."""
    few = ("--passes", "2") if options.small else ()
    return script(options, inputs, "tests.perf.prefix", *few)


def start(options: argparse.Namespace, inputs: Inputs) -> dict[str, Any]:
    """Time the start of a run twice, from an empty cache."""
    few = ("--steps", "2") if options.small else ()
    ways = {"while images are decoded": (), "after": ("--apart",)}
    return {
        name: script(options, inputs, "tests.perf.start", *few, *flags, is_empty=True)
        for name, flags in ways.items()
    }


def streams(options: argparse.Namespace, inputs: Inputs) -> dict[str, Any]:
    """Time four networks on one GPU in three ways."""
    few = ("--steps", "2", "--warm-up", "1", "--networks", "2") if options.small else ()
    result = script(options, inputs, "tests.perf.streams", *few)
    if options.mps:
        with_mps = script(options, inputs, "tests.perf.streams", *few, "--mps")
        result["in processes, MPS"] = with_mps["in processes"]
    return result


def jobs(options: argparse.Namespace, inputs: Inputs) -> dict[str, Any]:
    """Time runs with more processes on a GPU, from decoded images on."""
    numbers = JOBS[:2] if options.small else JOBS
    names = {str(number): ("--jobs-per-gpu", str(number)) for number in numbers}
    device = options.device if ":" in options.device or options.device == "cpu" else "cuda:0"
    return runs(options, inputs, {name: ("--device", device, *f) for name, f in names.items()})


def gpus(options: argparse.Namespace, inputs: Inputs) -> dict[str, Any]:
    """Time a run on one GPU and on all, from decoded images on; nothing where there is one."""
    number = torch.cuda.device_count()
    if number < 2 or options.device == "cpu":
        return {"number": number}
    ways = {"1": ("--device", "cuda:0"), str(number): ("--device", "cuda")}
    return {"number": number, **runs(options, inputs, ways)}


PARTS: dict[str, Part] = {
    **{"six": six, "prefix": prefix, "start": start},
    **{"streams": streams, "jobs": jobs, "gpus": gpus},
}


def runs(
    options: argparse.Namespace, inputs: Inputs, ways: dict[str, tuple[str, ...]]
) -> dict[str, Any]:
    """Return seconds and scores of runs with these flags; decoding does not count."""
    folder, results = scratch(options, "runs"), {}
    cache = {"IMBALANCE_BENCH_CACHE": str(folder / "cache")}
    flags: list[str | Path] = [
        *("--data", inputs.images, "--weights", inputs.weights, *sizes(options)[:2]),
        *("--strategies", ",".join(options.strategies), "--no-null", "--no-gallery"),
        *("--keep", "none"),
    ]
    call(options, "-m", "benchmark", "plan", *flags, "--device", "cpu", environment=cache)
    for name, own in ways.items():
        out = folder / f"run-{len(list(folder.iterdir()))}"
        begun = time.perf_counter()
        call(options, "-m", "benchmark", "run", *flags, *own, "--out", out, environment=cache)
        taken = time.perf_counter() - begun
        cost = json.loads((out / "cost.json").read_text("utf-8"))
        files = sorted((out / "records").glob("*.json"))
        records = [json.loads(file.read_text("utf-8")) for file in files]
        results[name] = {
            "seconds": taken,
            "split": cost["seconds"],
            "macro_f1": {r["strategy"]: r["metrics"]["test"]["macro_f1"] for r in records},
            # of the training steps of each network, by the name of a strategy that uses it
            "steps": {r["network"]: (r["strategy"], r["budget"]["seconds"]) for r in records},
        }
    return results


def script(
    options: argparse.Namespace,
    inputs: Inputs,
    module: str,
    *words: str,
    is_empty: bool = False,
) -> dict[str, Any]:
    """Run a script on the images and return what it prints last; `is_empty` is of its cache."""
    cache = scratch(options, "runs") / "cache"
    with rounds.own_cache(scratch(options, "empty") / "cache"):
        output = call(
            options,
            *("-m", module, inputs.images, "--weights", inputs.weights),
            *(*sizes(options), "--device", options.device, *words),
            environment=None if is_empty else {"IMBALANCE_BENCH_CACHE": str(cache)},
        )
    return json.loads(output.strip().rpartition("\n")[2])


def sizes(options: argparse.Namespace) -> tuple[str, ...]:
    """Return the flags of the size of images and of batches."""
    values = ("75", "8") if options.small else ("299", "64")
    return "--image-size", values[0], "--batch-size", values[1]


def config_of(options: argparse.Namespace) -> BenchConfig:
    """Return the comparison that is timed."""
    images = 120 if options.small else 4096
    return BenchConfig(
        data=f"wheels:images={images}",
        weights=options.weights,
        image_size=int(sizes(options)[1]),
        strategies=options.strategies,
        seeds=(0,),
        device=options.device,
        precision="auto",
    )


def inputs_of(options: argparse.Namespace) -> Inputs:
    """Return files, splits and weights, made by a process that ends: it may use the GPU."""
    config, folder = config_of(options), scratch(options, "inputs")
    if not (folder / "inputs.json").exists():
        code = (
            "import json, sys; from pathlib import Path; from tests.perf.inputs import *; "
            "prepare_inputs(BenchConfig.from_json(json.loads(sys.argv[1])), Path(sys.argv[2]))"
        )
        call(options, "-c", code, json.dumps(asdict(config)), folder)
    return prepare_inputs(config, folder)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        "python -m tests.perf.devices",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--parts", default=",".join(PARTS), help="default: all")
    parser.add_argument("--weights", default="bundled")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--mps", action="store_true", help="start NVIDIA's MPS, for a comparison")
    parser.add_argument("--small", action="store_true", help="tiny sizes, to try it out")
    parser.add_argument(
        "--seconds", type=int, default=480, help="in all; what takes longer is stopped"
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the parts that have no row yet and write the page; return the exit code."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    chosen = options.parts.split(",")
    if unknown := set(chosen) - set(PARTS):
        parser.error(f"unknown parts {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    options.end = time.monotonic() + options.seconds - SAFETY
    options.out.mkdir(parents=True, exist_ok=True)
    options.out = options.out.resolve()
    options.strategies = groups()["all"][:2] if options.small else groups()["all"]
    inputs = inputs_of(options)
    journal, failed = Journal(options.out / "devices.jsonl"), 0
    for name in chosen:
        if name in {row["part"] for row in journal.rows()}:
            continue
        print(f"== {name}", flush=True)
        begun = time.monotonic()
        try:
            row = {"part": name, "result": PARTS[name](options, inputs)}
        except (subprocess.SubprocessError, OSError) as error:
            failed += 1
            print(f"{name} failed: {error}", flush=True)
        else:
            journal.add({**row, "took": round(time.monotonic() - begun, 1), "about": inputs.about})
        write_text(options.out / "devices.md", render(journal.rows()))
        print(f"== {name}: {time.monotonic() - begun:.0f} s", flush=True)
    print(f"page: {options.out / 'devices.md'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
